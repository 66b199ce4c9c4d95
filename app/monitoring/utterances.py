"""Progress of each utterance: own takes combined with the gateway's reports; percentiles of each stage. Pure.

An utterance is one segment, identified by ``(session, segment)`` on both sides. Times are seconds of one clock.
For own utterances each step has a time, and the gateway's durations fill in the rest. For others only these
durations are known.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.core.segment_observer import SegmentEvent, SegmentStep
from app.core.states import State
from app.core.transcript import TranscriptSegment
from app.monitoring.view import StageFigures, StageSpan, UtteranceRow, UtteranceStage
from protocol.monitor import FINAL, Recent
from protocol.recognition import Timing
from protocol.texts import without_spaces

MOST: Final = 200
"""Limit on utterances; the oldest are dropped in any state."""

_WORKER: Final = re.compile(r"(.+)-\d+-[0-9a-f]+")
"""Name of a worker: its host, its process and a token."""
_CLOSED: Final = {
    State.INSERTING: State.DONE,
    State.LISTENING: State.FAILED,
    State.SENDING: State.FAILED,
    State.WAITING: State.FAILED,
}


@dataclass
class Utterance:
    """Utterance with the times of its steps.

    ``at``: its first event. ``complete``: its end of speech. The other times follow as they happen.
    """

    session: str
    segment: int
    at: float
    own: bool = False
    audio_s: float = 0.0
    complete: float | None = None
    queued: float | None = None
    recognised: float | None = None
    inserted: float | None = None
    state: State = State.LISTENING
    timing: Timing = Timing()
    worker: str = ""
    model: str = ""
    reason: str = ""

    def advance(self, event: SegmentEvent, now: float) -> None:
        """Record a step after its beginning; steps out of order change nothing.

        After a loss, the later time of queueing counts. A held text that is pasted later gets no duration.
        """
        match event.step:
            case SegmentStep.COMPLETED if self.complete is None:
                self.complete, self.audio_s = now, now - self.at
                self._reach(State.SENDING)
            case SegmentStep.QUEUED if self.complete is not None and self.recognised is None:
                self.queued = now
                self._reach(State.WAITING)
            case SegmentStep.RECOGNISED if self.recognised is None and event.result is not None:
                self._recognise(event.result, now)
            case SegmentStep.INSERTED if self.recognised is not None:
                self.inserted = now if self.state is State.INSERTING else self.inserted
                self.state = State.DONE
            case SegmentStep.HELD if self.state is State.INSERTING:
                self.state = State.HELD

    def _recognise(self, result: TranscriptSegment, now: float) -> None:
        self.complete = now if self.complete is None else self.complete
        self.recognised, self.timing, self.model = now, result.timing, result.model
        self.audio_s = (result.end_ms - result.start_ms) / 1000
        self._reach(State.INSERTING if without_spaces(result.text) else State.DONE)
        if result.error:
            self.state = State.FAILED

    def _reach(self, state: State) -> None:
        self.state = State.CANCELLED if self.state is State.CANCELLED else state

    @property
    def spoken_at(self) -> float:
        """Time of its end of speech, or of its start while speech continues."""
        return self.at if self.complete is None else self.complete

    def spans(self, now: float) -> Iterator[StageSpan]:
        """Yield the stages after the end of speech; an unfinished stage lasts until now."""
        if self.complete is None:
            return
        recognised, after = self.recognised, now - self.complete
        if recognised is None:
            queued = after if self.queued is None else self.queued - self.complete
            yield StageSpan(UtteranceStage.SENT, 0.0, max(0.0, queued))
            if self.queued is not None:
                yield StageSpan(UtteranceStage.QUEUED, max(0.0, queued), max(queued, after))
            return
        yield from self._of_gateway(max(0.0, recognised - self.complete))
        if self.state is State.INSERTING:
            yield StageSpan(UtteranceStage.INSERTED, recognised - self.complete, after)
        elif self.inserted is not None:
            yield StageSpan(UtteranceStage.INSERTED, recognised - self.complete, self.inserted - self.complete)

    def _of_gateway(self, whole_s: float) -> Iterator[StageSpan]:
        """Yield the gateway's stages, computed backwards: decoding before the end of speech causes no waiting."""
        timing = self.timing
        delivering = max(0.0, whole_s - timing.deliver / 1000)
        decoding = max(0.0, delivering - timing.decode / 1000)
        queueing = max(0.0, decoding - timing.queue / 1000)
        yield StageSpan(UtteranceStage.SENT, 0.0, queueing)
        yield StageSpan(UtteranceStage.QUEUED, queueing, decoding)
        yield StageSpan(UtteranceStage.DECODED, decoding, delivering)
        yield StageSpan(UtteranceStage.DELIVERED, delivering, whole_s)


