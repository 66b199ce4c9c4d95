"""Plan how to complete a take that is not live: known boundaries stay, the VAD cuts the rest. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from app.journal.take import Take, TakeSegment
from app.journal.take_reader import LONGEST


@dataclass(frozen=True)
class Replay:
    """A step that sends these samples of the take as this segment."""

    segment: int
    at: int
    samples: int


@dataclass(frozen=True)
class Skip:
    """A step that sends no audio of a segment. ``lost``: it has no result, and its audio is gone.

    ``empty``: it has no result, and never had audio.
    """

    segment: int
    at: int
    lost: bool = False
    empty: bool = False


@dataclass(frozen=True)
class PassOver:
    """A step for a number without a certain segment. A gateway may know it, and numbers must not have gaps."""

    segment: int


@dataclass(frozen=True)
class Resume:
    """A step that begins a segment which had begun at this sample, but not ended."""

    segment: int
    at: int


Step = Replay | Skip | PassOver | Resume


class SampleRange(NamedTuple):
    """A range of the take, in samples."""

    at: int
    end: int


@dataclass(frozen=True)
class RecoveryPlan:
    """The plan for completing a take. ``steps``: every number that a gateway may know, in order.

    ``rest``: the first sample outside all these segments; ``None`` if nothing is left to cut. ``mends``: lines of
    the journal are damaged. Then ``gaps`` are cut instead of the rest, and ``again`` is sent under new numbers.
    ``recut``: the segments whose audio lies in ``gaps`` or ``again``.
    """

    steps: tuple[Step, ...]
    rest: int | None
    gaps: tuple[SampleRange, ...] = ()
    again: tuple[SampleRange, ...] = ()
    recut: tuple[int, ...] = ()
    mends: bool = False

    @property
    def unended(self) -> int | None:
        """The number of the segment that had begun but not ended: the rest begins with it."""
        return next((step.segment for step in self.steps if isinstance(step, Resume)), None)

    @property
    def idle(self) -> bool:
        """True if nothing is left to do."""
        return (
            self.rest is None and not self.gaps and not self.again and not any(_asks(step) for step in self.steps)
        )


def plan(take: Take, samples: int) -> RecoveryPlan:
    """Plan how to complete a take that has ``samples`` on disk.

    A power loss may have removed the end of the audio: segments that reach beyond it are shortened.
    """
    spans = certain_spans(take)
    if take.line_faults or (take.finished and take.heard < samples) or _lacks_end_within(take, spans):
        return _repair(take, samples)
    steps: list[Step] = []
    counted, unended = take.counted, None
    for number in range(max(take.segments, default=-1) + 1):
        spoken, span = take.segments.get(number), spans.get(number)
        if spoken is not None and span is None and not spoken.recut and not spoken.details.replaces:
            if spoken.at < samples:
                unended = spoken.at
                steps.append(Resume(number, spoken.at))
                continue
            span = SampleRange(spoken.at, spoken.at)
        steps.append(_step(number, spoken, span, samples, counts=number in counted))
    if unended is not None:
        return RecoveryPlan(tuple(steps), unended)
    rest = max((min(span.end, samples) for span in spans.values()), default=0)
    if take.finished or rest >= samples:
        return RecoveryPlan(tuple(steps), None)
    steps += [PassOver(len(steps) + number) for number in range(take.lost)]
    return RecoveryPlan(tuple(steps), rest)


def certain_spans(take: Take) -> dict[int, SampleRange]:
    """Return the spans of segments with certain boundaries; a span may reach beyond the audio.

    A segment without an end ends where the next one begins, if that is next in number and in position, even
    if it was cut again since. A segment that replaces others has a span only if its text counts.
    """
    counted = take.counted
    recut = {number: spoken for number, spoken in take.segments.items() if spoken.recut}
    certain = {
        number: spoken
        for number, spoken in take.segments.items()
        if not spoken.recut and number not in take.doubtful and (number in counted or not spoken.details.replaces)
    }
    following = _following(certain | recut) | _following(certain)
    ends = ((number, spoken.at, _end(spoken, following.get(number))) for number, spoken in certain.items())
    return {number: SampleRange(at, end) for number, at, end in ends if end is not None}


def _lacks_end_within(take: Take, spans: Mapping[int, SampleRange]) -> bool:
    """Return whether a segment without a certain end precedes others: resuming it would send their audio again."""
    pieces = {n: each.at for n, each in take.segments.items() if not (each.recut or each.details.replaces)}
    last = max(pieces.values(), default=0)
    return any(at < last for number, at in pieces.items() if number not in spans)


def gaps_between(spans: Mapping[int, SampleRange], samples: int) -> Iterator[SampleRange]:
    """Yield the ranges of a take that belong to no segment."""
    at = 0
    for span in sorted(spans.values()):
        if at < min(span.at, samples):
            yield SampleRange(at, min(span.at, samples))
        at = max(at, span.end)
    if at < samples:
        yield SampleRange(at, samples)


def _repair(take: Take, samples: int) -> RecoveryPlan:
    """Plan to keep certain boundaries and to cut all else, under numbers above those that a gateway may know.

    Segments without text get new numbers too: the line with the text may be lost, and the gateway no longer has
    it.
    """
    spans, counted = certain_spans(take), take.counted
    again = {
        number: SampleRange(span.at, min(span.end, samples))
        for number, span in spans.items()
        if span.at < min(span.end, samples) and number in counted and not counted[number].settled
    }
    steps: list[Step] = []
    for number in range(max(take.segments, default=-1) + 1 + take.lost):
        span = None if number in again else spans.get(number)
        steps.append(_step(number, take.segments.get(number), span, samples, counts=number in counted))
    recut = sorted(n for n, each in take.segments.items() if (n not in spans or n in again) and not each.recut)
    gaps = tuple(gaps_between(spans, samples))
    return RecoveryPlan(tuple(steps), None, gaps, tuple(sorted(again.values())), tuple(recut), mends=True)


def _following(segments: Mapping[int, TakeSegment]) -> dict[int, int]:
    """Return where the next segment begins, for each that is followed by the next number."""
    placed = sorted((spoken.at, number) for number, spoken in segments.items() if not spoken.details.replaces)
    return {number: at for (_, number), (at, then) in zip(placed, placed[1:], strict=False) if then == number + 1}


def _end(spoken: TakeSegment, following: int | None) -> int | None:
    if spoken.samples is not None:
        return spoken.at + spoken.samples
    return None if following is None or following - spoken.at > LONGEST else following


def _step(
    number: int, spoken: TakeSegment | None, span: SampleRange | None, samples: int, *, counts: bool
) -> Step:
    if spoken is not None and not counts:
        return Skip(number, spoken.at)
    if spoken is None or spoken.recut or span is None:
        return PassOver(number)
    end = min(span.end, samples)
    if spoken.settled:
        return Skip(number, spoken.at)
    if end <= spoken.at:
        gone = span.end > samples
        return Skip(number, spoken.at, lost=gone, empty=not gone)
    return Replay(number, spoken.at, end - spoken.at)


def _asks(step: Step) -> bool:
    return isinstance(step, Replay) or isinstance(step, Skip) and (step.lost or step.empty)
