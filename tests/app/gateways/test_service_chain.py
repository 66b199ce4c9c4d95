"""Two real gateways with separate brokers: a take continues at the other one, complete and without duplicates.

The chosen gateway is a process behind TLS, paired by a code. It is killed during a take and returns on another
port.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import msgspec
import numpy as np
import pytest

from app.core.errors import Note
from app.core.states import State
from app.dictation.actions import Verb
from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.gateways.route import RouteTimes
from app.gateways.service import GatewayParts, Gateways
from app.gateways.store import GatewayStore
from app.gateways.view import GatewaysView, PairGateway, PairingProgress
from app.journal.take import TakeState
from app.settings.sections import GatewaySection
from app.transcription.pipeline import Samples
from client.connection import Address
from client.discovery import DiscoveryEvent, GatewayFound
from loadtest.core.checksum import checksum
from protocol.devices import DEVICES_PATH, DeviceList
from protocol.endpoint import Endpoint
from protocol.pairing import PAIRING_PATH, PairingState
from tests.app.dictation.world import FakeDevice, dictating
from tests.app.dictation.world import World as Dictation
from tests.helpers.chain import KEY, Chain, Program, running_chain
from tests.helpers.ports import free_port
from tests.helpers.valkey import Broker, running_broker
from tests.helpers.waiting import wait_until

LONG_S = 90.0
TOGGLE = DictationOptions(TalkMode.TOGGLE, each_piece_at_once=True)
TIMES = RouteTimes(away_s=0.2, well_s=0.2, doubt_s=0.05, back_s=0.05, fresh_s=0.05)


class Halting(FakeDevice):
    """A device that delivers the second half of its audio only after a signal."""

    def __init__(self, name: str, audio: Samples) -> None:
        super().__init__(name, audio)
        self.may_go_on = asyncio.Event()

    async def _blocks(self, stopped: asyncio.Event) -> AsyncIterator[Samples]:
        async for block in super()._blocks(stopped):
            if self.heard > len(self.audio) // 2:
                await self.may_go_on.wait()
            yield block


def shared(chain: Chain, port: int) -> tuple[Program, Endpoint]:
    where = ("--mode", "shared", "--name", "desk", "--host", "127.0.0.1", "--port", str(port), "--no-announce")
    return chain.gateway(*where)


async def code_of(endpoint: Endpoint) -> PairingState:
    bearer = {"Authorization": f"Bearer {KEY}"}
    async with (
        aiohttp.ClientSession(endpoint.url, headers=bearer) as owner,
        owner.post(PAIRING_PATH, json={}) as got,
    ):
        return msgspec.json.decode(await got.read(), type=PairingState)


async def revoke(endpoint: Endpoint) -> None:
    """Revoke every device as the owner."""
    bearer = {"Authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(endpoint.url, headers=bearer) as owner:
        async with owner.get(DEVICES_PATH) as got:
            _, *devices = msgspec.json.decode(await got.read(), type=DeviceList).devices
        for device in devices:
            async with owner.delete(f"{DEVICES_PATH}/{device.id}") as gone:
                assert gone.status == 200


async def speaking(world: Dictation) -> Halting:
    """Start a take that continues until it may end."""
    world.devices.kind = Halting
    await wait_until(lambda: world.devices.open_now == 0, "the microphone of the take before is closed")
    world.dictating.ask(Verb.START)
    await wait_until(lambda: isinstance(world.devices.device, Halting), "another take has its microphone")
    await wait_until(lambda: world.dictating.view.state is State.LISTENING, "the app listens")
    device = world.devices.device
    assert isinstance(device, Halting)
    return device


def check(world: Dictation, takes: int) -> None:
    """Check that every sample of every take has its text, inserted once and in order."""
    texts = []
    assert len(world.found) == takes
    for found in reversed(world.found):
        assert found.state is TakeState.DONE
        audio = np.fromfile(found.audio, "<i2")
        assert np.array_equal(audio, world.devices.audio)
        for spoken, segment in zip(found.take.segments.values(), found.transcript.segments, strict=True):
            assert segment.text == checksum(audio[spoken.at : spoken.at + (spoken.samples or 0)].tobytes())
            assert spoken.inserted
            texts.append(segment.text)
    assert world.inserter.text().replace(" ", "") == "".join(texts) and len(texts) >= 2 * takes


@contextmanager
def two_chains(root: Path, broker: Broker) -> Iterator[tuple[Chain, Endpoint]]:
    """Start the desk's chain, without a gateway yet, and this computer's gateway; each with a worker."""
    for name in ("desk", "here"):
        (root / name).mkdir()
    with (
        running_broker() as other,
        running_chain(root / "desk", broker.url) as desk,
        running_chain(root / "here", other.url) as here,
    ):
        desk.worker()
        here.worker()
        yield desk, here.gateway()[1]


class Scene:
    """A dictating user who chose the gateway of the desk, with a gateway of this computer as substitute."""

    def __init__(self, root: Path, desk: Chain, here: Endpoint) -> None:
        self.desk = desk
        self.views = list[GatewaysView]()
        self.announced = asyncio.Queue[DiscoveryEvent]()
        local, store = Address(here.url, here.key), GatewayStore(root / "gateways.json")
        world = GatewayParts(store, lambda: local, discover=self.discover, times=TIMES, own_addresses=tuple)
        self.gateways = Gateways(self.views.append, lambda: None, self.moved, parts=world)
        self.dictation: Dictation | None = None
        self.certificate = ""

    @property
    def world(self) -> Dictation:
        assert self.dictation is not None
        return self.dictation

    async def discover(self) -> AsyncGenerator[DiscoveryEvent, None]:
        while True:
            yield await self.announced.get()

    def moved(self) -> None:
        """Change the destination, like the app."""
        if self.dictation is not None:
            self.dictation.dictating.change(replace(TOGGLE, destination=self.gateways.destination))

    async def start(self) -> str:
        """Start the gateway of the desk on a free port; return its URL."""
        port = free_port()
        self.program, self.endpoint = await asyncio.to_thread(shared, self.desk, port)
        return f"https://127.0.0.1:{port}"

    async def pair(self, url: str) -> None:
        """Pair with the gateway by its code, and choose it."""
        code = await code_of(self.endpoint)
        self.certificate = code.certificate_sha256
        self.gateways.ask(PairGateway((url,), code.code, "laptop"))
        await wait_until(lambda: self.views[-1].pairing.stage is PairingProgress.PAIRED, "it is paired", LONG_S)
        self.gateways.choose(GatewaySection(chosen=self.views[-1].pairing.gateway))
        self.world.elsewhere = self.gateways.falls_back()

    async def begin(self) -> Halting:
        """Begin a take, and wait until the desk has recognised a part of it."""
        said = len(self.world.inserter.texts)
        device = await speaking(self.world)
        await wait_until(lambda: len(self.world.inserter.texts) > said, "the desk recognises", LONG_S)
        assert self.world.dictating.view.destination == "desk"
        return device

    async def end(self, device: Halting, takes: int) -> None:
        """Finish the take, whose rest is recognised on this computer."""
        device.may_go_on.set()
        await self.world.all_heard()
        self.world.dictating.ask(Verb.STOP)
        await wait_until(lambda: self.gateways.here, "this computer is in its place", LONG_S)
        dictating = self.world.dictating
        await wait_until(lambda: dictating.view.destination == "", "nothing goes to the one that is away", LONG_S)
        await wait_until(lambda: self.world.ended == takes, "the take is over", LONG_S)
        check(self.world, takes)


@pytest.mark.timeout(240)
async def test_takes_are_complete_when_gateway_is_killed_moves_and_revokes(
    tmp_path: Path, models: Path, broker: Broker, talk: Samples
) -> None:
    with two_chains(tmp_path, broker) as (desk, here):
        scene = Scene(tmp_path, desk, here)
        gateways = scene.gateways
        async with gateways, dictating(tmp_path, models, gateways.locate, talk, TOGGLE) as scene.dictation:
            await scene.pair(await scene.start())
            device = await scene.begin()
            scene.program.kill()
            await scene.end(device, takes=1)

            url = await scene.start()
            scene.announced.put_nowait(GatewayFound("desk.x", "desk", (url,), scene.certificate, "1"))
            await wait_until(lambda: not gateways.here, "it is back", LONG_S)
            scene.world.devices.kind = FakeDevice
            await scene.world.dictate()
            assert scene.world.dictating.view.destination == "desk" and gateways.locate().url == url
            await scene.world.over(2)
            check(scene.world, 2)

            device = await scene.begin()
            await revoke(scene.endpoint)
            await scene.end(device, takes=3)
            assert scene.views[-1].gateways[0].answer.note == Note("gateway-unauthorised")
