"""The segments of one session: what is held of each, what the broker said about it. Pure."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from backend.records import Attachment, Record
from backend.segments import Output, Segment, Stage
from protocol.errors import MessageTooLarge, OutOfOrder
from protocol.job import Ended, EndState
from protocol.session import HeldSegments, Missing, MoreHeld, Welcome
from protocol.texts import join_texts

MOST_SEGMENTS: Final = 65_536
STEP: Final = 1_024
"""Segments that are looked at in one turn of a loop, and told in one message."""

Steps = Generator[None, None, list[Output]]
"""Work on a large session: each step takes a moment; in the end there is what to do and to say."""
MOST_OPEN: Final = 512
"""Segments of a session that have begun and that the broker does not have. Empty ones have no audio to count."""


class Ledger:
    """``live`` are the segments that have not ended; ``unqueued`` counts samples that the broker does not have.

    ``last``: the highest number of a segment, -1: there is none.
    """

    def __init__(self) -> None:
        self.all: dict[int, Segment] = {}
        self.live: dict[int, Segment] = {}
        self.unqueued = 0
        self.last = -1
        self._unreceived = 0

    def known(self, index: int) -> Segment:
        """A segment that has begun. Raises ``OutOfOrder``."""
        segment = self.all.get(index)
        if segment is None:
            raise OutOfOrder(f"segment {index} has not begun")
        return segment

    def open(self, index: int, attempt: int) -> Segment:
        """A segment that is new here, or starts again. Raises ``MessageTooLarge``."""
        if index >= MOST_SEGMENTS:
            raise MessageTooLarge(f"a session may have {MOST_SEGMENTS} segments: start a new one")
        segment = self._segment(index)
        self.unqueued -= segment.unqueued
        self._unreceived -= segment.unreceived
        segment.restart(attempt)
        self.live[index] = segment
        return segment

    def append(self, segment: Segment, pcm: bytes | memoryview, samples: int) -> None:
        """More samples of a segment that is being received."""
        segment.append(pcm, samples)
        self.unqueued += samples

    def complete(self, segment: Segment, samples: int, now: float) -> None:
        """All samples of a segment are here, and no more than ``samples`` are wanted."""
        self.unqueued -= segment.unqueued
        segment.complete(samples, now)
        self.unqueued += segment.unqueued

    def enqueue(self, segment: Segment, attempt: int, now: float, ahead: int = 0) -> None:
        """The broker has the segment, behind ``ahead`` samples."""
        self.unqueued -= segment.unqueued
        segment.enqueue(attempt, now, ahead)

    def learn(self, index: int, record: Record, now: float) -> list[Output]:
        """What the broker holds of a segment: its end, its job, or nothing, which means that its job is lost."""
        segment = self.all.get(index)
        attempt = record.attempt
        if attempt is None:
            if segment is None or segment.stage is not Stage.QUEUED:
                return []
            self.open(index, segment.attempt)
            return [Missing(index, 0)]
        if segment is not None and (segment.settled(attempt) or (segment.attempt > attempt and not record.good)):
            return []
        if record.end is not None:
            return self._end(index, record, now)
        self.enqueue(segment if index in self.live and segment else self.open(index, attempt), attempt, now)
        return []

    def cancel(self, index: int, now: float) -> None:
        """The client does not want the segment, whatever has become of it."""
        self._end(index, Record(end=Ended(EndState.CANCELLED, self.all[index].attempt)), now)

    def adopt(self, attachment: Attachment, now: float) -> Steps:
        """Take everything that the broker holds; what it should hold but does not is lost."""
        outputs: list[Output] = []
        nothing = Record()
        for some in _in_steps(sorted({*attachment.segments, *self.live})):
            for index in some:
                outputs += self.learn(index, attachment.segments.get(index, nothing), now)
            yield
        return outputs

    def waiting(self, since: float) -> tuple[int, ...]:
        """Segments that are in the broker since that time or longer."""
        return tuple(
            n for n, segment in self.live.items() if segment.stage is Stage.QUEUED and segment.queued <= since
        )

    def tell(self, welcome: Welcome, pieces: bool) -> Steps:
        """Say what a client that comes back need not send again, then what was not received, and whatever failed.

        ``pieces``: in several messages, if it is much.
        """
        held: list[HeldSegments] = []
        results: list[Output] = []
        for some in _in_steps(sorted(self.all)):
            known = [(n, self.all[n]) for n in some]
            receiving = {n: s.held for n, s in known if s.stage in (Stage.RECEIVING, Stage.SUBMITTED)}
            queued = tuple(n for n, s in known if s.stage is Stage.QUEUED)
            held.append(HeldSegments(receiving, queued, tuple(n for n, s in known if s.stage is Stage.ENDED)))
            results += [s.told for _, s in known if s.told is not None]
            yield
        held = held or [HeldSegments()]
        if not pieces:
            held = [joined(held)]
        more: list[Output] = [MoreHeld(one, more=one is not held[-1]) for one in held[1:]]
        return [replace(welcome, segments=held[0], more=bool(more)), *more, *results]

    @property
    def unreceived(self) -> bool:
        """Whether the client has yet to receive a result."""
        return self._unreceived > 0

    @property
    def crowded(self) -> bool:
        """Whether as many segments are open, and not queued, as may be."""
        waiting = (segment for segment in self.live.values() if segment.stage is not Stage.QUEUED)
        return len(self.live) >= MOST_OPEN and sum(1 for _ in waiting) >= MOST_OPEN

    def receive(self, segment: Segment) -> None:
        """The client has the outcome of a segment."""
        self._unreceived -= segment.unreceived
        segment.receive()

    def ended(self, segments: int) -> bool:
        """Whether each of the first ``segments`` has ended."""
        if self.last < segments:
            return not self.live and len(self.all) == segments
        return all(n in self.all and n not in self.live for n in range(segments))

    def text(self, segments: Iterable[int]) -> str:
        """What was said in these segments."""
        return join_texts(self.all[n].text for n in segments)

    def _end(self, index: int, record: Record, now: float) -> list[Output]:
        segment = self._segment(index)
        self.unqueued -= segment.unqueued
        self._unreceived -= segment.unreceived
        self.live.pop(index, None)
        segment.end(index, record, now)
        self._unreceived += segment.unreceived
        return [] if segment.told is None else [segment.told]

    def _segment(self, index: int) -> Segment:
        self.last = max(self.last, index)
        return self.all.setdefault(index, Segment())


def joined(held: Iterable[HeldSegments]) -> HeldSegments:
    """Return pieces of what is held, in order, as one."""
    receiving: dict[int, int] = {}
    queued: list[int] = []
    ended: list[int] = []
    for one in held:
        receiving |= one.receiving
        queued += one.queued
        ended += one.ended
    return HeldSegments(receiving, tuple(queued), tuple(ended))


def finished(steps: Steps) -> list[Output]:
    """Take all steps at once, and return their outputs."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            outputs: list[Output] = end.value
            return outputs


def _in_steps(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    return (numbers[at : at + STEP] for at in range(0, len(numbers), STEP))
