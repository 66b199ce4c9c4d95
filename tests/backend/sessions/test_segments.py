"""Stages, audio and timing of one segment."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.broker.records import Record
from backend.sessions.segments import Segment, SegmentHistory, SegmentStage, Speculation, outcome
from protocol.errors import ErrorCode
from protocol.job import Ended, EndState, Failure, Result
from protocol.recognition import Timing, Word
from protocol.session import Failed, Final

FINAL = Ended(EndState.FINAL, 0)


@given(
    st.lists(st.binary(max_size=6_000).map(lambda data: data[: len(data) // 2 * 2]), max_size=20),
    st.integers(0, 9),
    st.integers(0, 60_000),
)
@example([bytes(range(256)) * 16] * 3, 3, 3_000)
def test_segment_keeps_every_sample_in_place(pieces: list[bytes], cut: int, place: int) -> None:
    segment = Segment()
    for piece in pieces:
        segment.append(piece, len(piece) // 2)
    whole = b"".join(pieces)
    assert segment.held == segment.unqueued == len(whole) // 2
    begin, end = place % (segment.held + 1), max(0, segment.held - cut)
    assert segment.piece(begin, end) == whole[2 * begin : 2 * end]
    assert segment.piece(0, segment.held) == whole
    length = max(0, segment.held - cut)
    segment.complete(length, 1.0)
    assert segment.take_audio() == whole[: 2 * length]
    assert (segment.stage, segment.held, segment.samples) == (SegmentStage.SUBMITTED, length, length)


def test_small_frames_are_merged() -> None:
    segment = Segment()
    for _ in range(10_000):
        segment.append(b"\x01\x00", 1)
    assert len(segment.pcm) < 20
    segment.complete(10_000, 1.0)
    assert segment.take_audio() == b"\x01\x00" * 10_000


def test_large_frames_are_kept_as_they_are() -> None:
    segment = Segment()
    frames = [bytes(2), bytes(2_048), bytes(2), bytes(2_048)]
    for frame in frames:
        segment.append(frame, len(frame) // 2)
    assert segment.pcm == frames


def test_queued_segment_releases_its_audio() -> None:
    segment = Segment()
    segment.append(b"\x01\x00" * 4, 4)
    segment.complete(4, 1.0)
    assert segment.unqueued == 4
    segment.enqueue(0, 2.0, 0)
    assert (segment.unqueued, segment.pcm) == (0, [])
    segment.enqueue(1, 3.0, 0)
    assert (segment.attempt, segment.queued) == (1, 3.0), "its client tried again through another gateway"
    adopted = Segment()
    adopted.enqueue(0, 2.0, 0)
    assert adopted.sent, "a cancellation must reach the broker"


def test_timings_are_durations_within_one_clock() -> None:
    segment = Segment(first_frame=10.0)
    segment.complete(0, 11.5)
    segment.enqueue(0, 11.6, 0)
    segment.end(3, Record(end=FINAL, outcome=Result("s", 3, "hi", queue_ms=100, decode_ms=200)), 12.0)
    assert segment.unconfirmed == Final(3, "hi", timing=Timing(upload=1500, queue=100, decode=200, deliver=100))
    segment.end(3, Record(end=FINAL, outcome=Result("s", 3, "hi", queue_ms=400, decode_ms=200)), 12.0)
    assert segment.unconfirmed == Final(3, "hi", timing=Timing(1500, 400, 200, 0)), "clocks differ"


@pytest.mark.parametrize(
    ("first_frame", "completed", "speculation", "upload", "deliver"),
    [
        (10.0, 11.5, None, 1_500, 0),  # the result came before the reply
        (0.0, 11.5, None, 0, 0),  # no audio
        (10.0, 0.0, None, 0, 0),  # ended through another gateway
        (10.0, 11.0, Speculation(8, 10.9), 1_000, 1_100),
        (10.0, 0.0, Speculation(8, 10.9), 0, 0),
    ],
)
def test_unknown_durations_are_zero(
    first_frame: float, completed: float, speculation: Speculation | None, upload: int, deliver: int
) -> None:
    segment = Segment(first_frame=first_frame, speculation=speculation)
    if completed:
        segment.complete(0, completed)
    segment.end(3, Record(end=FINAL, outcome=Result("s", 3, "hi", queue_ms=100, decode_ms=200)), 12.1)
    assert segment.unconfirmed == Final(3, "hi", timing=Timing(upload, 100, 200, deliver))


def test_history_survives_a_lost_job() -> None:
    segment = Segment(first_frame=10.0)
    segment.complete(8, 11.5)
    segment.enqueue(0, 11.6, 100)
    segment.enqueue(0, 15.0, 0)  # its client reconnected
    assert segment.history() == SegmentHistory(8, 0, 10.0, 11.5, 11.6, 0.0, 100, False)
    segment.restart(0)
    segment.first_frame = 20.0
    segment.complete(8, 20.5)
    segment.enqueue(0, 20.6, 0)
    assert segment.history() == SegmentHistory(8, 0, 10.0, 20.5, 11.6, 20.6, 0, False)
    segment.restart(0)
    assert segment.history() == SegmentHistory(0, 0, 10.0, 0.0, 11.6, 0.0, 0, False)


def test_history_of_early_decoding_starts_at_speculation() -> None:
    promoted, ended = Segment(first_frame=10.0), Segment(first_frame=10.0)
    for segment in (promoted, ended):
        segment.speculation = Speculation(8, 10.9)
        segment.complete(8, 11.0)
    promoted.enqueue(0, 11.1, 0)
    ended.end(3, Record(end=FINAL, outcome=Result("s", 3, "hi")), 11.2)
    for segment in (promoted, ended):
        assert segment.history() == SegmentHistory(8, 0, 10.0, 11.0, 10.9, 0.0, 0, True)


def test_final_contains_all_fields_of_result() -> None:
    words = (Word("hi", 0, 300),)
    result = Result("s", 3, "hi", 0, "en", words, "m", "w", emotion="happy", event="laughter")
    segment = Segment()
    segment.end(3, Record(end=FINAL, outcome=result), 1.0)
    assert segment.unconfirmed == Final(3, "hi", "en", words, "m", "w", emotion="happy", event="laughter")


def test_failed_contains_attempt() -> None:
    segment = Segment()
    failure = Failure("s", 3, ErrorCode.ENGINE_DIED, "it died", attempt=2, retryable=True)
    segment.end(3, Record(end=Ended(EndState.FAILED, 2), outcome=failure), 1.0)
    assert segment.unconfirmed == Failed(3, ErrorCode.ENGINE_DIED, "it died", retryable=True, attempt=2)
    assert segment.is_settled(2) and not segment.is_settled(3)
    segment.refused = True
    assert segment.is_settled(1) and not segment.is_settled(2), "another gateway may have accepted it"
    segment.end(3, Record(end=Ended(EndState.FINAL, 2), text="hi"), 2.0)
    assert segment.is_settled(2) and not segment.history().refused


def test_failure_survives_receipt_and_text_does_not() -> None:
    failed, recognised = Segment(), Segment()
    failure = Failure("s", 3, ErrorCode.ENGINE_DIED, "it died", attempt=2, retryable=True)
    failed.end(3, Record(end=Ended(EndState.FAILED, 2), outcome=failure), 1.0)
    recognised.end(3, Record(end=FINAL, outcome=Result("s", 3, "hi")), 1.0)
    for segment in (failed, recognised):
        assert segment.unreceived
        segment.receive()
        assert not segment.unreceived
    assert failed.unconfirmed == Failed(3, ErrorCode.ENGINE_DIED, "it died", retryable=True, attempt=2)
    assert recognised.unconfirmed is None
    failed.end(3, Record(end=Ended(EndState.FAILED, 3), outcome=failure), 2.0)
    assert failed.unreceived


def test_failure_without_details_is_sent() -> None:
    """Earlier versions kept only the attempt of a received failure; clients must not wait for it for ever."""
    segment = Segment()
    segment.end(3, Record(end=Ended(EndState.FAILED, 2)), 1.0)
    assert segment.unconfirmed == Failed(3, ErrorCode.INTERNAL, "it failed", retryable=True, attempt=2)


def test_final_is_settled_for_every_attempt() -> None:
    segment = Segment()
    assert not segment.is_settled(0)
    segment.end(0, Record(end=FINAL, text="hi"), 1.0)
    assert segment.is_settled(7)
    assert (segment.unconfirmed, segment.text) == (None, "hi")


def test_cancelled_segment_has_no_outcome() -> None:
    segment = Segment()
    segment.end(3, Record(end=Ended(EndState.CANCELLED, 0)), 1.0)
    assert outcome(3, segment) == ()


def test_new_attempt_discards_earlier_state() -> None:
    segment = Segment()
    segment.append(b"\x01\x00", 1)
    segment.end(0, Record(end=Ended(EndState.FAILED, 0)), 1.0)
    segment.restart(1)
    assert segment == Segment(attempt=1, sent=True)
