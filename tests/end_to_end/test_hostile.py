"""Test a hostile key against a real gateway, broker and worker: other keys are still served in turn."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from msgspec.structs import replace

from backend.broker.jobs import open_jobs
from backend.broker.queues import Queues
from backend.devices.records import DeviceStore
from backend.gateway import Gateway
from backend.running_gateway import running_gateway
from backend.sessions.observers import Conclusion, Observer
from backend.settings import GatewaySettings
from client.connection import Address, fixed_locator
from loadtest.core.checksum import checksum
from loadtest.scenarios.attacks import Attack, AttackResult, strike
from loadtest.scenarios.attacks import AttackOrder as Attacks
from loadtest.scenarios.hostile import Hostile, run_hostile
from protocol.devices import DeviceKind
from protocol.errors import CloseCode, ErrorCode
from protocol.recognition import Options
from protocol.session import Error, Final, Hello, SegmentCancel
from tests.backend.wire import Wire, connected, tone
from tests.helpers.chain import running_chain
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

KEY = "a key of the tests"
PCM = tone(1_600)


class Order(Observer):
    """A record of the owners of ended segments, in order."""

    def __init__(self) -> None:
        self.owners: list[str] = []

    def concluded(self, conclusions: Sequence[Conclusion]) -> None:
        """Record the owners of these segments."""
        self.owners.extend(one.owner for one in conclusions)


class Scene:
    """A gateway with a worker, and a key under an attacker's control."""

    def __init__(self, gateway: Gateway, store: DeviceStore) -> None:
        self.gateway = gateway
        self.store = store
        self.device, self.key = store.add("hostile", DeviceKind.CLIENT, 1.0)
        self.order = Order()
        gateway.observers.listening += (self.order,)

    def served(self, owner: str) -> int:
        """Return how many segments of a key have ended."""
        self.gateway.observers.flush()
        return self.order.owners.count(owner)

    async def say_one(self) -> int:
        """Speak a segment with an ordinary key. Return how many hostile segments ended before its text arrived."""
        async with connected(self.gateway.url, KEY) as wire:
            before = self.served(self.device.owner)
            await wire.segment(0, PCM)
            assert (await wire.expect(Final)).text == checksum(PCM)
            return self.served(self.device.owner) - before


@asynccontextmanager
async def scene(tmp_path: Path, broker: Broker) -> AsyncIterator[Scene]:
    store = DeviceStore(tmp_path / "devices.json")
    settings = GatewaySettings(redis=broker.url, key=KEY, devices_file=store.file)
    with running_chain(tmp_path, broker.url) as chain:
        chain.worker("--engine", "checksum", "--set", "rtf=0.01")
        async with running_gateway(settings) as gateway:
            await wait_until(lambda: gateway.monitor.survey.speeds, "a worker is there")
            made = Scene(gateway, store)
            await wait_until(lambda: gateway.access.roster.devices, "the key is known")
            yield made


async def test_speaker_waits_for_few_of_many_empty_segments(tmp_path: Path, broker: Broker) -> None:
    async with scene(tmp_path, broker) as at, Wire(at.gateway.url, at.key) as hostile:
        await hostile.hello()
        for n in range(500):
            await hostile.segment(n, b"")
        assert await at.say_one() <= 40, "of 500: those that were in the broker, and what ended meanwhile"


async def test_request_for_unknown_model_is_refused_and_lists_models(tmp_path: Path, broker: Broker) -> None:
    async with scene(tmp_path, broker) as at, Wire(at.gateway.url, at.key) as hostile:
        await hostile.say(Hello(uuid4(), options=Options(model="no-such-model")))
        assert await hostile.until_closed() == CloseCode.UNSUPPORTED_DATA
        (error,) = hostile.seen
        assert isinstance(error, Error) and error.code is ErrorCode.MODEL_UNAVAILABLE
        assert error.message.endswith("On offer: checksum")
        async with open_jobs(broker.url, "look") as jobs:
            assert not [entry async for entry in Queues(jobs).entries()]
        assert await at.say_one() == 0


async def test_cancels_of_unknown_segments_do_not_reach_broker(tmp_path: Path, broker: Broker) -> None:
    async with scene(tmp_path, broker) as at:
        asked: list[int] = []
        at.gateway.observers.listening += (_Cancelled(asked),)
        async with connected(at.gateway.url, at.key, session := uuid4()) as hostile:
            for n in range(5_000):
                await hostile.say(SegmentCancel(n))
            assert await at.say_one() == 0
        assert not asked
        async with Wire(at.gateway.url, at.key, session) as again:
            welcome = await again.hello(resume=True)
            assert len(welcome.segments.ended) == 5_000


class _Cancelled(Observer):
    def __init__(self, asked: list[int]) -> None:
        self._asked = asked

    def cancelled(self, session: str, segment: int) -> None:
        """Record the cancelled segment."""
        self._asked.append(segment)


async def test_revoking_hostile_key_empties_its_queue(tmp_path: Path, broker: Broker) -> None:
    async with scene(tmp_path, broker) as at, open_jobs(broker.url, "look") as jobs:
        async with asyncio.TaskGroup() as tasks:
            for priority in ("interactive", "bulk"):
                tasks.create_task(_flood(at, Options(priority=priority)))

        async def queued() -> list[str]:
            return [entry.owner async for entry in Queues(jobs).entries() if entry.owner == at.device.owner]

        await wait_until(queued, "something waits")
        at.store.revoke(at.device.id)

        async def gone() -> bool:
            return not await queued()

        await wait_until(gone, "its entries are gone")
        await wait_until(lambda: len(at.gateway.hub.hosted) == 0, "and what the gateway held of it")
        assert await at.say_one() == 0


async def _flood(at: Scene, options: Options) -> None:
    async with Wire(at.gateway.url, at.key) as wire:
        await wire.hello(options=options)
        for n in range(40):
            await wire.segment(n, tone(16_000))


async def test_attacks_lose_no_segment_of_other_keys(tmp_path: Path, broker: Broker) -> None:
    orders: list[Attack] = []

    async def small(order: Attacks) -> AttackResult:
        orders.append(order.attack)
        return await strike(replace(order, count=200))

    async with scene(tmp_path, broker) as at:
        plan = Hostile(2, 1.0, 0.0, 0.1, most=1_000.0)
        lines = list[str]()
        siege = await run_hostile(plan, fixed_locator(Address(at.gateway.url, KEY)), at.key, small, lines.append)
    assert len(lines) == len(siege.phases) and lines[1].startswith(f"phase 2 of {len(lines)}: {Attack(orders[0])}")
    assert orders == list(Attack)
    assert [phase.attack for phase in siege.phases] == ["none", *Attack]
    assert siege.passed and all(phase.segments for phase in siege.phases), siege
    assert all(phase.struck and phase.struck.sent for phase in siege.phases[1:])


@pytest.mark.proof(minutes=4)
@pytest.mark.serial
def test_latency_of_speakers_at_most_doubles_under_each_attack(tmp_path: Path) -> None:
    """Runs the operator's program on an embedded broker."""
    with running_chain(tmp_path) as chain:
        chain.gateway()
        chain.worker("--engine", "checksum", "--set", "rtf=0.02")
        devices = DeviceStore(tmp_path / "home" / "data" / "devices.json")
        _, hostile = devices.add("hostile", DeviceKind.CLIENT, 1.0)
        siege = chain.start("siege", "kikipounamu-loadtest", "hostile", "--hostile-key", hostile)
        assert siege.popen.wait(1_100) == 0, siege.log.read_text()
