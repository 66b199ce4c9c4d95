"""Simulated speaker: streams the segments of a session at its pace, and checks the digest of every answer."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from math import inf
from uuid import UUID

from client.errors import GatewayError
from client.events import ClientEvent, Connected, Disconnected, Retrying
from client.gateway import GatewayClient
from loadtest.measurement.figures import percentile
from loadtest.measurement.tally import CompletedSegment, TallyRecorder
from loadtest.speakers.noise import NoiseSegment, PooledAudio, Turn
from protocol.audio import FRAME_SAMPLES, SAMPLE_RATE, samples_to_ms
from protocol.errors import CloseCode, ErrorCode
from protocol.session import Busy, Failed, Final, Partial

WHOLE = slice(None)
Until = Callable[[float], Awaitable[None]]
_REFUSED = f"{CloseCode.TRY_AGAIN_LATER} {ErrorCode.BUSY}"


@dataclass
class _SentSegment:
    digest: str
    samples: int
    spoken_at: float = 0.0
    ended_at: float = 0.0


class Speaker:
    """Speaker in one session, with one client.

    ``store`` gets the segments, for a client that reads its audio there. ``observe`` is called with every event,
    once it is counted. ``pace``: 1 is speaking pace, 0 as fast as possible.
    """

    def __init__(
        self,
        number: int,
        recorder: TallyRecorder,
        store: PooledAudio | None = None,
        observe: Callable[[ClientEvent], None] | None = None,
        pace: float = 1.0,
    ) -> None:
        self.number = number
        self._recorder = recorder
        self._store = store
        self._observe = observe
        self._pace = pace
        self._unanswered: dict[int, _SentSegment] = {}
        self._answered: set[int] = set()
        self._lags: list[float] = []
        self._first_frame = 0.0
        self._connected_at = inf
        self._samples = 0
        self._next = 0

    async def run(self, client: GatewayClient, speak: Callable[[GatewayClient], Awaitable[None]]) -> None:
        """Call ``speak``, then wait for all answers. A session that fails is counted as lost."""
        self._recorder.tally.sessions += 1
        listening = asyncio.create_task(self._listen(client.events()), name=f"loadtest/{self.number}")
        try:
            await speak(client)
            await client.finish()
            self._recorder.tally.finished += 1
        except GatewayError as error:
            self._recorder.tally.lost_sessions += 1
            self._recorder.tally.complain(f"session {self.number}: {error}")
        finally:
            await client.close()
            await asyncio.gather(listening, return_exceptions=True)
            if (lag := percentile(self._lags, 0.95)) is not None:
                self._recorder.tally.session_lag_p95_ms.append(lag)

    async def stream(
        self, client: GatewayClient, turns: Iterable[Turn], until: Until, stop_at: float = inf
    ) -> None:
        """Stream the turns until there are no more, or until ``stop_at``. A turn that has begun is completed."""
        due = time.monotonic()
        for pause_s, utterance in turns:
            due += pause_s * self._pace
            if due >= stop_at:
                return
            self._samples += round(pause_s * SAMPLE_RATE)
            await until(due)
            segment = await self.begin(client, utterance)
            due = await self.frames(client, segment, utterance, until, due)
            await self.end(client, segment, due)

    async def begin(self, client: GatewayClient, utterance: NoiseSegment) -> int:
        """Start a segment; return its number."""
        segment, self._next = self._next, self._next + 1
        self._unanswered[segment] = _SentSegment(utterance.digest, utterance.samples)
        self._recorder.tally.segments += 1
        if self._store is not None:
            self._store.keep(segment, utterance)
        await client.begin(segment, samples_to_ms(self._samples))
        self._samples += utterance.samples
        return segment

    async def frames(
        self,
        client: GatewayClient,
        segment: int,
        utterance: NoiseSegment,
        until: Until,
        due: float,
        part: slice = WHOLE,
    ) -> float:
        """Stream a part of a segment; return the time when its last sample was due.

        Each frame is sent when its last sample would have been spoken.
        """
        first, last, _ = part.indices(utterance.samples)
        for offset in range(first, last, FRAME_SAMPLES):
            samples = min(FRAME_SAMPLES, last - offset)
            due += samples / SAMPLE_RATE * self._pace
            await until(due)
            self._first_frame = self._first_frame or time.monotonic()
            await client.audio(segment, utterance.read(offset, samples))
        return due

    async def end(self, client: GatewayClient, segment: int, due: float) -> None:
        """End the segment, whose last sample was due at ``due``."""
        sent = self._unanswered[segment]
        sent.spoken_at, sent.ended_at = due, time.monotonic()
        self._recorder.tally.samples += sent.samples
        await client.end(segment)

    async def _listen(self, events: AsyncIterator[ClientEvent]) -> None:
        async for event in events:
            self._count(event)
            if self._observe:
                self._observe(event)

    def _count(self, event: ClientEvent) -> None:
        tally = self._recorder.tally
        match event:
            case Final() | Failed():
                self._first_update()
                self._outcome(event)
            case Partial():
                self._first_update()
                tally.partials += 1
            case Connected():
                tally.connects += 1
                self._connected_at = time.monotonic()
            case Disconnected(reason):
                kind = without_numbers(reason)
                tally.disconnects[kind] = tally.disconnects.get(kind, 0) + 1
                if reason.endswith(f"({ErrorCode.BUSY})"):  # refused after the upgrade, so without Retry-After
                    self._recorder.count_refusal(_REFUSED, None, time.monotonic())
            case Busy(reason):
                tally.busy[reason] = tally.busy.get(reason, 0) + 1
            case Retrying():
                tally.retried += 1

    def _first_update(self) -> None:
        if self._first_frame > 0:
            self._recorder.tally.first_update_ms.append((time.monotonic() - self._first_frame) * 1000)
            self._first_frame = -1.0

    def _outcome(self, outcome: Final | Failed) -> None:
        tally, where = self._recorder.tally, f"session {self.number}, segment {outcome.segment}"
        if outcome.segment in self._answered:
            tally.twice += 1
            return
        self._answered.add(outcome.segment)
        sent = self._unanswered.pop(outcome.segment)
        if isinstance(outcome, Failed):
            tally.failed += 1
            tally.complain(f"{where}: {outcome.message} ({outcome.code})")
        elif outcome.text == sent.digest:
            tally.right += 1
            self._record_final(outcome, sent)
        else:
            tally.wrong += 1
            tally.complain(f"{where}: the text is not the digest of the audio")

    def _record_final(self, final: Final, sent: _SentSegment) -> None:
        now, timing = time.monotonic(), final.timing
        lag = (now - sent.spoken_at) * 1000
        self._lags.append(lag)
        self._recorder.tally.ended.append(
            CompletedSegment(
                round(now - self._recorder.zero, 3),
                samples_to_ms(sent.samples),
                round((now - sent.ended_at) * 1000, 1),
                round(lag, 1),
                timing.upload,
                timing.queue,
                timing.decode,
                timing.deliver,
                self._connected_at <= sent.ended_at,
            )
        )


def new_session() -> UUID:
    """Return the id of a new session."""
    return UUID(int=random.getrandbits(128), version=4)


def without_numbers(reason: str) -> str:
    """Return the kind of a reason: mask numbers, and remove addresses."""
    words = (word for word in reason.split() if "://" not in word)
    return " ".join("#" if any(letter.isdigit() for letter in word) else word for word in words)