class Utterances:
    """Latest ``MOST`` utterances.

    Events about unknown or dropped ones are ignored.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], Utterance] = {}
        self._cancelled: set[str] = set()  # cancelled sessions that are not closed yet

    # -- own takes -----------------------------------------------------------------------------------------

    def observe(self, event: SegmentEvent, now: float) -> None:
        """Record a step of an own utterance, or of a whole take."""
        session = str(event.session)
        if event.segment is None:
            self._take_ended(event.step, session)
        elif event.step is SegmentStep.BEGAN:
            state = State.CANCELLED if session in self._cancelled else State.LISTENING
            self._add(Utterance(session, event.segment, now, own=True, state=state))
        elif (one := self._known.get((session, event.segment))) is not None:
            one.advance(event, now)

    def _take_ended(self, step: SegmentStep, session: str) -> None:
        """Record that a take was cancelled, closed or discarded.

        After a cancellation, uninserted texts go nowhere. When a take is closed, utterances with a text are done,
        and those without have failed.
        """
        if step is SegmentStep.CANCELLED:
            self._cancelled.add(session)
        else:
            self._cancelled.discard(session)
        for one in [one for one in self._known.values() if one.session == session]:
            if step is SegmentStep.DISCARDED:
                del self._known[one.session, one.segment]
            elif step is SegmentStep.CANCELLED and one.state not in (State.DONE, State.FAILED):
                one.state = State.CANCELLED
            elif step is SegmentStep.CLOSED:
                one.state = _CLOSED.get(one.state, one.state)

    # -- reports of the gateway ----------------------------------------------------------------------------

    def record(self, recent: Recent, now: float, ago_s: float = 0.0) -> None:
        """Record the gateway's report on a segment that ended ``ago_s`` ago; repeated reports change nothing.

        An unknown segment of an own take is a second pass over other segments: it is no utterance of its own.
        """
        one = self._known.get((recent.session, recent.segment))
        if one is None and any(known.own for known in self._known.values() if known.session == recent.session):
            return
        if one is None:
            self._add(_of_others(recent, now - ago_s))
        elif one.own:
            one.worker, one.model = recent.worker or one.worker, recent.model or one.model
            one.reason = "" if recent.outcome == FINAL else recent.outcome

    # -- views ---------------------------------------------------------------------------------------------

    def rows(self, now: float, epoch_s: float, hosts: dict[str, str]) -> tuple[UtteranceRow, ...]:
        """Return a row for each utterance, the newest first.

        ``epoch_s``: zero of the clock, in seconds since 1970.
        """
        newest = sorted(self._known.values(), key=lambda one: one.spoken_at, reverse=True)
        return tuple(_row(one, now, epoch_s, hosts) for one in newest)

    def ended_since(self, since: float) -> Iterator[Utterance]:
        """Yield the utterances that got their text after ``since``."""
        for one in self._known.values():
            if one.state in (State.DONE, State.HELD) and (one.recognised or 0.0) >= since:
                yield one

    def _add(self, one: Utterance) -> None:
        self._known.setdefault((one.session, one.segment), one)
        while len(self._known) > MOST:
            del self._known[next(iter(self._known))]


def _of_others(recent: Recent, at: float) -> Utterance:
    timing = recent.timing
    whole_s = (timing.queue + timing.decode + timing.deliver) / 1000
    final = recent.outcome == FINAL
    return Utterance(
        recent.session,
        recent.segment,
        at - whole_s - recent.audio_ms / 1000,
        audio_s=recent.audio_ms / 1000,
        complete=at - whole_s,
        recognised=at,
        state=State.DONE if final else State.FAILED,
        timing=timing,
        worker=recent.worker,
        model=recent.model,
        reason="" if final else recent.outcome,
    )


def _row(one: Utterance, now: float, epoch_s: float, hosts: dict[str, str]) -> UtteranceRow:
    return UtteranceRow(
        one.session,
        one.segment,
        one.own,
        one.state,
        round(epoch_s + one.spoken_at, 1),
        one.audio_s if one.complete is not None else max(0.0, now - one.at),
        tuple(one.spans(now)),
        hosts.get(one.worker) or _host(one.worker),
        one.model,
        one.reason,
    )


def _host(worker: str) -> str:
    """Return the host in the name of a worker that is gone; another name stays as it is."""
    found = _WORKER.fullmatch(worker)
    return found[1] if found else worker


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the smallest value that ``percent`` of the ordered values do not exceed (nearest rank)."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def stage_figures(utterances: Iterable[Utterance]) -> tuple[StageFigures, ...]:
    """Return figures for every stage with data, in chronological order."""
    taken: dict[UtteranceStage, list[float]] = {stage: [] for stage in UtteranceStage}
    for one in utterances:
        for stage, seconds in _durations(one):
            taken[stage].append(seconds)
    return tuple(
        StageFigures(stage, len(values), percentile(ordered, 50), percentile(ordered, 95))
        for stage, values in taken.items()
        if (ordered := sorted(values))
    )


def _durations(one: Utterance) -> Iterable[tuple[UtteranceStage, float]]:
    """Yield the known durations.

    For other clients' utterances, sending and insertion are unknown.
    """
    if one.own and one.queued is not None and one.complete is not None:
        yield UtteranceStage.SENT, max(0.0, one.queued - one.complete)
    yield UtteranceStage.QUEUED, one.timing.queue / 1000
    yield UtteranceStage.DECODED, one.timing.decode / 1000
    yield UtteranceStage.DELIVERED, one.timing.deliver / 1000
    if one.inserted is not None and one.recognised is not None:
        yield UtteranceStage.INSERTED, one.inserted - one.recognised
    text_at = one.recognised if one.inserted is None else one.inserted
    if text_at is not None and one.complete is not None:
        yield UtteranceStage.WHOLE, max(0.0, text_at - one.complete)
