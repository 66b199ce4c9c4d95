"""Two real gateways, each on a broker of its own: a take goes on at the other one, whole and once.

The chosen one is a process behind TLS, paired by a code; it is killed in mid-take, and comes back at another port.
"""

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import msgspec
import numpy as np
import pytest

from app.actions import Verb
from app.capture.take import TakeState
from app.dictating import Wishes
from app.gateways.actions import PairGateway
from app.gateways.route import RouteTimes
from app.gateways.serving import Gateways, World
from app.gateways.store import GatewayStore
from app.gateways.view import GatewaysView, PairingStage
from app.gestures import TalkMode
from app.pipeline import Samples
from app.settings.sections import Gateway
from app.states import State
from app.view import Note
from client.connection import Address
from client.discovery import DiscoveryEvent, Found
from loadtest.checksum import checksum
from protocol.devices import DEVICES_PATH, DeviceList
from protocol.endpoint import Endpoint
from protocol.pairing import PAIRING_PATH, PairingState
from tests.app.dictating_world import FakeDevice, dictating
from tests.app.dictating_world import World as Dictation
from tests.helpers.chain import KEY, Chain, Program, running_chain
from tests.helpers.valkey import Broker, running_broker
from tests.helpers.waiting import wait_until

LONG_S = 90.0
TOGGLE = Wishes(TalkMode.TOGGLE)
TIMES = RouteTimes(away_s=0.2, well_s=0.2, doubt_s=0.05, back_s=0.05, fresh_s=0.05)


class Halting(FakeDevice):
    """Says the second half of what it has only when it may."""

    def __init__(self, name: str, audio: Samples) -> None:
        super().__init__(name, audio)
        self.may_go_on = asyncio.Event()

    async def _blocks(self, stopped: asyncio.Event) -> AsyncIterator[Samples]:
        async for block in super()._blocks(stopped):
            if self.heard > len(self.audio) // 2:
                await self.may_go_on.wait()
            yield block


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


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
    """The owner sends every device away."""
    bearer = {"Authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(endpoint.url, headers=bearer) as owner:
        async with owner.get(DEVICES_PATH) as got:
            _, *devices = msgspec.json.decode(await got.read(), type=DeviceList).devices
        for device in devices:
            async with owner.delete(f"{DEVICES_PATH}/{device.id}") as gone:
                assert gone.status == 200


async def speaking(world: Dictation) -> Halting:
    """A take that goes on until it may end."""
    world.devices.kind = Halting
    world.dictating.ask(Verb.START)
    await wait_until(lambda: world.dictating.view.state is State.LISTENING, "somebody speaks")
    device = world.devices.device
    assert isinstance(device, Halting)
    return device


def check(world: Dictation, takes: int) -> None:
    """Every sample of every take has its text, inserted once and in order."""
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
    """The one of the desk, empty yet, and the gateway of this computer, each with a worker."""
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


@pytest.mark.timeout(240)
async def test_killed_in_mid_take_and_back_at_another_port(
    tmp_path: Path, models: Path, broker: Broker, talk: Samples
) -> None:
    announced: asyncio.Queue[DiscoveryEvent] = asyncio.Queue()

    async def discover() -> AsyncGenerator[DiscoveryEvent, None]:
        while True:
            yield await announced.get()

    views: list[GatewaysView] = []
    with two_chains(tmp_path, broker) as (desk, here):
        port = free_port()
        chosen, endpoint = await asyncio.to_thread(shared, desk, port)
        local = Address(here.url, here.key)
        store = GatewayStore(tmp_path / "gateways.json")
        made = World(store, lambda: local, discover=discover, times=TIMES, own_addresses=tuple)
        worlds: list[Dictation] = []

        def moved() -> None:
            """As the desk does it."""
            for one in worlds:
                one.dictating.change(replace(TOGGLE, destination=gateways.destination))

        gateways = Gateways(views.append, lambda: None, moved, world=made)
        async with gateways, dictating(tmp_path, models, gateways.locate, talk, TOGGLE) as world:
            worlds.append(world)
            code = await code_of(endpoint)
            gateways.ask(PairGateway((f"https://127.0.0.1:{port}",), code.code, "laptop"))
            await wait_until(lambda: views[-1].pairing.stage is PairingStage.PAIRED, "it is paired", LONG_S)
            gateway = views[-1].pairing.gateway
            gateways.choose(Gateway(chosen=gateway))
            device = await speaking(world)
            await wait_until(lambda: world.inserter.texts, "the desk recognises", LONG_S)
            assert world.dictating.view.destination == "desk"
            chosen.kill()
            device.may_go_on.set()
            await world.all_heard()
            world.dictating.ask(Verb.STOP)
            await wait_until(lambda: gateways.here, "this computer is in its place", LONG_S)
            assert world.dictating.view.destination == "", "nothing goes to the one that is away"
            await wait_until(lambda: world.ended == 1, "the take is over", LONG_S)
            check(world, 1)

            world.devices.kind = FakeDevice
            port = free_port()
            _, endpoint = await asyncio.to_thread(shared, desk, port)
            url = f"https://127.0.0.1:{port}"
            announced.put_nowait(Found("desk.x", "desk", (url,), code.certificate_sha256, "1"))
            await wait_until(lambda: not gateways.here, "it is back", LONG_S)
            await world.dictate()
            assert world.dictating.view.destination == "desk" and gateways.locate().url == url
            await world.over(2)
            check(world, 2)

            world.elsewhere = gateways.falls_back()
            said = len(world.inserter.texts)
            device = await speaking(world)
            await wait_until(lambda: len(world.inserter.texts) > said, "the desk recognises", LONG_S)
            await revoke(endpoint)
            device.may_go_on.set()
            await world.all_heard()
            world.dictating.ask(Verb.STOP)
            await world.over(3)
            check(world, 3)
            assert gateways.here, "it is not let in"
            note = views[-1].gateways[0].answer.note
            assert note == Note("gateway-unauthorised")
