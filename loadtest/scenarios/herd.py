"""``herd``: many clients lose their connection at the same moment, and all try to reconnect at once.

Each client streams one segment and half of another. When all have, or no more get in, every connection is reset.
Clients that return stream the other half, receive their answers and leave; refused clients enter when there is
room. The client library decides when to reconnect: it is tested here together with the gateway.
"""

import asyncio
import random
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from msgspec import Struct

from client.backoff import backoff
from client.connection import Locate
from client.events import ClientEvent, Connected, Disconnected
from client.gateway import GatewayClient
from loadtest.measurement.figures import Reconnection, percentiles
from loadtest.measurement.tally import TallyRecorder
from loadtest.scenarios.streams import LoadMaker, Retry, Streams, running_load_maker
from loadtest.speakers.noise import NoiseSegment, PooledAudio
from loadtest.speakers.speaker import Speaker
from loadtest.speakers.tap import SharedConnector
from protocol.audio import SAMPLE_RATE

_LOOK_S: Final = 0.05
_SAY_S: Final = 2.0


class Herd(Struct, frozen=True):
    """Plan of a herd: ``clients`` arrive within ``ramp_s``.

    All connections are cut once all clients have arrived, or none has for ``settle_s``. Clients that return
    continue between one and two ``spread_s`` after the cut, so that they do not delay those that are still
    reconnecting.

    ``patience_s``: how long a client tries to connect, and how long it waits for an answer.
    """

    clients: int
    ramp_s: float
    settle_s: float = 5.0
    spread_s: float = 5.0
    patience_s: float = 300.0
    seed: int = 1
    pace: float = 1.0


@dataclass(eq=False)
class HerdMember:
    """State of one client of the herd.

    ``spoke``: it has sent all until the cut. ``cut``: it was connected at the cut. ``away_s``: from the cut until
    it was connected again.
    """

    connected: bool = False
    spoke: bool = False
    cut: bool = False
    away_s: float | None = None


@dataclass
class HerdState:
    """State of all clients of the herd. ``happened``: all connections have been cut."""

    recorder: TallyRecorder
    clients: list[HerdMember] = field(default_factory=list)
    cut_at: float = 0.0
    happened: asyncio.Event = field(default_factory=asyncio.Event)

    def add_client(self) -> HerdMember:
        """Add a client to the herd."""
        self.clients.append(HerdMember())
        return self.clients[-1]

    def record(self, client: HerdMember, event: ClientEvent) -> None:
        """Record a change of a client's connection."""
        if isinstance(event, Connected):
            client.connected = True
            if client.cut and client.away_s is None:
                client.away_s = time.monotonic() - self.cut_at
        elif isinstance(event, Disconnected):
            client.connected = False

    def cut(self, tap: SharedConnector) -> None:
        """Cut the connections of all clients."""
        self.cut_at = time.monotonic()
        for client in self.clients:
            client.cut, client.connected = client.connected, False
        tap.cut()
        self.happened.set()

    def reconnection(self) -> Reconnection:
        """Return the figures about the clients that were cut."""
        cut = [client for client in self.clients if client.cut]
        took = [client.away_s * 1000 for client in cut if client.away_s is not None]
        away, waiting = percentiles(took), len(self.clients) - len(cut)
        return Reconnection(len(cut), len(took), waiting, *map(_seconds, (away.p50, away.p95, away.most)))


async def run_herd(plan: Herd, locate: Locate, state: HerdState, retry: Retry = backoff) -> None:
    """Run the whole herd; the results are in the recorder of ``state``."""
    streams = Streams(plan.clients, 0.0, plan.ramp_s, plan.seed, patience_s=plan.patience_s, pace=plan.pace)
    async with (
        running_load_maker(streams, locate, state.recorder, retry) as maker,
        asyncio.TaskGroup() as herd,
    ):
        for number in range(plan.clients):
            herd.create_task(_visit(plan, number, state, maker), name=f"herd/{number}")
        await _all_there(plan, state)
        state.cut(maker.tap)


async def _all_there(plan: Herd, state: HerdState) -> None:
    """Wait until all clients are ready, or no more are admitted."""
    ready, changed_at = 0, time.monotonic() + plan.ramp_s
    while ready < plan.clients and time.monotonic() < changed_at + plan.settle_s:
        await asyncio.sleep(_LOOK_S)
        now = sum(client.connected and client.spoke for client in state.clients)
        if now > ready:
            ready, changed_at = now, max(changed_at, time.monotonic())


async def _visit(plan: Herd, number: int, state: HerdState, maker: LoadMaker) -> None:
    """Run one client, from its place in the ramp to its last answer."""
    member, store, source = state.add_client(), PooledAudio(), random.Random(f"{plan.seed}/{number}")
    speaker = Speaker(number, state.recorder, store, partial(state.record, member), plan.pace)

    def utterance(segment: int) -> NoiseSegment:
        samples = round(source.uniform(_SAY_S / 2, _SAY_S) * SAMPLE_RATE)
        return maker.noise.utterance(number, segment, samples, source)

    async def speak(client: GatewayClient) -> None:
        first, second, until = utterance(0), utterance(1), maker.wheel.until
        segment = await speaker.begin(client, first)
        due = await speaker.frames(client, segment, first, until, time.monotonic())
        await speaker.end(client, segment, due)
        segment, half = await speaker.begin(client, second), second.samples // 2
        await speaker.frames(client, segment, second, until, due, slice(0, half))
        member.spoke = True
        await state.happened.wait()
        if member.cut:  # clients that connect later continue at once
            continues_at = state.cut_at + plan.spread_s * source.uniform(1.0, 2.0)
            await asyncio.sleep(continues_at - time.monotonic())
        due = await speaker.frames(client, segment, second, until, time.monotonic(), slice(half, None))
        await speaker.end(client, segment, due)

    await maker.arrive(number)
    async with maker.client(store) as client:
        await speaker.run(client, speak)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds / 1000, 3)
