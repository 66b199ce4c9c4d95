"""``streams``: many speakers at once, at speaking pace and with pauses; every digest is checked."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from msgspec import Struct

from client.backoff import backoff
from client.connection import Locate
from client.gateway import GatewayClient
from client.settings import ClientSettings
from loadtest.measurement.tally import TallyRecorder
from loadtest.speakers.noise import Noise, PooledAudio
from loadtest.speakers.speaker import Speaker, new_session
from loadtest.speakers.tap import SharedConnector
from loadtest.speakers.wheel import TimerWheel
from protocol.recognition import Options
from runtime.tasks import Tasks

Retry = Callable[[int, float, float], float]
"""``client.backoff.backoff``, or a function with the same arguments."""


class Streams(Struct, frozen=True):
    """Plan: ``count`` speakers arrive evenly within ``ramp_s`` and speak for ``seconds`` after that.

    ``part`` of ``parts``: this process runs every ``parts``-th speaker. ``patience_s``: how long a client waits
    for a connection, and for an answer to its audio. ``pace``: less than 1 is faster than speech.
    """

    count: int
    seconds: float
    ramp_s: float = 0.0
    seed: int = 1
    partials: bool = False
    part: int = 0
    parts: int = 1
    patience_s: float = 300.0
    pace: float = 1.0


async def run_streams(plan: Streams, locate: Locate, recorder: TallyRecorder, retry: Retry = backoff) -> None:
    """Run one part of the speakers; the results are in the recorder.

    ``recorder.zero`` is the start of the ramp.
    """
    async with running_load_maker(plan, locate, recorder, retry) as maker, asyncio.TaskGroup() as speakers:
        for number in range(plan.part, plan.count, plan.parts):
            speakers.create_task(maker.speak(number), name=f"streams/{number}")


class LoadMaker:
    """Timer, noise and connections that the speakers of one process share; see ``running_load_maker``."""

    def __init__(self, plan: Streams, locate: Locate, recorder: TallyRecorder, retry: Retry) -> None:
        self._plan = plan
        self._locate = locate
        self._recorder = recorder
        self._retry = retry
        self.noise = Noise(plan.seed)
        self.wheel = TimerWheel()
        self.tap = SharedConnector(recorder)

    async def speak(self, number: int) -> None:
        """Run one session, from its place in the ramp to its last answer."""
        plan = self._plan
        await self.arrive(number)
        await self.converse(number, self._recorder.zero + plan.ramp_s + plan.seconds)

    async def arrive(self, number: int) -> None:
        """Wait until speaker ``number`` is due in the ramp."""
        comes_at = self._recorder.zero + self._plan.ramp_s * number / self._plan.count
        await asyncio.sleep(comes_at - time.monotonic())

    async def converse(self, number: int, stop_at: float) -> None:
        """Run session ``number`` from now until ``stop_at`` and its last answer."""
        store = PooledAudio()
        speaker = Speaker(number, self._recorder, store, pace=self._plan.pace)
        async with self.client(store) as client:
            turns = self.noise.turns(number)
            await speaker.run(client, lambda client: speaker.stream(client, turns, self.wheel.until, stop_at))

    def client(self, store: PooledAudio) -> GatewayClient:
        """Return the client of a new session, whose audio is in ``store``."""
        patience_s = self._plan.patience_s
        settings = ClientSettings(
            first_contact_s=patience_s,
            give_up_s=patience_s,
            quiet_s=patience_s,
            held_s=float("inf"),
            retry=self._retry,
            http=self.tap.http(),
        )
        return GatewayClient(self._locate, new_session(), store, Options(partials=self._plan.partials), settings)


@asynccontextmanager
async def running_load_maker(
    plan: Streams, locate: Locate, recorder: TallyRecorder, retry: Retry = backoff
) -> AsyncIterator[LoadMaker]:
    """Run the timer and the connections of this process's speakers until the context ends."""
    raise_file_limit()
    maker = LoadMaker(plan, locate, recorder, retry)
    try:
        async with Tasks("streams") as tasks:
            tasks.start(maker.wheel.run(), "wheel")
            tasks.start(_note_lateness(maker.wheel, recorder), "lateness")
            yield maker
    finally:
        await maker.tap.close()


async def _note_lateness(wheel: TimerWheel, recorder: TallyRecorder) -> None:
    """Record every second how late the load maker is: the gateway does not cause this part of the latencies."""
    while True:
        await asyncio.sleep(1.0)
        recorder.tally.late_ms.append(round(wheel.lateness() * 1000, 1))


def raise_file_limit() -> None:
    """Raise the limit of open files, because each connection is one."""
    if sys.platform == "win32":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
