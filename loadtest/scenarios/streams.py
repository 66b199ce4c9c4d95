"""``streams``: many simultaneous speakers at speaking pace, with pauses; every digest is checked."""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from msgspec import Struct

from client.backoff import backoff
from client.connection import Locate
from client.gateway import ClientSettings, GatewayClient
from loadtest.measurement.tally import TallyRecorder
from loadtest.speakers.noise import Noise, PooledAudio
from loadtest.speakers.speaker import Speaker
from loadtest.speakers.tap import SharedConnector
from loadtest.speakers.wheel import TimerWheel
from protocol.recognition import Options
from runtime.tasks import Tasks

Retry = Callable[[int, float, float], float]
"""``client.backoff.backoff``, or a function with the same arguments."""


class Streams(Struct, frozen=True):
    """Plan: ``count`` speakers arrive evenly within ``ramp_s`` and speak for ``seconds`` after that.

    ``part`` of ``parts``: one of several processes runs every ``parts``-th speaker. ``patience_s``: how long a
    gateway may be silent, in general or about sent audio. ``pace``: less than 1 is faster than speech.
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
    async with open_hall(plan, locate, recorder, retry) as hall, asyncio.TaskGroup() as speakers:
        for number in range(plan.part, plan.count, plan.parts):
            speakers.create_task(hall.speak(number), name=f"streams/{number}")


class Hall:
    """State shared by the speakers of one process. Created by ``open_hall``."""

    def __init__(self, plan: Streams, locate: Locate, recorder: TallyRecorder, retry: Retry) -> None:
        self._plan = plan
        self._locate = locate
        self._recorder = recorder
        self._retry = retry
        self._noise = Noise(plan.seed)
        self.wheel = TimerWheel()
        self.tap = SharedConnector(recorder)

    async def speak(self, number: int) -> None:
        """Run one session, from its place in the ramp to its last answer."""
        plan, zero = self._plan, self._recorder.zero
        comes_at = zero + plan.ramp_s * number / plan.count
        await asyncio.sleep(comes_at - time.monotonic())
        await self.converse(number, zero + plan.ramp_s + plan.seconds)

    async def converse(self, number: int, stop_at: float) -> None:
        """Run session ``number`` from now until ``stop_at`` and its last answer."""
        spoken = PooledAudio()
        speaker = Speaker(number, self._recorder, spoken, pace=self._plan.pace)
        async with self._client(spoken) as client:
            turns = self._noise.turns(number)
            await speaker.run(client, lambda client: speaker.say(client, turns, self.wheel.until, stop_at))

    def _client(self, spoken: PooledAudio) -> GatewayClient:
        plan, patience_s = self._plan, self._plan.patience_s
        settings = ClientSettings(
            first_contact_s=patience_s,
            give_up_s=patience_s,
            quiet_s=patience_s,
            held_s=float("inf"),
            retry=self._retry,
            http=self.tap.http(),
        )
        session, options = UUID(int=random.getrandbits(128), version=4), Options(partials=plan.partials)
        return GatewayClient(self._locate, session, spoken, options, settings)


@asynccontextmanager
async def open_hall(
    plan: Streams, locate: Locate, recorder: TallyRecorder, retry: Retry = backoff
) -> AsyncIterator[Hall]:
    """Yield the shared state of speakers, with a running timer."""
    raise_file_limit()
    hall = Hall(plan, locate, recorder, retry)
    try:
        async with Tasks("streams") as tasks:
            tasks.start(hall.wheel.run(), "wheel")
            tasks.start(note_lateness(hall.wheel, recorder), "lateness")
            yield hall
    finally:
        await hall.tap.close()


async def note_lateness(wheel: TimerWheel, recorder: TallyRecorder) -> None:
    """Record, until cancelled, how late the load maker is: this part of the latencies is not the gateway's."""
    while True:
        await asyncio.sleep(1.0)
        recorder.tally.late_ms.append(round(wheel.lateness() * 1000, 1))


def raise_file_limit() -> None:
    """Raise the limit of open files: two thousand connections need two thousand files."""
    if sys.platform == "win32":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
