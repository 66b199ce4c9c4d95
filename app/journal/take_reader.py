"""Read a take from its journal and the size of its audio, and find damage. Pure.

Sealed lines are certain. Lines of older versions have no seal: impossible ones are ignored, and boundaries that
contradict each other are doubtful.
"""

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from app.journal.disk import EVENTS
from app.journal.events import Begin, Edited, End, Event, Finished, Mended, Opened, Reran, Wanted
from app.journal.lines import Fault, JournalLine, Order, audio_ends_early, audio_goes_on, read_lines
from app.journal.take import Take, TakeSegment
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from protocol.session import LIMITS

LONGEST: Final = round(LIMITS.segment_s * SAMPLE_RATE)
_FARTHEST: Final = 2**40  # samples: two years
_MOST_LOST: Final = 1_000
_OF_THE_TAKE: Final = (Opened, Wanted, Edited, Reran, Finished, Mended)


def read_take(events: bytes, audio: int) -> Take:
    """Return the take that a journal describes, with ``audio`` bytes of sound."""
    lines = read_lines(events)
    lost = min(sum(count for _, count in lines.lost), _MOST_LOST)
    reader = _Reader(lines.count + lost)
    for line in lines.lines:
        reader.read(line)
    take = reader.take
    take.lost = min(sum(count for order, count in lines.lost if order >= reader.last), _MOST_LOST)
    take.following = lines.following
    reader.compare()
    if audio and not reader.opened:
        reader.fault(0, "the line that begins the recording is missing")
    found = sorted({*lines.faults, *reader.faults}, key=lambda fault: fault.line)
    take.faults_found = len(found)
    take.line_faults = reader.unrepaired(found)
    take.file_faults = audio_faults(take, audio)
    return take


def audio_faults(take: Take, size: int) -> list[Fault]:
    """Compare the size of the audio with the journal. Half a sample after a crash is no fault."""
    expected = max(take.heard, take.spoken_until) * BYTES_PER_SAMPLE
    if size < expected:
        return [audio_ends_early(size, expected)]
    if take.finished and size > take.heard * BYTES_PER_SAMPLE:
        return [audio_goes_on(size, take.heard * BYTES_PER_SAMPLE)]
    return []


@dataclass
class _Reader:
    most: int  # upper bound of segment numbers
    last: Order = (-1, 0.0)  # order of the last ``Begin`` line
    take: Take = field(default_factory=Take)
    opened: bool = False
    faults: list[Fault] = field(default_factory=list)
    mended: list[tuple[int, int]] = field(default_factory=list)
    begun: dict[int, int] = field(default_factory=dict)  # segment number to line
    unsealed: set[int] = field(default_factory=set)

    def fault(self, place: int, what: str) -> None:
        """Record a contradiction and the line that shows it."""
        self.faults.append(Fault(EVENTS, what, place))

    def read(self, line: JournalLine) -> None:
        """Apply one line, unless it is impossible."""
        event = line.event
        if isinstance(event, _OF_THE_TAKE):
            self._read_of_take(line.place, event)
        elif isinstance(event, Begin):
            self._read_begin(line, event)
        elif event.segment in self.begun:
            if not line.sealed and isinstance(event, End):
                self.unsealed.add(event.segment)
            self.take.apply(event)
        elif not line.sealed:
            self.fault(line.place, f"segment {event.segment} has no beginning")

    def _read_of_take(self, place: int, event: Event) -> None:
        self.opened = self.opened or isinstance(event, Opened)
        if isinstance(event, Mended):
            self.mended.append((place, event.faults))
        if isinstance(event, Finished | Mended) and event.samples > _FARTHEST:
            return self.fault(place, f"no recording has {event.samples} samples")
        self.take.apply(event)

    def _read_begin(self, line: JournalLine, event: Begin) -> None:
        known = self.take.segments.get(event.segment)
        if event.segment >= self.most:
            self.fault(line.place, f"a journal of {self.most} lines has no segment {event.segment}")
        elif event.at > _FARTHEST:
            self.fault(line.place, f"segment {event.segment} cannot begin at sample {event.at}")
        elif known is not None and known.at != event.at:
            self.fault(line.place, f"segment {event.segment} begins twice")
            self.take.doubtful.add(event.segment)
        else:
            self.last = max(self.last, line.order)
            self.begun.setdefault(event.segment, line.place)
            if not line.sealed:
                self.unsealed.add(event.segment)
            self.take.apply(event)

    def compare(self) -> None:
        """Find boundaries of older versions that contradict each other, or that are missing."""
        older = sorted(number for number in self.unsealed if not self.take.segments[number].recut)
        certain = _consistent(self.take, older, set(self.begun).difference(older))
        for number in older:
            if number not in certain:
                self.take.doubtful.add(number)
                self.fault(self.begun[number], f"the boundaries of segment {number} contradict others")
        for number, following in zip([-1, *older], older, strict=False):
            if following > number + 1 and not any(n in self.take.segments for n in (number + 1, following - 1)):
                self.fault(self.begun[following], f"there is no segment {following - 1}")

    def unrepaired(self, found: list[Fault]) -> list[Fault]:
        """Return the faults since the last repair, or all faults if that repair did not know the earlier ones."""
        for place, known in reversed(self.mended):
            if sum(fault.line < place for fault in found) <= known:
                return [fault for fault in found if fault.line >= place]
        return found


def _consistent(take: Take, older: list[int], sealed: set[int]) -> set[int]:
    """Return the ``older`` segments that belong to every longest sequence, by number, without overlaps.

    So one wrong boundary costs one segment; where either of two may be wrong, both are doubtful. A segment that
    overlaps one of the ``sealed`` is wrong.
    """
    heard = take.heard if take.finished else _FARTHEST
    pieces = (spoken for number in sealed if not (spoken := take.segments[number]).details.replaces)
    fixed = sorted(_span(spoken) for spoken in pieces if not spoken.recut)
    spans: list[tuple[int, int, int]] = []
    for number in older:
        at, end = _span(take.segments[number])
        likely = number not in take.doubtful and end <= heard and end - at <= LONGEST
        if likely and not _overlaps((at, end), fixed):
            spans.append((number, at, end))
    before = _ranks([(at, end) for _, at, end in spans])
    after = _ranks([(-end, -at) for _, at, end in reversed(spans)])[::-1]
    longest = max(before, default=0)
    in_one = [rank for rank, rest in zip(before, after, strict=True) if rank + rest - 1 == longest]
    alone = {rank for rank, count in Counter(in_one).items() if count == 1}
    ranked = zip(spans, before, after, strict=True)
    return {span[0] for span, rank, rest in ranked if rank + rest - 1 == longest and rank in alone}


def _span(spoken: TakeSegment) -> tuple[int, int]:
    return spoken.at, spoken.at + (spoken.samples or 0)


def _overlaps(span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    """Return whether the span shares a sample with one of the ``others``, which are sorted and disjoint."""
    place = bisect_right(others, span)
    near = others[max(0, place - 1) : place + 1]
    return any(at < span[1] and span[0] < end for at, end in near)


def _ranks(spans: list[tuple[int, int]]) -> list[int]:
    """Return for each span the length of the longest sequence that ends with it and has no overlaps."""
    ends: list[int] = []  # the earliest end of a sequence of each length
    ranks: list[int] = []
    for begin, end in spans:
        rank = bisect_right(ends, begin)
        if rank == len(ends):
            ends.append(end)
        else:
            ends[rank] = min(ends[rank], end)
        ranks.append(rank + 1)
    return ranks
