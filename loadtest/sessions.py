"""Many sessions at once through a gateway whose workers run the checksum engine; every digest is checked."""

import asyncio
import math
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Final as Constant
from uuid import UUID

from msgspec import Struct

from client.audio_store import TemporaryAudio
from client.connection import Locate
from client.errors import GatewayError
from client.events import ClientEvent, Retrying
from client.gateway import ClientSettings, GatewayClient
from loadtest.checksum import checksum
from protocol.audio import BYTES_PER_SAMPLE, FRAME_SAMPLES, SAMPLE_RATE
from protocol.session import Failed, Final

_FRAME_BYTES: Constant = FRAME_SAMPLES * BYTES_PER_SAMPLE
_SHORTEST_S, _LONGEST_S = 1.0, 6.0


@dataclass(frozen=True)
class Plan:
    """``pace`` 1 is speaking pace, 0 as fast as it goes. The same seed gives the same audio."""

    count: int
    seconds: float
    pace: float = 1.0
    seed: int = 1


class Summary(Struct, frozen=True):
    """What came of it. Milliseconds are from the end of a segment to its final, as its client saw them."""

    sessions: int
    lost_sessions: int
    segments: int
    right: int
    wrong: int
    failed: int
    missing: int
    twice: int
    retried: int
    audio_s: float
    took_s: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    complaints: tuple[str, ...] = ()

    @property
    def flawless(self) -> bool:
        """Every segment ended once, with the digest of exactly what was said."""
        return self.right == self.segments and not (self.twice or self.lost_sessions)


@dataclass
class _Tally:
    segments: int = 0
    right: int = 0
    wrong: int = 0
    failed: int = 0
    twice: int = 0
    retried: int = 0
    samples: int = 0
    delays_ms: list[float] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def utterances(plan: Plan, number: int) -> Iterator[bytes]:
    """What session ``number`` says: noise in segments of 1 to 6 s, of odd lengths, as long as the plan says."""
    source = random.Random(f"{plan.seed}/{number}")
    left = round(plan.seconds * SAMPLE_RATE)
    while left > 0:
        samples = min(left, round(source.uniform(_SHORTEST_S, _LONGEST_S) * SAMPLE_RATE))
        yield source.randbytes(samples * BYTES_PER_SAMPLE)
        left -= samples


async def run_sessions(plan: Plan, locate: Locate, settings: ClientSettings | None = None) -> Summary:
    """Run all of them at once; a session that is lost is counted, the others go on."""
    clock = asyncio.get_running_loop().time
    tally, started = _Tally(), clock()
    speakers = [_Speaker(plan, number, tally) for number in range(plan.count)]
    outcomes = await asyncio.gather(
        *(speaker.speak(locate, settings or ClientSettings()) for speaker in speakers), return_exceptions=True
    )
    lost = [outcome for outcome in outcomes if isinstance(outcome, GatewayError)]
    for outcome in outcomes:
        if outcome is not None and not isinstance(outcome, GatewayError):
            raise outcome
    return _summary(plan, tally, [str(error) for error in lost], clock() - started)


def _summary(plan: Plan, tally: _Tally, lost: list[str], took_s: float) -> Summary:
    return Summary(
        sessions=plan.count,
        lost_sessions=len(lost),
        segments=tally.segments,
        right=tally.right,
        wrong=tally.wrong,
        failed=tally.failed,
        missing=tally.segments - tally.right - tally.wrong - tally.failed,
        twice=tally.twice,
        retried=tally.retried,
        audio_s=round(tally.samples / SAMPLE_RATE, 3),
        took_s=round(took_s, 3),
        p50_ms=percentile(tally.delays_ms, 0.50),
        p95_ms=percentile(tally.delays_ms, 0.95),
        p99_ms=percentile(tally.delays_ms, 0.99),
        complaints=tuple(sorted({*lost, *tally.complaints})[:10]),
    )


class _Speaker:
    """One session. Only digests are kept of what was said."""

    def __init__(self, plan: Plan, number: int, tally: _Tally) -> None:
        self._plan = plan
        self._number = number
        self._tally = tally
        self._digests: dict[int, str] = {}
        self._ended_at: dict[int, float] = {}
        self._answered: set[int] = set()
        self._clock = asyncio.get_running_loop().time

    async def speak(self, locate: Locate, settings: ClientSettings) -> None:
        """Say everything and hear every answer. Raises ``GatewayError`` if the session is lost."""
        session = UUID(int=random.getrandbits(128), version=4)
        with TemporaryAudio() as store:
            async with GatewayClient(locate, session, store, settings=settings) as client:
                listening = asyncio.create_task(self._listen(client.events()), name=f"loadtest/{self._number}")
                try:
                    await self._say(client)
                    await client.finish()
                finally:
                    await client.close()
                    await asyncio.gather(listening, return_exceptions=True)

    async def _say(self, client: GatewayClient) -> None:
        due = self._clock()
        at = 0
        for segment, pcm in enumerate(utterances(self._plan, self._number)):
            self._digests[segment] = checksum(pcm)
            self._tally.segments += 1
            await client.begin(segment, at * 1000 // SAMPLE_RATE)
            for start in range(0, len(pcm), _FRAME_BYTES):
                frame = pcm[start : start + _FRAME_BYTES]
                due += len(frame) / BYTES_PER_SAMPLE / SAMPLE_RATE * self._plan.pace
                await asyncio.sleep(due - self._clock() if self._plan.pace else 0)
                await client.audio(segment, frame)
            at += len(pcm) // BYTES_PER_SAMPLE
            self._tally.samples += len(pcm) // BYTES_PER_SAMPLE
            self._ended_at[segment] = self._clock()
            await client.end(segment)

    async def _listen(self, events: AsyncIterator[ClientEvent]) -> None:
        async for event in events:
            if isinstance(event, Final | Failed):
                self._count(event)
            elif isinstance(event, Retrying):
                self._tally.retried += 1

    def _count(self, outcome: Final | Failed) -> None:
        if outcome.segment in self._answered:
            self._tally.twice += 1
            return
        self._answered.add(outcome.segment)
        where = f"session {self._number}, segment {outcome.segment}"
        if isinstance(outcome, Failed):
            self._tally.failed += 1
            self._tally.complaints.append(f"{where}: {outcome.message} ({outcome.code})")
            return
        self._tally.delays_ms.append((self._clock() - self._ended_at[outcome.segment]) * 1000)
        if outcome.text == self._digests[outcome.segment]:
            self._tally.right += 1
        else:
            self._tally.wrong += 1
            self._tally.complaints.append(f"{where}: the text is not the digest of what was said")


def percentile(values: list[float], share: float) -> float | None:
    """Nearest rank, to 0.1 ms; ``None`` of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)
