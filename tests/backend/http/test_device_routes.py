"""The ``/v1/devices`` routes over real sockets."""

from collections.abc import AsyncIterator

import aiohttp
import msgspec
import pytest

from backend.devices.records import DeviceStore
from backend.gateway import Gateway
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from protocol.devices import DEVICES_PATH, DeviceKind, DeviceList, DeviceState
from tests.backend.conftest import KEY
from tests.backend.wire import connected, tone
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until


@pytest.fixture
async def gateway(broker: Broker, store: DeviceStore) -> AsyncIterator[Gateway]:
    store.add("laptop", DeviceKind.CLIENT, 1_000)
    settings = GatewaySettings(redis=broker.url, key=KEY, name="desk", devices_file=store.file)
    async with running_gateway(settings) as gateway:
        yield gateway


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[aiohttp.ClientSession]:
    bearer = {"Authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(gateway.url, headers=bearer) as session:
        yield session


async def listed(http: aiohttp.ClientSession) -> tuple[DeviceState, ...]:
    async with http.get(DEVICES_PATH) as response:
        assert response.status == 200
        return msgspec.json.decode(await response.read(), type=DeviceList).devices


async def test_owner_sees_devices_and_their_usage(
    gateway: Gateway, http: aiohttp.ClientSession, store: DeviceStore
) -> None:
    device, key = store.add("tablet", DeviceKind.CLIENT, 2_000)
    await wait_until(lambda: len(gateway.access.roster.devices) == 2, "the gateway sees it")
    async with connected(gateway.url, key) as wire:
        await wire.segment(0, tone(16_000))
        await wait_until(lambda: gateway.access.meter.of(device.id).audio_s == 1.0, "the audio")
        owner, laptop, tablet = await listed(http)
    assert (owner.name, owner.kind) == ("desk", DeviceKind.OWNER)
    assert laptop == DeviceState(laptop.id, "laptop", DeviceKind.CLIENT, 1_000)
    assert (tablet.made_s, tablet.connections, tablet.streams, tablet.requests) == (2_000, 1, 1, 1)
    assert tablet.seen_s > 1_000_000_000 and tablet.audio_s == 1.0


async def test_keys_and_digests_are_never_listed(http: aiohttp.ClientSession, store: DeviceStore) -> None:
    async with http.get(DEVICES_PATH) as response:
        text = await response.text()
    assert store.read()[0].key_sha256 not in text and KEY not in text


async def test_owner_renames_and_revokes_device(http: aiohttp.ClientSession, store: DeviceStore) -> None:
    (device,) = store.read()
    async with http.patch(f"{DEVICES_PATH}/{device.id}", json={"name": "old laptop"}) as response:
        assert (response.status, (await response.json())["name"]) == (200, "old laptop")
    async with http.delete(f"{DEVICES_PATH}/{device.id}") as response:
        assert response.status == 200
    assert store.read() == () and len(await listed(http)) == 1
    async with http.delete(f"{DEVICES_PATH}/{device.id}") as response:
        assert response.status == 404


@pytest.mark.parametrize(("body", "status"), [('{"name": ""}', 400), ("{}", 400), ("", 400)])
async def test_invalid_device_name_is_refused(
    http: aiohttp.ClientSession, store: DeviceStore, body: str, status: int
) -> None:
    async with http.patch(f"{DEVICES_PATH}/{store.read()[0].id}", data=body) as response:
        assert response.status == status
    assert store.read()[0].name == "laptop"


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PATCH", "/x"), ("DELETE", "/x")])
async def test_device_routes_need_key(gateway: Gateway, method: str, path: str) -> None:
    async with (
        aiohttp.ClientSession(gateway.url) as stranger,
        stranger.request(method, DEVICES_PATH + path) as got,
    ):
        assert got.status == 401


async def test_device_can_revoke_only_itself(gateway: Gateway, store: DeviceStore) -> None:
    (laptop,) = store.read()
    tablet, key = store.add("tablet", DeviceKind.WORKER, 2_000)
    await wait_until(lambda: len(gateway.access.roster.devices) == 2, "the gateway sees it")
    bearer = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(gateway.url, headers=bearer) as http:
        for other in (laptop.id, laptop.name, "", tablet.id[:4]):
            async with http.delete(f"{DEVICES_PATH}/{other}") as refused:
                assert refused.status in (403, 404), other
        async with http.delete(f"{DEVICES_PATH}/{tablet.id}") as response:
            assert response.status == 200
        async with http.delete(f"{DEVICES_PATH}/{tablet.id}") as gone:
            assert gone.status == 401
    assert [device.id for device in store.read()] == [laptop.id]
