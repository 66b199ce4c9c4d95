"""Test the conversion of the history's values for HTTP."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from backend.history import records
from backend.history.records import Hit, StoredSegment, StoredSession, Usage
from backend.rest.views import (
    cues_of,
    error_of,
    hit_view,
    reason_of,
    segment_view,
    session_view,
    text_of,
    timed_text,
    usage_view,
)
from protocol import rest
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.rest import ErrorDetail, Progress
from protocol.subtitles import Cue
from protocol.texts import TimedText

STORED = StoredSession(
    number=7,
    id="s",
    kind=rest.SessionKind.FILE,
    state=rest.SessionState.FAILED,
    owner="o",
    device="d",
    tenant="t",
    client="c",
    name="n",
    reason="audio_invalid: it is damaged: copy it again",
    options=Options(),
    started_ms=1_000,
    changed_ms=61_500,
    segments=3,
    finals=2,
    failed=1,
    samples=24_000,
)
SEGMENTS = (
    StoredSegment(0, 0, rest.SegmentState.FINAL, 16_000, 500, text="one"),
    StoredSegment(1, 0, rest.SegmentState.FAILED, 8_000, 2_000, code=ErrorCode.ENGINE_DIED, message="thrice"),
    StoredSegment(2, 0, rest.SegmentState.FINAL, 8_000, 2_500, text="two"),
)


@pytest.mark.parametrize("name", ["SessionKind", "SessionState", "SegmentState"])
def test_states_have_the_same_names_in_the_history_and_over_http(name: str) -> None:
    assert {str(one) for one in getattr(records, name)} == {str(one) for one in getattr(rest, name)}


def test_session_view_has_progress_and_error() -> None:
    view = session_view(STORED, here=True)
    assert (view.state, view.kind, view.here) == (rest.SessionState.FAILED, rest.SessionKind.FILE, True)
    assert view.started == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert view.progress == Progress(3, 2, 1, 1.5)
    assert view.error == ErrorDetail(ErrorCode.AUDIO_INVALID, "it is damaged: copy it again")


def test_reason_decodes_to_its_error() -> None:
    assert error_of(reason_of(ErrorCode.UNSUPPORTED, "convert it")) == ErrorDetail(
        ErrorCode.UNSUPPORTED, "convert it"
    )
    assert error_of("") is None
    assert error_of("what another version wrote") == ErrorDetail(ErrorCode.INTERNAL, "what another version wrote")


def test_segment_view_has_text_or_error() -> None:
    segments = [segment_view(segment) for segment in SEGMENTS]
    assert [segment.code for segment in segments] == [None, ErrorCode.ENGINE_DIED, None]
    assert (segments[2].text, segments[2].start_ms, segments[2].duration_ms) == ("two", 2_500, 500)
    assert text_of(SEGMENTS) == "one two"
    assert [timed_text(one) for one in (SEGMENTS[0], replace(SEGMENTS[0], at_ms=None))] == [
        TimedText("one", 500, 1_500),
        TimedText("one", None, None),
    ]


def test_subtitles_require_known_times() -> None:
    cues = cues_of(SEGMENTS)
    assert cues is not None and [*cues] == [
        Cue(500, 1_500, "one"),
        Cue(2_500, 3_000, "two"),
    ]
    assert cues_of((StoredSegment(0, 0, rest.SegmentState.FINAL, 16_000, text="one"),)) is None


def test_hits_and_usage_are_converted() -> None:
    hit = hit_view(Hit(STORED, 2, 2_500, 61_000, "two", ((0, 3),)))
    assert (hit.segment, hit.excerpt, hit.ranges, hit.start_ms) == (2, "two", ((0, 3),), 2_500)
    used = usage_view(Usage(date(2026, 3, 1), "o", "t", 1, 3, 1, 24_000, 6))
    assert (used.audio_s, used.characters, used.failed) == (1.5, 6, 1)


def test_recognised_second_pass_replaces_its_pieces_in_text_and_subtitles() -> None:
    pieces = [
        StoredSegment(n, 0, rest.SegmentState.FINAL, 16_000, 1_000 * n, text=text)
        for n, text in enumerate(("one", "two", "three"))
    ]
    span = StoredSegment(3, 0, rest.SegmentState.FINAL, 32_000, 0, text="won too", replaces=(0, 1))
    assert text_of([*pieces, span]) == "won too three"
    cues = cues_of([*pieces, span])
    assert cues is not None and [cue.text for cue in cues] == ["won too", "three"]
    failed = StoredSegment(3, 0, rest.SegmentState.FAILED, 32_000, 0, replaces=(0, 1))
    assert text_of([*pieces, failed]) == "one two three"
