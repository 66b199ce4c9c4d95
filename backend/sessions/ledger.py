"""All segments of one session: the audio held for each, and the broker's knowledge of it. Pure."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from backend.broker.records import Attachment, Record
from backend.sessions.segments import Output, Segment, SegmentStage
from backend.sessions.spans import Spans
from protocol.errors import MessageTooLarge, OutOfOrder
from protocol.job import Ended, EndState
from protocol.session import HeldSegments, Missing, MoreHeld, SegmentDetails, Welcome
from protocol.texts import join_texts

MOST_SEGMENTS: Final = 65_536
STEP: Final = 1_024
"""Segments that are processed in one iteration of the event loop, and sent in one message."""

Steps = Generator[None, None, list[Output]]
"""Work on a large session in short steps; the generator returns the outputs to perform."""
MOST_OPEN: Final = 512
"""Limit of begun segments per session that are not queued. Empty segments escape the limit on audio."""


class Ledger:
    """Segments of one session. ``live`` are those that have not ended.

    ``unqueued`` counts samples that are not in the broker. ``last``: the highest segment number, or -1.
    """

    def __init__(self) -> None:
        self.all: dict[int, Segment] = {}
        self.live: dict[int, Segment] = {}
        self.spans = Spans(self.all)
        self.unqueued = 0
        self.last = -1
        self._unreceived = 0

    def segment(self, index: int) -> Segment:
        """Return a segment that has begun. Raises ``OutOfOrder``."""
        segment = self.all.get(index)
        if segment is None:
            raise OutOfOrder(f"segment {index} has not begun")
        return segment

    def open(self, index: int, attempt: int) -> Segment:
        """Create a segment, or restart an existing one. Raises ``MessageTooLarge``."""
        if index >= MOST_SEGMENTS:
            raise MessageTooLarge(f"a session may have {MOST_SEGMENTS} segments: start a new one")
        if (segment := self.all.get(index)) is None:
            segment = self._segment(index)
            segment.attempt = attempt
        else:
            self.unqueued -= segment.unqueued
            self._unreceived -= segment.unreceived
            segment.restart(attempt)
        self.live[index] = segment
        return segment

    def complete(self, segment: Segment, samples: int, now: float) -> None:
        """Mark a segment as complete and cut it to ``samples``."""
        self.unqueued -= segment.unqueued
        segment.complete(samples, now)
        self.unqueued += segment.unqueued

    def enqueue(self, segment: Segment, attempt: int, now: float, ahead: int = 0) -> None:
        """Note that the broker has the segment, behind ``ahead`` samples."""
        self.unqueued -= segment.unqueued
        segment.enqueue(attempt, now, ahead)

    def learn(self, index: int, record: Record, now: float) -> list[Output]:
        """Apply the broker's record of a segment: its end, its job, or an empty record (the job is lost)."""
        segment = self.all.get(index)
        attempt = record.attempt
        if attempt is None:
            if segment is None or segment.stage is not SegmentStage.QUEUED:
                return []
            self.open(index, segment.attempt)
            return [Missing(index, 0)]
        if segment is not None and (
            segment.is_settled(attempt) or (segment.attempt > attempt and not record.good)
        ):
            return []
        if record.end is not None:
            return self._end(index, record, now)
        self.enqueue(segment if index in self.live and segment else self.open(index, attempt), attempt, now)
        return []

    def cancel(self, index: int, now: float) -> None:
        """End the segment as cancelled by the client, whatever its stage."""
        self._end(index, Record(end=Ended(EndState.CANCELLED, self.all[index].attempt)), now)

    def adopt(self, attachment: Attachment, now: float) -> Steps:
        """Apply all records of the broker; queued segments without a record are lost."""
        outputs: list[Output] = []
        nothing = Record()
        for some in _in_steps(sorted({*attachment.segments, *self.live})):
            for index in some:
                record = attachment.segments.get(index, nothing)
                if record.replaces:
                    self._remember_span(index, record.replaces)
                outputs += self.learn(index, record, now)
            yield
        return outputs

    def waiting(self, since: float) -> tuple[int, ...]:
        """Return the segments that have been queued since that time or longer."""
        return tuple(
            n
            for n, segment in self.live.items()
            if segment.stage is SegmentStage.QUEUED and segment.queued <= since
        )

    def welcome_steps(self, welcome: Welcome, pieces: bool) -> Steps:
        """Return the welcome with all held segments, then unconfirmed results and all failures.

        ``pieces``: split a long list into several messages.
        """
        held: list[HeldSegments] = []
        results: list[Output] = []
        for some in _in_steps(sorted(self.all)):
            known = [(n, self.all[n]) for n in some]
            receiving = {
                n: s.held for n, s in known if s.stage in (SegmentStage.RECEIVING, SegmentStage.SUBMITTED)
            }
            queued = tuple(n for n, s in known if s.stage is SegmentStage.QUEUED)
            held.append(
                HeldSegments(receiving, queued, tuple(n for n, s in known if s.stage is SegmentStage.ENDED))
            )
            results += [s.unconfirmed for _, s in known if s.unconfirmed is not None]
            yield
        held = held or [HeldSegments()]
        if not pieces:
            held = [join_held(held)]
        more: list[Output] = [MoreHeld(one, more=one is not held[-1]) for one in held[1:]]
        return [replace(welcome, segments=held[0], more=bool(more)), *more, *results]

    @property
    def unreceived(self) -> bool:
        """True while the client has a result to confirm."""
        return self._unreceived > 0

    @property
    def crowded(self) -> bool:
        """True when as many segments are open and unqueued as are allowed."""
        waiting = (segment for segment in self.live.values() if segment.stage is not SegmentStage.QUEUED)
        return len(self.live) >= MOST_OPEN and sum(1 for _ in waiting) >= MOST_OPEN

    def receive(self, segment: Segment) -> None:
        """Note that the client has the outcome of a segment."""
        self._unreceived -= segment.unreceived
        segment.receive()

    def have_ended(self, segments: int) -> bool:
        """Return whether each of the first ``segments`` has ended."""
        if self.last < segments:
            return not self.live and len(self.all) == segments
        return all(n in self.all and n not in self.live for n in range(segments))

    def text(self, segments: Iterable[int]) -> str:
        """Return the joined text of these segments; a recognised span stands for what it replaces."""
        return join_texts(self.all[n].text for n in self.spans.without_replaced(segments))

    @property
    def has_live_span(self) -> bool:
        """True while a span has begun and not ended."""
        return any(segment.details.replaces for segment in self.live.values())

    def _end(self, index: int, record: Record, now: float) -> list[Output]:
        segment = self._segment(index)
        self.unqueued -= segment.unqueued
        self._unreceived -= segment.unreceived
        self.live.pop(index, None)
        segment.end(index, record, now)
        segment.repeated = self.spans.repeated_samples(index)
        self._unreceived += segment.unreceived
        return [] if segment.unconfirmed is None else [segment.unconfirmed]

    def _remember_span(self, index: int, replaces: tuple[int, ...]) -> None:
        segment = self._segment(index)
        if not segment.details.replaces:
            segment.details = SegmentDetails(replaces=replaces)
            self.spans.join(index)

    def _segment(self, index: int) -> Segment:
        segment = self.all.get(index)
        if segment is None:
            segment = self.all[index] = Segment()
            self.last = max(self.last, index)
        return segment


def join_held(held: Iterable[HeldSegments]) -> HeldSegments:
    """Merge the parts of a list of held segments, in order."""
    receiving: dict[int, int] = {}
    queued: list[int] = []
    ended: list[int] = []
    for one in held:
        receiving |= one.receiving
        queued += one.queued
        ended += one.ended
    return HeldSegments(receiving, tuple(queued), tuple(ended))


def run_steps(steps: Steps) -> list[Output]:
    """Take all steps at once, and return their outputs."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            outputs: list[Output] = end.value
            return outputs


def _in_steps(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    return (numbers[at : at + STEP] for at in range(0, len(numbers), STEP))
