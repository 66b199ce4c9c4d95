"""Compute the times of the parts of a text, for highlighting during playback and subtitles. Pure."""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from app.core.difference import DifferenceKind, difference
from app.core.transcript import RecordingTranscript, TranscriptSegment
from protocol.captions import locate_words
from protocol.texts import with_space


@dataclass(frozen=True)
class TimedRange:
    """Range of a text with its time.

    The range is from code point ``first`` up to ``last``, exclusive; its time is from ``start_ms`` to ``end_ms``.
    """

    start_ms: int
    end_ms: int
    first: int
    last: int


def spoken(transcript: RecordingTranscript) -> tuple[TimedRange, ...]:
    """Return the words of ``transcript.text`` in order, or whole segments where word times are unknown."""
    found: list[TimedRange] = []
    for segment, first in _segment_positions(transcript):
        found += _words(segment, first) or [
            TimedRange(segment.start_ms, segment.end_ms, first, first + len(segment.text))
        ]
    return tuple(found)


def spoken_in(transcript: RecordingTranscript, text: str) -> tuple[TimedRange, ...]:
    """Return the time ranges of an edited text: a replacement gets the time of the words that it replaces."""
    words = spoken(transcript)
    if text == transcript.text or not words:
        return words
    stretches = _stretches(transcript.text, text)
    begins = [stretch.old for stretch in stretches]
    found: list[TimedRange] = []
    for word in words:
        first = stretches[bisect_right(begins, word.first) - 1].place(word.first)
        last = stretches[bisect_right(begins, word.last - 1) - 1].place(word.last, end=True)
        if found and first < found[-1].last:  # one replacement covers both words
            found[-1] = replace(found[-1], end_ms=word.end_ms, last=max(last, found[-1].last))
        elif first < last:
            found.append(replace(word, first=first, last=last))
    return tuple(found)


@dataclass(frozen=True)
class _Stretch:
    """Pair of stretches that are equal (``same``) or a replacement; ``old`` and ``new`` are where they begin."""

    old: int
    new: int
    new_end: int
    same: bool

    def place(self, old: int, *, end: bool = False) -> int:
        """Map a position of the old text to the new one."""
        if self.same:
            return self.new + old - self.old
        return self.new_end if end else self.new


def _stretches(before: str, after: str) -> list[_Stretch]:
    """Return the stretches, except insertions between equal stretches, which have no time."""
    old = new = 0
    found: list[_Stretch] = []
    for piece in difference(before, after):
        size = len(piece.text)
        match piece.change:
            case DifferenceKind.SAME:
                found.append(_Stretch(old, new, new + size, same=True))
                old, new = old + size, new + size
            case DifferenceKind.REMOVED:
                found.append(_Stretch(old, new, new, same=False))
                old += size
            case DifferenceKind.ADDED:
                if found and not found[-1].same:
                    found[-1] = replace(found[-1], new_end=new + size)
                new += size
    return found


def range_at(spoken: Sequence[TimedRange], milliseconds: float) -> TimedRange | None:
    """Return the range spoken at this moment, or the last one before a pause."""
    index = bisect_right(spoken, milliseconds, key=lambda one: one.start_ms) - 1
    return spoken[index] if index >= 0 else None


def time_of(spoken: Sequence[TimedRange], place: int) -> int:
    """Return the time in ms at which the code point at ``place`` was spoken."""
    index = bisect_right(spoken, place, key=lambda one: one.first) - 1
    return spoken[index].start_ms if index >= 0 else 0


def edited_transcript(transcript: RecordingTranscript, text: str) -> RecordingTranscript:
    """Return the transcript with an edited text, divided among its segments."""
    placed = _segment_positions(transcript)
    if not placed:
        whole = TranscriptSegment(0, 0, transcript.duration_ms, text.strip())
        return replace(transcript, segments=(whole, *transcript.segments)) if whole.text else transcript
    new: dict[int, TranscriptSegment] = {}
    since: int | None = None
    for (segment, _), part in zip(placed, _parts(transcript.text, text, placed), strict=True):
        since = segment.start_ms if since is None else since
        new[segment.index] = _with_text(segment, part.strip(), since)
        since = None if part.strip() else since  # a replacement of several segments covers all their time
    return replace(transcript, segments=tuple(new.get(one.index, one) for one in transcript.segments))


def with_later_texts(transcript: RecordingTranscript, text: str, known: Collection[int]) -> str:
    """Return the user's edited ``text``, which covers the ``known`` segments, with all other texts inserted."""
    before = replace(transcript, segments=tuple(one for one in transcript.segments if one.index in known))
    placed = _segment_positions(before)
    parts = _parts(before.text, text, placed) if placed else []
    edits = {segment.index: part for (segment, _), part in zip(placed, parts, strict=True)}
    whole, was_known = "" if placed else text, not placed
    for segment in transcript.segments:
        is_known = segment.index in edits
        part = edits[segment.index] if is_known else segment.text.strip()
        apart = not (is_known and was_known) and not whole[-1:].isspace()
        whole, was_known = whole + (with_space(whole, part) if apart else part), is_known if part else was_known
    return whole


def _parts(before: str, after: str, placed: Sequence[tuple[TranscriptSegment, int]]) -> list[str]:
    """Divide the edited text ``after`` among the segments of the text ``before``."""
    begins, parts = [first for _, first in placed], ["" for _ in placed]
    at = 0
    for piece in difference(before, after):
        if piece.change is DifferenceKind.ADDED:
            # An addition belongs to the segment in which the replaced text ended.
            parts[max(0, bisect_right(begins, at - 1) - 1)] += piece.text
            continue
        if piece.change is DifferenceKind.SAME:
            _share_out(piece.text, at, begins, parts)
        at += len(piece.text)
    return parts


def _share_out(text: str, at: int, begins: Sequence[int], parts: list[str]) -> None:
    """Divide an unchanged text, which begins at position ``at``, among its original segments."""
    for number, (begin, end) in enumerate(zip(begins, [*begins[1:], at + len(text)], strict=True)):
        if begin < at + len(text) and at < end:
            parts[number] += text[max(0, begin - at) : max(0, end - at)]


def _with_text(segment: TranscriptSegment, text: str, since_ms: int) -> TranscriptSegment:
    if segment.text == text:
        return segment
    return replace(segment, text=text, words=(), start_ms=since_ms if text else segment.start_ms)


def _segment_positions(transcript: RecordingTranscript) -> list[tuple[TranscriptSegment, int]]:
    """Return the segments that have a text, as joined into the whole text, each with its position there."""
    at = 0
    placed: list[tuple[TranscriptSegment, int]] = []
    for segment, part in zip(transcript.segments, transcript.parts, strict=True):
        if text := part.strip():
            placed.append((replace(segment, text=text), at + part.index(text)))
        at += len(part)
    return placed


def _words(segment: TranscriptSegment, first: int) -> list[TimedRange]:
    """Return the words that occur in the text; it may also have digits and punctuation that were not spoken."""
    at_ms = segment.start_ms
    return [
        TimedRange(at_ms + word.start_ms, at_ms + word.end_ms, first + word.first, first + word.last)
        for word in locate_words(segment.text, segment.words)
    ]
