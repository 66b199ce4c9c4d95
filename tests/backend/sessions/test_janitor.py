"""The janitor removes obsolete entries from every stream and counts each key's share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from backend.broker.queues import Queues
from backend.devices.records import DeviceStore
from backend.gateway import Gateway
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from protocol.devices import DeviceKind
from protocol.errors import ErrorCode
from protocol.job import Job, Keys
from protocol.recognition import Options
from protocol.session import Failed
from tests.backend.broker_setting import Setting, job, on
from tests.backend.conftest import KEY
from tests.backend.wire import Wire, connected, tone
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until


@asynccontextmanager
async def gateway_with(broker: Broker, file: Path) -> AsyncIterator[Gateway]:
    async with running_gateway(GatewaySettings(redis=broker.url, key=KEY, devices_file=file)) as gateway:
        yield gateway


async def waiting(at: Setting) -> set[tuple[str, str]]:
    """Return class and key of all queued entries."""
    return {(entry.priority, entry.owner) async for entry in Queues(at.jobs).entries()}


async def until_gone(at: Setting, owner: str) -> None:
    async def gone() -> bool:
        return owner not in {whose for _, whose in await waiting(at)}

    await wait_until(gone, "its entries are gone")


async def test_janitor_removes_entries_of_revoked_key_only(tmp_path: Path, broker: Broker) -> None:
    file = tmp_path / "devices.json"
    store = DeviceStore(file)
    device, key = store.add("hostile", DeviceKind.CLIENT, 1.0)
    async with on(broker) as at, gateway_with(broker, file) as gateway:
        hello = Options(), Options(priority="bulk")
        for options in hello:
            async with Wire(gateway.url, key) as wire:
                await wire.hello(options=options)
                for n in range(70):
                    await wire.segment(n, b"")
                await wait_until(lambda: gateway.hub.intake.survey_of(device.owner).streams, "more is held back")
        async with connected(gateway.url, KEY) as wire:
            await wire.segment(0, tone(100))
            await wait_until(lambda: len(gateway.hub.hosted) == 3, "all are there")
            store.revoke(device.id)
            await until_gone(at, device.owner)
            assert {priority for priority, _ in await waiting(at)} == {"interactive"}
            await wait_until(lambda: len(gateway.hub.hosted) == 1, "its sessions are not kept")


async def test_janitor_follows_revocation_made_while_no_gateway_ran(tmp_path: Path, broker: Broker) -> None:
    file = tmp_path / "devices.json"
    store = DeviceStore(file)
    device, _ = store.add("hostile", DeviceKind.CLIENT, 1.0)
    async with on(broker) as at:
        await at.jobs.attach("s", device.owner, resume=False)
        await at.jobs.attach("t", "key of another gateway", resume=False)
        await at.jobs.submit(job(0, options=Options(model="unknown")))
        store.revoke(device.id)
        async with gateway_with(broker, file):
            await until_gone(at, device.owner)
            assert await at.field("end:0") == "failed 0"


async def test_janitor_removes_orphans_and_counts_other_gateways_entries(tmp_path: Path, broker: Broker) -> None:
    async with on(broker) as at:
        await at.jobs.attach("s", "elsewhere", resume=False)
        await at.jobs.submit(job(0, samples=32_000))
        await at.jobs.submit(job(1, samples=0))
        await at.redis.xadd(Keys().jobs("bulk", "m"), {"session": "nobody", "segment": "0", "samples": "100"})
        await at.redis.hset(Keys().backlog, Keys().jobs("bulk", "m"), 100)
        async with gateway_with(broker, tmp_path / "devices.json") as gateway:
            await wait_until(lambda: gateway.janitor.rounds, "it has looked")
            assert await waiting(at) == {("interactive", "elsewhere")}
            assert await at.backlog(Keys().jobs("bulk", "m")) == 0
            assert gateway.hub.intake._turns.looked == {"elsewhere": 48_000}


async def test_client_is_told_that_its_segment_was_removed(tmp_path: Path, broker: Broker) -> None:
    devices = tmp_path / "devices.json"
    async with on(broker) as at, gateway_with(broker, devices) as gateway, connected(gateway.url, KEY) as wire:
        await wire.segment(0, tone(100))
        await wait_until(lambda: waiting(at), "it is queued")
        (entry,) = [entry async for entry in Queues(at.jobs).entries()]
        await Queues(at.jobs).drop(entry, ErrorCode.BUSY, "removed by hand")
        failed = await wire.expect(Failed)
        assert (failed.segment, failed.message, failed.retryable) == (0, "removed by hand", False)


async def test_janitor_discards_unresumable_sessions_of_a_lost_gateway(tmp_path: Path, broker: Broker) -> None:
    """Delete one with a text, and one that waits; a session of our own protocol stays."""
    async with on(broker) as at:
        for session in ("s", "own", "waits"):  # the worker takes them in this order
            await at.jobs.attach(session, "o", resume=False)
            await at.jobs.submit(Job(session, 0, bytes(200), 100, options=Options(hotwords=("prompt",))))
            if session != "own":
                await at.jobs.hold(session)
                await at.redis.hset(Keys().transient, session, "1")
            if session != "waits":
                await at.recognise("said")
        async with gateway_with(broker, tmp_path / "devices.json") as gateway:
            await wait_until(lambda: gateway.janitor.rounds, "a round")
            assert await at.redis.keys("kiki:*session:*") == [Keys().session("own").encode()]
            assert await at.entries() == 0 and not await at.redis.exists(Keys().transient)
