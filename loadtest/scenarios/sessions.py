"""``sessions``: many sessions at once, through a gateway with checksum workers; every digest is checked."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from client.audio_store import TemporaryAudio
from client.connection import Locate
from client.gateway import GatewayClient
from client.settings import ClientSettings
from loadtest.measurement.figures import percentiles
from loadtest.measurement.tally import Tally, TallyRecorder
from loadtest.speakers.noise import LONGEST_S, SHORTEST_S, Noise, NoiseSegment, Turn
from loadtest.speakers.speaker import Speaker, new_session
from protocol.audio import SAMPLE_RATE

_COUNTS: Final = (
    "sessions", "lost_sessions", "segments", "right", "wrong", "failed", "missing", "twice", "retried"
)  # fmt: skip


@dataclass(frozen=True)
class SessionPlan:
    """Plan of the sessions. ``pace``: 1 is speaking pace, 0 as fast as possible.

    The same seed gives the same audio.
    """

    count: int
    seconds: float
    pace: float = 1.0
    seed: int = 1


def utterances(plan: SessionPlan, number: int, noise: Noise | None = None) -> Iterator[NoiseSegment]:
    """Yield the segments of session ``number``, of random lengths from 1 to 6 s, in total as long as planned."""
    noise = noise or Noise(plan.seed)
    source = random.Random(f"{plan.seed}/{number}")
    left, segment = round(plan.seconds * SAMPLE_RATE), 0
    while left > 0:
        samples = min(left, round(source.uniform(SHORTEST_S, LONGEST_S) * SAMPLE_RATE))
        yield noise.utterance(number, segment, samples, source)
        left, segment = left - samples, segment + 1


async def run_sessions(
    plan: SessionPlan,
    locate: Locate,
    settings: ClientSettings | None = None,
    identify: Callable[[], UUID] = new_session,
) -> Tally:
    """Run all sessions at once; a lost session is counted, and the others continue."""
    noise, recorder = Noise(plan.seed), TallyRecorder(time.monotonic())

    async def speak(number: int) -> None:
        speaker = Speaker(number, recorder, pace=plan.pace)
        turns = (Turn(0.0, utterance) for utterance in utterances(plan, number, noise))
        with TemporaryAudio() as store:
            async with GatewayClient(locate, identify(), store, settings=settings) as client:
                await speaker.run(client, lambda client: speaker.stream(client, turns, _until))

    async with asyncio.TaskGroup() as tasks:
        for number in range(plan.count):
            tasks.create_task(speak(number), name=f"sessions/{number}")
    return recorder.tally


async def _until(due: float) -> None:
    await asyncio.sleep(due - time.monotonic())


def summary(tally: Tally, took_s: float) -> dict[str, object]:
    """Return the summary of a run; its times are from the end of a segment to its final, at the client."""
    delay = percentiles(ended.after_stop for ended in tally.ended)
    return {
        **{name: getattr(tally, name) for name in _COUNTS},
        "audio_s": round(tally.samples / SAMPLE_RATE, 3),
        "took_s": round(took_s, 3),
        "p50_ms": delay.p50,
        "p95_ms": delay.p95,
        "p99_ms": delay.p99,
        "complaints": sorted(set(tally.complaints))[:10],
    }
