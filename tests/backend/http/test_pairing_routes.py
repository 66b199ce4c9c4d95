"""Pairing over real sockets: a device, the owner, and an interceptor."""

import asyncio
import errno
from collections.abc import AsyncIterator
from inspect import signature
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from backend.core.errors import InvalidSettings
from backend.devices.records import Device, DeviceStore
from backend.devices.registry import DeviceRegistry
from backend.gateway import Gateway
from backend.http.access import ACCESS, Access
from backend.http.certificates import own_certificate
from backend.http.modes import GatewayMode
from backend.http.pairing_routes import PairingRoutes
from backend.http.settings import HttpSettings
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from client.connection import Address, connect
from client.errors import DeviceNotKept, Intercepted, NotPaired, Unauthorised, WrongGateway
from client.pairing import pair
from loadtest.chaos.proxy import Streams, tcp_proxy
from protocol.devices import DeviceKind
from protocol.errors import CloseCode, ErrorCode
from protocol.pairing import PAIR_PATH, PAIRING_PATH, PairingStage, PairingState, PairRefusal
from runtime.clocks import steady_s
from tests.backend.conftest import KEY
from tests.helpers.man_between import man_between
from tests.helpers.valkey import Broker

BEARER = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
async def shared(broker: Broker, store: DeviceStore, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway for other devices, on loopback only."""
    settings = GatewaySettings(
        GatewayMode.SHARED,
        "desk",
        key=KEY,
        redis=broker.url,
        devices_file=store.file,
        certificate=own_certificate(tmp_path),
        announce=False,
    )
    async with running_gateway(settings) as gateway:
        yield gateway


@pytest.fixture
async def owner(shared: Gateway) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(shared.url, headers=BEARER) as session:
        yield session


def at(port: int) -> str:
    return f"https://127.0.0.1:{port}"


async def open_pairing(owner: aiohttp.ClientSession, kind: DeviceKind = DeviceKind.CLIENT) -> PairingState:
    async with owner.post(PAIRING_PATH, json={"kind": kind}) as response:
        assert response.status == 200
        return msgspec.json.decode(await response.read(), type=PairingState)


async def pairing_state(owner: aiohttp.ClientSession, method: str = "GET") -> PairingState:
    async with owner.request(method, PAIRING_PATH) as response:
        assert response.status == 200
        return msgspec.json.decode(await response.read(), type=PairingState)


async def test_paired_device_connects_with_key_and_pinned_certificate(
    shared: Gateway, owner: aiohttp.ClientSession, store: DeviceStore
) -> None:
    state = await open_pairing(owner)
    assert (state.stage, state.gateway, len(state.code)) == (PairingStage.WAITING, "desk", 8)
    made = await pair(at(shared.tls_port), state.code, "laptop", certificate_sha256=state.certificate_sha256)
    (device,) = store.read()
    assert (device.id, device.name, device.kind) == (made.device, "laptop", DeviceKind.CLIENT)
    assert made.address == Address(at(shared.tls_port), made.address.key, "desk", state.certificate_sha256)
    async with aiohttp.ClientSession() as http:
        connection = await connect(http, made.address, 10, 20)
        async with owner.delete(f"/v1/devices/{device.id}") as response:
            assert response.status == 200
        assert await connection.receive(10) is not None  # the reason
        assert await connection.receive(10) is None
        assert connection.close_code == CloseCode.UNAUTHORISED
        await connection.close()
        with pytest.raises(Unauthorised):
            await connect(http, made.address, 10, 20)
    after = await pairing_state(owner)
    assert (after.stage, after.device, after.code) == (PairingStage.PAIRED, device.id, "")


async def test_worker_needs_code_for_workers(shared: Gateway, owner: aiohttp.ClientSession) -> None:
    state = await open_pairing(owner)
    with pytest.raises(NotPaired) as raised:
        await pair(at(shared.tls_port), state.code, "GPU", DeviceKind.WORKER)
    assert (raised.value.reason, raised.value.tries_left) == (PairRefusal.OTHER_KIND, 5)
    state = await open_pairing(owner, DeviceKind.WORKER)
    await pair(at(shared.tls_port), state.code, "GPU", DeviceKind.WORKER)
    assert shared.access.roster.devices[0].kind is DeviceKind.WORKER


async def test_five_wrong_codes_lock_pairing(
    shared: Gateway, owner: aiohttp.ClientSession, store: DeviceStore
) -> None:
    state = await open_pairing(owner)
    wrong = f"{(int(state.code) + 1) % 10**8:08}"
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(NotPaired) as raised:
            await pair(at(shared.tls_port), wrong, "n")
        assert (raised.value.reason, raised.value.tries_left) == (PairRefusal.WRONG_CODE, left)
    with pytest.raises(NotPaired, match="too often"):
        await pair(at(shared.tls_port), state.code, "n")
    assert (await pairing_state(owner)).stage is PairingStage.LOCKED
    assert store.read() == ()


async def test_new_code_or_owner_ends_previous_code(shared: Gateway, owner: aiohttp.ClientSession) -> None:
    first, second = await open_pairing(owner), await open_pairing(owner)
    with pytest.raises(NotPaired):
        await pair(at(shared.tls_port), first.code, "n")
    assert (await pairing_state(owner, "DELETE")).stage is PairingStage.NONE
    with pytest.raises(NotPaired, match="shows no code"):
        await pair(at(shared.tls_port), second.code, "n")


async def test_interceptor_is_detected_on_both_sides(
    shared: Gateway, owner: aiohttp.ClientSession, store: DeviceStore, tmp_path: Path
) -> None:
    state = await open_pairing(owner)
    async with man_between(own_certificate(tmp_path / "his"), shared.tls_port) as man:
        with pytest.raises(Intercepted, match="another computer intercepts"):
            await pair(at(man.port), state.code, "n")
        assert b"POST /v1/pair " in man.heard and b"intercepted" in man.heard
        assert state.code.encode() not in man.heard
    assert (await pairing_state(owner)).stage is PairingStage.INTERCEPTED
    assert store.read() == ()


async def test_interceptor_receives_nothing_when_certificate_is_known(
    shared: Gateway, owner: aiohttp.ClientSession, tmp_path: Path
) -> None:
    state = await open_pairing(owner)
    async with man_between(own_certificate(tmp_path / "his"), shared.tls_port) as man:
        with pytest.raises(WrongGateway):
            await pair(at(man.port), state.code, "n", certificate_sha256=state.certificate_sha256)
        assert man.heard == b""
    assert (await pairing_state(owner)).stage is PairingStage.WAITING


async def test_certificate_change_between_requests_is_detected(
    shared: Gateway, owner: aiohttp.ClientSession, tmp_path: Path
) -> None:
    state = await open_pairing(owner)
    async with man_between(own_certificate(tmp_path / "his"), shared.tls_port) as man:
        ports = iter([shared.tls_port])

        async def changing() -> Streams:
            return await asyncio.open_connection("127.0.0.1", next(ports, man.port))

        async with tcp_proxy(changing) as proxy:
            with pytest.raises(Intercepted):
                await pair(at(proxy.port), state.code, "n")
            assert proxy.accepted == 2
        assert man.heard == b""
    assert (await pairing_state(owner)).tries_left == 5


async def test_pairing_routes_check_key_transport_origin_and_body(
    shared: Gateway, owner: aiohttp.ClientSession, store: DeviceStore
) -> None:
    async with aiohttp.ClientSession(shared.url) as stranger:
        for method in ("GET", "POST", "DELETE"):
            async with stranger.request(method, PAIRING_PATH) as response:
                assert response.status == 401
        async with stranger.post(PAIR_PATH, data=b"{}") as response:
            assert (response.status, "TLS" in await response.text()) == (403, True)
        page = {"Origin": "https://evil.example"}
        async with stranger.post(at(shared.tls_port) + PAIR_PATH, data=b"{}", headers=page, ssl=False) as response:
            assert response.status == 403
        for body, status in ((b"{}", 400), (b"x" * 5_000, 413)):
            async with stranger.post(at(shared.tls_port) + PAIR_PATH, data=body, ssl=False) as response:
                assert response.status == status
    async with owner.post(PAIRING_PATH, json={"kind": "owner"}) as response:
        assert response.status == 400


@pytest.mark.parametrize(
    ("error", "code", "why"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), ErrorCode.DISK_FULL, "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied"), ErrorCode.CONFLICT, "Permission denied"),
        (InvalidSettings("1000 devices are paired"), ErrorCode.CONFLICT, "1000 devices are paired"),
    ],
)
async def test_storage_failure_is_reported_on_both_sides(
    shared: Gateway, owner: aiohttp.ClientSession, error: Exception, code: ErrorCode, why: str
) -> None:
    class Unwritable(DeviceRegistry):
        async def add(self, name: str, kind: DeviceKind) -> tuple[Device, str]:
            raise error

    kept, shared.access.roster = shared.access.roster, Unwritable(None)
    state = await open_pairing(owner)
    with pytest.raises(DeviceNotKept, match="cannot keep this device") as raised:
        await pair(at(shared.tls_port), state.code, "n")
    assert raised.value.code is code
    after = await pairing_state(owner)
    assert after.stage is PairingStage.NONE and after.problem is not None
    assert after.problem.code is code and why in after.problem.message
    shared.access.roster = kept
    state = await open_pairing(owner)
    assert state.problem is None
    await pair(at(shared.tls_port), state.code, "n")
    assert (await pairing_state(owner)).stage is PairingStage.PAIRED


async def test_pairing_needs_certificate(gateway: Gateway) -> None:
    async with aiohttp.ClientSession(gateway.url, headers=BEARER) as http:
        async with http.post(PAIRING_PATH, json={}) as response:
            assert (response.status, "--mode shared" in await response.text()) == (409, True)
        state = await pairing_state(http)
    assert (state.stage, state.urls, state.certificate_sha256) == (PairingStage.NONE, (), "")


async def test_code_expires_by_a_clock_that_runs_while_the_computer_sleeps(tmp_path: Path) -> None:
    now_s = 0.0
    settings = HttpSettings(GatewayMode.SHARED, certificate=own_certificate(tmp_path))
    access, app = Access(settings, DeviceRegistry(None), lambda: 0.0), web.Application()
    app[ACCESS] = access
    app.add_routes(PairingRoutes(settings, access, lambda: 0, clock=lambda: now_s).routes())
    async with TestServer(app) as server, aiohttp.ClientSession(server.make_url("/")) as owner:
        assert (await open_pairing(owner)).left_s == 120.0
        now_s = 120.0
        assert (await pairing_state(owner)).stage is PairingStage.EXPIRED
    assert signature(PairingRoutes).parameters["clock"].default is steady_s
