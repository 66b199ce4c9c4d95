"""Access control over real sockets, and its decisions on single requests."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import aiohttp
import pytest
from multidict import CIMultiDict

from backend.admission.admission import AdmissionLimits
from backend.admission.quotas import Quota
from backend.devices.records import Device, DeviceStore
from backend.devices.registry import DeviceRegistry
from backend.gateway import Gateway
from backend.http.access import Access, AdmittedRequest, DeviceStream
from backend.http.modes import GatewayMode, networks
from backend.http.settings import HttpSettings
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from protocol.devices import DEVICES_PATH, DeviceKind
from protocol.errors import CloseCode, ErrorCode, Forbidden, Unauthorised
from protocol.session import Done, Error, Finish, SegmentBegin
from runtime.logs import logging_to
from tests.backend.conftest import KEY
from tests.backend.wire import Wire, connected
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

RIGHT = {"Authorization": f"Bearer {KEY}"}


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        (RIGHT, "", 200),
        ({"Authorization": f"bearer  {KEY}"}, "", 200),
        ({}, f"?api_key={KEY}", 200),
        ({}, f"?token={KEY}", 200),
        ({"Authorization": f"Token {KEY}"}, "", 200),
        ({}, "", 401),
        ({"Authorization": "Bearer wrong"}, "", 401),
        ({"Authorization": f"Basic {KEY}"}, "", 401),
        ({"Authorization": "Bearer ключ"}, "", 401),
        ({}, "?api_key=", 401),
        (RIGHT | {"Origin": "https://evil.example"}, "", 403),
        (RIGHT | {"Origin": "null"}, "", 403),
        ({"Origin": "https://evil.example"}, "", 403),
    ],
)
async def test_request_is_judged_by_key_and_origin(
    gateway: Gateway, http: aiohttp.ClientSession, headers: dict[str, str], query: str, status: int
) -> None:
    async with http.get(f"{gateway.url}/v1/workers{query}", headers=headers) as response:
        assert response.status == status
        body = await response.json()
    assert ("error" in body) == (status != 200)
    if status != 200:
        assert body["error"]["code"] == {401: "unauthorised", 403: "forbidden"}[status]
        assert KEY not in body["error"]["message"]
    if status == 401:
        shown = headers.get("Authorization", "").startswith("Bearer")
        assert body["error"]["message"].startswith("this gateway does not know" if shown else "send the key")


@pytest.mark.parametrize("path", ["/v1/stream", "/v1/monitor", "/v1/models", "/v1/workers"])
async def test_routes_except_health_need_key(gateway: Gateway, http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(gateway.url + path) as response:
        assert response.status == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_routes_need_no_key(gateway: Gateway, http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(gateway.url + path) as response:
        assert response.status in (200, 503)


async def test_websocket_is_refused_before_upgrade(gateway: Gateway) -> None:
    for headers, status in (({}, 401), (RIGHT | {"Origin": "http://127.0.0.1"}, 403)):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with Wire(gateway.url, headers=headers):
                pass
        assert refused.value.status == status


async def test_configured_origin_is_allowed(broker: Broker, http: aiohttp.ClientSession) -> None:
    page = "https://dictate.example"
    settings = GatewaySettings(redis=broker.url, key=KEY, origins=frozenset({page}))
    async with (
        running_gateway(settings) as gateway,
        http.get(gateway.url + "/v1/workers", headers=RIGHT | {"Origin": page}) as response,
    ):
        assert response.status == 200


async def test_gateway_without_key_asks_for_none(broker: Broker) -> None:
    async with running_gateway(GatewaySettings(redis=broker.url)) as gateway, connected(gateway.url):
        pass


async def test_session_belongs_to_its_key(broker: Broker) -> None:
    async with (
        running_gateway(GatewaySettings(redis=broker.url, key="one")) as one,
        running_gateway(GatewaySettings(redis=broker.url, key="two")) as two,
        connected(one.url, "one") as wire,
        Wire(two.url, "two", wire.session) as thief,
    ):
        await thief.text(f'{{"type":"hello","session":"{wire.session}","resume":true}}')
        assert await thief.until_closed() == 4403


async def test_connection_above_cap_is_refused(broker: Broker) -> None:
    settings = GatewaySettings(redis=broker.url, admission=AdmissionLimits(sessions=1))
    async with running_gateway(settings) as gateway, connected(gateway.url):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with Wire(gateway.url):
                pass
    assert refused.value.status == 429
    assert refused.value.headers is not None and int(refused.value.headers["Retry-After"]) >= 5


# -- devices -----------------------------------------------------------------------------------------------

AddedDevice = tuple[Device, str]


@pytest.fixture
async def paired(broker: Broker, store: DeviceStore) -> AsyncIterator[Gateway]:
    """A gateway that keeps devices."""
    settings = GatewaySettings(redis=broker.url, key=KEY, devices_file=store.file, quota=Quota(streams=1))
    async with running_gateway(settings) as gateway:
        yield gateway


async def add_device(gateway: Gateway, store: DeviceStore, kind: DeviceKind, name: str = "n") -> AddedDevice:
    """Add a device and wait until the gateway knows it."""
    device, key = store.add(name, kind, 0)

    async def known() -> bool:
        headers = {"Authorization": f"Bearer {key}"}
        async with aiohttp.ClientSession() as http, http.get(gateway.url + DEVICES_PATH, headers=headers) as got:
            return got.status == 403

    await wait_until(known, "the gateway sees the device")
    return device, key


async def test_each_kind_of_key_opens_its_own_routes(
    paired: Gateway, store: DeviceStore, http: aiohttp.ClientSession
) -> None:
    keys = {kind: (await add_device(paired, store, kind))[1] for kind in (DeviceKind.CLIENT, DeviceKind.WORKER)}

    async def status(path: str, key: str) -> int:
        async with http.get(paired.url + path, headers={"Authorization": f"Bearer {key}"}) as response:
            return response.status

    for path in ("/v1/workers", "/v1/models", "/v1/monitor"):
        assert await status(path, KEY) == await status(path, keys[DeviceKind.CLIENT]) == 200
        assert await status(path, keys[DeviceKind.WORKER]) == (200 if path == "/v1/workers" else 403)
    for key in keys.values():
        assert await status(DEVICES_PATH, key) == 403


async def test_session_belongs_to_device_that_began_it(paired: Gateway, store: DeviceStore) -> None:
    (_, mine), (_, other) = [await add_device(paired, store, DeviceKind.CLIENT, name) for name in "ab"]
    async with connected(paired.url, mine) as wire:
        for key in (other, KEY):
            async with Wire(paired.url, key, wire.session) as thief:
                await thief.text(f'{{"type":"hello","session":"{wire.session}","resume":true}}')
                assert await thief.until_closed() == CloseCode.FORBIDDEN
    async with connected(paired.url, mine, wire.session, resume=True):
        pass


async def test_revoked_device_is_disconnected_at_once(
    paired: Gateway, store: DeviceStore, http: aiohttp.ClientSession
) -> None:
    (gone, key), (_, other) = [await add_device(paired, store, DeviceKind.CLIENT, name) for name in "ab"]
    bearer = {"Authorization": f"Bearer {key}"}
    async with (
        connected(paired.url, key) as wire,
        connected(paired.url, other) as stays,
        http.get(paired.url + "/v1/monitor", headers=bearer) as watching,
    ):
        await wire.say(SegmentBegin(0))
        await asyncio.to_thread(store.revoke, gone.id)
        assert (await wire.expect(Error)).code == ErrorCode.UNAUTHORISED
        assert await wire.until_closed() == CloseCode.UNAUTHORISED
        with pytest.raises(aiohttp.ClientError):
            await watching.read()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with Wire(paired.url, key):
                pass
        assert refused.value.status == 401
        await stays.say(Finish(0))
        await stays.expect(Done)


async def test_device_key_has_stream_limit_and_owner_has_none(paired: Gateway, store: DeviceStore) -> None:
    _, key = await add_device(paired, store, DeviceKind.CLIENT)
    async with connected(paired.url, key), connected(paired.url, KEY), connected(paired.url, KEY):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with Wire(paired.url, key):
                pass
    assert refused.value.status == 429
    async with connected(paired.url, key):
        pass


async def test_requests_above_rate_get_retry_after(broker: Broker, store: DeviceStore) -> None:
    _, key = store.add("n", DeviceKind.CLIENT, 0)
    settings = GatewaySettings(
        redis=broker.url, key=KEY, devices_file=store.file, quota=Quota(per_minute=1, burst=1)
    )
    bearer = {"Authorization": f"Bearer {key}"}
    async with (
        running_gateway(settings) as gateway,
        aiohttp.ClientSession(gateway.url, headers=bearer) as http,
        http.get("/v1/models") as first,
        http.get("/v1/models") as second,
    ):
        assert (first.status, second.status) == (200, 429)
        assert int(second.headers["Retry-After"]) >= 59


# -- a request, without a socket ---------------------------------------------------------------------------

PROXIES = networks(["10.0.0.0/24"])


def fake_request(remote: str | None, secure: bool = False, **headers: str) -> Any:
    """Return a fake request."""
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return Mock(remote=remote, secure=secure, headers=named, query={}, path="/")


def access(**settings: Any) -> Access:
    return Access(HttpSettings(**settings), DeviceRegistry(None), lambda: 0.0)


@pytest.mark.parametrize("key", ["wrong", "\udcff", "\ud800", "k\udcff", "ключ", "\0", "9" * 7_000])
def test_malformed_keys_are_wrong_keys(key: str) -> None:
    request = fake_request("127.0.0.1", Authorization=f"Bearer {key}")
    with pytest.raises(Unauthorised):
        access(key="k").device_of(request)
    request.headers, request.query = {}, {"api_key": key}
    with pytest.raises(Unauthorised):
        access(key="k").device_of(request)


def test_audit_log_has_both_ends_of_every_stream(tmp_path: Path) -> None:
    here = access()
    devices = [Device(f"d-{number}", "n", DeviceKind.CLIENT, "0" * 64) for number in range(100)]
    with logging_to("gateway", tmp_path, terminal=False):
        for device in devices:
            stream = DeviceStream(AdmittedRequest(here, device, "clinic-7"), lambda: None)
            stream.usage.audio_bytes += 32_000
            stream.close()
    written = [json.loads(line) for line in (tmp_path / "gateway.jsonl").read_text().splitlines()]
    assert [(line["event"], line["device"], line.get("audio_s")) for line in written] == [
        line
        for device in devices
        for line in (("audit.stream_opened", device.id, None), ("audit.stream_closed", device.id, 1.0))
    ]
    assert {(line["kind"], line["tenant"]) for line in written} == {("client", "clinic-7")}


@pytest.mark.parametrize(
    ("mode", "remote", "tenant", "expected"),
    [
        (GatewayMode.SERVER, "10.0.0.9", "clinic-7", "clinic-7"),
        (GatewayMode.SERVER, "::ffff:10.0.0.9", "clinic-7", "clinic-7"),
        (GatewayMode.SERVER, "10.0.1.9", "clinic-7", ""),
        (GatewayMode.SERVER, None, "clinic-7", ""),
        (GatewayMode.SHARED, "10.0.0.9", "clinic-7", ""),
        (GatewayMode.SERVER, "10.0.0.9", "a b", ""),
        (GatewayMode.SERVER, "10.0.0.9", "x" * 65, ""),
        (GatewayMode.SERVER, "10.0.0.9", "", ""),
    ],
)
def test_tenant_is_accepted_only_from_trusted_proxy(
    mode: GatewayMode, remote: str | None, tenant: str, expected: str
) -> None:
    request = fake_request(remote, X_Tenant_Id=tenant)
    assert access(mode=mode, proxies=PROXIES).tenant_of(request) == expected


@pytest.mark.parametrize(
    ("origin", "host", "secure", "allowed"),
    [
        ("http://127.0.0.1:8765", "127.0.0.1:8765", False, True),
        ("http://[::1]:8765", "[::1]:8765", False, True),
        ("https://10.0.0.7:8765", "10.0.0.7:8765", True, True),
        ("http://10.0.0.7:8765", "10.0.0.7:8765", True, False),
        ("http://127.0.0.1:80", "127.0.0.1:8765", False, False),
        ("http://127.0.0.2:8765", "127.0.0.1:8765", False, False),
        ("http://evil.example:8765", "evil.example:8765", False, False),  # DNS rebinding: the name resolves here
        ("http://localhost:8765", "localhost:8765", False, False),
        ("http://127.0.0.1.evil.example:8765", "127.0.0.1.evil.example:8765", False, False),
        ("http://evil.example:8765", "127.0.0.1:8765", False, False),
        ("http://", "", False, False),
        ("http://[", "[", False, False),
        ("null", "127.0.0.1:8765", False, False),
    ],
)
def test_own_page_is_allowed_only_at_an_ip_address(origin: str, host: str, secure: bool, allowed: bool) -> None:
    request = fake_request("127.0.0.1", secure, Origin=origin, Host=host)
    if allowed:
        access().check_origin(request)
    else:
        with pytest.raises(Forbidden, match="--origin"):
            access().check_origin(request)


@pytest.mark.parametrize(
    ("remote", "secure", "allowed"),
    [
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("10.0.0.9", False, True),
        ("10.0.1.9", False, False),
        ("10.0.1.9", True, True),
    ],
)
def test_key_needs_tls_or_proxy_or_loopback(remote: str, secure: bool, allowed: bool) -> None:
    tls_listener = access(mode=GatewayMode.SERVER, key=KEY, proxies=PROXIES)
    request = fake_request(remote, secure, Authorization=f"Bearer {KEY}")
    if allowed:
        assert tls_listener.device_of(request).kind is DeviceKind.OWNER
    else:
        with pytest.raises(Forbidden, match="TLS"):
            tls_listener.device_of(request)


@pytest.mark.parametrize(("key", "known"), [("own", True), ("wrong", False), ("", False), ("device", True)])
def test_connection_with_a_valid_key_is_exempt_when_its_request_is_passed_on(
    tmp_path: Path, key: str, known: bool
) -> None:
    store = DeviceStore(tmp_path / "devices.json")
    _, devices_key = store.add("a", DeviceKind.CLIENT, 0)
    access = Access(HttpSettings(key="own"), DeviceRegistry(store), lambda: 0.0)
    exempt: list[object] = []
    access.tls_listener.exempt = exempt.append  # type: ignore[method-assign, assignment] # calls are recorded
    shown = devices_key if key == "device" else key
    access.greet(Mock(headers=CIMultiDict({"Authorization": f"Bearer {shown}"}), query={}, protocol="p"))
    assert exempt == (["p"] if known else [])
