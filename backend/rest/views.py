"""Convert values of the history to their HTTP representation. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from backend.history.records import Hit, StoredSegment, StoredSession, Usage
from protocol.audio import samples_to_ms, samples_to_seconds
from protocol.captions import captions
from protocol.errors import ErrorCode
from protocol.rest import (
    DayUsage,
    ErrorDetail,
    Progress,
    SearchHit,
    SegmentState,
    SegmentView,
    SessionView,
)
from protocol.spans import without_replaced
from protocol.subtitles import Cue
from protocol.texts import TimedText, join_pieces, joined_parts

_MARK: Final = ": "


def reason_of(code: ErrorCode, message: str) -> str:
    """Encode an error as the ``reason`` of a session."""
    return f"{code}{_MARK}{message}"


def error_of(reason: str) -> ErrorDetail | None:
    """Decode the error in a session's ``reason``; ``None``: no error."""
    if not reason:
        return None
    code, mark, message = reason.partition(_MARK)
    known = mark and code in ErrorCode.__members__.values()
    return ErrorDetail(ErrorCode(code), message) if known else ErrorDetail(ErrorCode.INTERNAL, reason)


def session_view(stored: StoredSession, here: bool = False) -> SessionView:
    """Convert a session, without its text."""
    return SessionView(
        id=stored.id,
        kind=stored.kind,
        state=stored.state,
        owner=stored.owner,
        started=moment_of(stored.started_ms),
        changed=moment_of(stored.changed_ms),
        progress=Progress(
            stored.segments, stored.finals, stored.failed, round(samples_to_seconds(stored.samples), 3)
        ),
        name=stored.name,
        error=error_of(stored.reason),
        device=stored.device,
        tenant=stored.tenant,
        client=stored.client,
        options=stored.options,
        here=here,
        truncated=stored.truncated,
    )


def segment_view(stored: StoredSegment) -> SegmentView:
    """Convert a segment with its text, or the reason why it has none."""
    return SegmentView(
        segment=stored.segment,
        state=stored.state,
        text=stored.text,
        start_ms=stored.at_ms,
        duration_ms=samples_to_ms(stored.samples),
        language=stored.language,
        words=stored.words,
        model=stored.model,
        worker=stored.worker,
        queue_ms=stored.queue_ms,
        decode_ms=stored.decode_ms,
        code=stored.code,
        message=stored.message,
        replaces=stored.replaces,
    )


def without_replaced_segments(segments: Iterable[StoredSegment]) -> list[StoredSegment]:
    """Return the segments that make up a session: a recognised second pass instead of what it replaces."""
    known = {segment.segment: segment for segment in segments}
    spans = {n: one.replaces for n, one in known.items() if one.replaces and one.state is SegmentState.FINAL}
    return [known[n] for n in without_replaced(known, spans)]


def text_of(segments: Iterable[StoredSegment]) -> str:
    """Return the joined texts of a session."""
    return join_pieces(map(timed_text, without_replaced_segments(segments)))


def timed_text(segment: StoredSegment) -> TimedText:
    """Return the text of a segment with its times."""
    end_ms = None if segment.at_ms is None else segment.at_ms + samples_to_ms(segment.samples)
    return TimedText(segment.text.strip(), segment.at_ms, end_ms)


def cues_of(segments: Sequence[StoredSegment]) -> Iterator[Cue] | None:
    """Return the subtitles of a session; ``None``: the times are unknown."""
    segments = without_replaced_segments(segments)
    if any(segment.at_ms is None for segment in segments):
        return None
    return chain.from_iterable(map(_cues, segments, joined_parts(map(timed_text, segments))))


def _cues(segment: StoredSegment, text: str) -> Iterator[Cue]:
    begin_ms = segment.at_ms or 0
    return captions(Cue(begin_ms, begin_ms + samples_to_ms(segment.samples), text), segment.words)


def hit_view(hit: Hit, here: bool = False) -> SearchHit:
    """Convert a segment that a search found."""
    view = session_view(hit.session, here)
    return SearchHit(view, hit.segment, hit.excerpt, moment_of(hit.ended_ms), hit.ranges, hit.at_ms)


def usage_view(usage: Usage) -> DayUsage:
    """Convert the usage of one key on one day."""
    return DayUsage(
        day=usage.day,
        owner=usage.owner,
        tenant=usage.tenant,
        sessions=usage.sessions,
        segments=usage.segments,
        failed=usage.failed,
        audio_s=round(samples_to_seconds(usage.samples), 3),
        characters=usage.characters,
    )


def moment_of(ms: int) -> datetime:
    """Return a time of the history as a UTC ``datetime``."""
    return datetime.fromtimestamp(ms / 1000, UTC)
