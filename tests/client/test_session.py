"""Rules of the session, one test each; ``test_session_model.py`` combines them at random."""

from typing import Any
from uuid import UUID

import pytest

from client.events import Retrying
from client.segment import AudioPiece, Outgoing
from client.session import MOST_ATTEMPTS, Session
from protocol.audio import FRAME_SAMPLES, SAMPLE_RATE
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.session import (
    Busy,
    Done,
    Error,
    Failed,
    Final,
    Finish,
    HeldSegments,
    Limits,
    Missing,
    Partial,
    Queued,
    Received,
    SegmentBegin,
    SegmentCancel,
    SegmentEnd,
    Welcome,
)
from tests.client.model_gateway import WINDOW_S

ID = UUID(int=7)


def connected(welcome: Welcome | None = None, session: Session | None = None) -> Session:
    session = session or Session(ID, Options())
    session.hello()
    session.receive(welcome or Welcome(ID, "g", True))
    return session


def spoken(session: Session, segment: int, samples: int) -> None:
    session.begin(segment, at_ms=segment * 1000)
    session.append(segment, samples)
    session.end(segment)


def all_sent(session: Session) -> list[Outgoing]:
    return list(iter(session.next, None))


def with_sent_segment() -> Session:
    """Return a connected session that has sent segment 0, of three samples."""
    session = connected()
    spoken(session, 0, 3)
    all_sent(session)
    return session


def knows(
    *, receiving: dict[int, int] | None = None, queued: tuple[int, ...] = (), ended: tuple[int, ...] = ()
) -> Welcome:
    return Welcome(ID, "g", True, segments=HeldSegments(receiving or {}, queued, ended))


def test_session_sends_nothing_before_welcome() -> None:
    session = Session(ID, Options())
    spoken(session, 0, 10)
    session.hello()
    assert session.next() is None


def test_every_hello_but_the_first_is_a_resume() -> None:
    session = Session(ID, Options(language="zh"), client="test")
    first, second = session.hello(), session.hello()
    assert (first.resume, second.resume) == (False, True)
    assert (first.session, first.options.language, first.client) == (ID, "zh", "test")


def test_segment_is_sent_in_frames_with_remainder_at_end() -> None:
    session = connected()
    spoken(session, 0, 2 * FRAME_SAMPLES + 7)
    assert all_sent(session) == [
        SegmentBegin(0, 0, 0),
        AudioPiece(0, 0, FRAME_SAMPLES),
        AudioPiece(0, FRAME_SAMPLES, FRAME_SAMPLES),
        AudioPiece(0, 2 * FRAME_SAMPLES, 7),
        SegmentEnd(0, 2 * FRAME_SAMPLES + 7),
    ]


def test_open_segment_sends_whole_frames_only() -> None:
    session = connected()
    session.begin(0, 0)
    session.append(0, FRAME_SAMPLES + 1)
    assert all_sent(session) == [SegmentBegin(0), AudioPiece(0, 0, FRAME_SAMPLES)]


def test_resume_sends_only_missing_audio() -> None:
    session = connected()
    for number in range(4):
        spoken(session, number, 2 * FRAME_SAMPLES)
    all_sent(session)
    session.reset_connection()
    connected(knows(receiving={2: FRAME_SAMPLES}, queued=(1,), ended=(0,)), session)
    assert all_sent(session) == [
        AudioPiece(2, FRAME_SAMPLES, FRAME_SAMPLES),
        SegmentEnd(2, 2 * FRAME_SAMPLES),
        SegmentBegin(3, 3000),
        AudioPiece(3, 0, FRAME_SAMPLES),
        AudioPiece(3, FRAME_SAMPLES, FRAME_SAMPLES),
        SegmentEnd(3, 2 * FRAME_SAMPLES),
    ]
    assert session.open == (0, 1, 2, 3)


def test_first_final_wins_and_repeats_are_acknowledged_again() -> None:
    session = connected()
    spoken(session, 0, 5)
    all_sent(session)
    assert session.receive(Final(0, "first")) == [Final(0, "first")]
    assert session.receive(Final(0, "twin")) == []
    assert all_sent(session) == []  # not yet on disk here
    session.confirm_stored(0)
    assert all_sent(session) == [Received(0)]
    assert session.receive(Final(0, "twin")) == []
    assert all_sent(session) == [Received(0)]


def test_missing_rewinds_to_the_named_sample() -> None:
    session = connected()
    spoken(session, 0, 3 * FRAME_SAMPLES)
    session.receive(Missing(0, FRAME_SAMPLES))
    assert all_sent(session)[0] == AudioPiece(0, 0, FRAME_SAMPLES), "audio that was never sent is not skipped"
    session.receive(Missing(0, FRAME_SAMPLES))
    assert all_sent(session) == [
        AudioPiece(0, FRAME_SAMPLES, FRAME_SAMPLES),
        AudioPiece(0, 2 * FRAME_SAMPLES, FRAME_SAMPLES),
        SegmentEnd(0, 3 * FRAME_SAMPLES),
    ]


def test_missing_after_queued_restarts_segment() -> None:
    session = with_sent_segment()
    assert session.receive(Queued(0)) == [Queued(0)]
    assert session.unsent_samples == 0
    session.receive(Missing(0, 0))
    assert session.unsent_samples == 3
    assert all_sent(session) == [SegmentBegin(0), AudioPiece(0, 0, 3), SegmentEnd(0, 3)]


def test_missing_for_segment_with_text_is_answered_by_cancel() -> None:
    session = with_sent_segment()
    session.receive(Final(0, "x"))
    session.receive(Missing(0, 0))
    session.receive(Missing(9, 0))
    assert all_sent(session) == [SegmentCancel(0)]


def test_window_limits_unqueued_audio() -> None:
    window = Welcome(ID, "g", True, limits=Limits(window_s=WINDOW_S))
    session = connected(window)
    second = SAMPLE_RATE
    for number in range(3):
        spoken(session, number, second * 3 // 4)
    sent = [piece for piece in all_sent(session) if isinstance(piece, AudioPiece)]
    assert sum(piece.samples for piece in sent) <= second
    assert {piece.segment for piece in sent} == {0, 1}
    session.receive(Queued(0))
    assert {piece.segment for piece in all_sent(session) if isinstance(piece, AudioPiece)} == {1, 2}


def test_window_has_room_for_what_the_gateway_asks_for_again() -> None:
    session = connected(Welcome(ID, "g", True, limits=Limits(window_s=WINDOW_S)))
    for number in range(2):
        spoken(session, number, SAMPLE_RATE // 2)
    assert all_sent(session)[-1] == SegmentEnd(1, SAMPLE_RATE // 2)
    session.receive(Missing(1, 0))
    assert all_sent(session)[-1] == SegmentEnd(1, SAMPLE_RATE // 2)


def test_window_limits_what_is_sent_again_to_a_new_broker() -> None:
    window = Welcome(ID, "g", True, limits=Limits(window_s=WINDOW_S))
    session = connected(window)
    for number in range(3):
        spoken(session, number, SAMPLE_RATE * 3 // 4)
        all_sent(session)
        session.receive(Queued(number))
    sent = [piece for piece in all_sent(connected(window, session)) if isinstance(piece, AudioPiece)]
    assert sum(piece.samples for piece in sent) <= SAMPLE_RATE


def test_segment_longer_than_window_is_sent() -> None:
    session = connected(Welcome(ID, "g", True, limits=Limits(window_s=0.5)))
    spoken(session, 0, SAMPLE_RATE)
    spoken(session, 1, SAMPLE_RATE)
    assert all_sent(session)[-1] == SegmentEnd(0, SAMPLE_RATE)
    session.receive(Queued(0))
    assert all_sent(session)[-1] == SegmentEnd(1, SAMPLE_RATE)


def test_retryable_failure_starts_higher_attempts_then_is_reported() -> None:
    session = connected()
    spoken(session, 0, 3)
    for attempt in range(MOST_ATTEMPTS):
        assert all_sent(session) == [SegmentBegin(0, 0, attempt), AudioPiece(0, 0, 3), SegmentEnd(0, 3)]
        failed = Failed(0, ErrorCode.ENGINE_DIED, "x", retryable=True, attempt=attempt)
        last = attempt == MOST_ATTEMPTS - 1
        assert session.receive(failed) == [failed if last else Retrying(0, attempt + 1, ErrorCode.ENGINE_DIED)]
    assert session.open == ()


def test_resumed_session_retries_segment_that_earlier_process_gave_up() -> None:
    session = Session(ID, Options(), resume=True)
    spoken(session, 0, 3)
    connected(knows(ended=(0,)), session)
    assert all_sent(session) == []
    for attempt in range(MOST_ATTEMPTS - 1, 2 * MOST_ATTEMPTS - 1):
        failed = Failed(0, ErrorCode.ENGINE_DIED, "x", retryable=True, attempt=attempt)
        last = attempt == 2 * MOST_ATTEMPTS - 2
        assert session.receive(failed) == [failed if last else Retrying(0, attempt + 1, ErrorCode.ENGINE_DIED)]
        begun = [SegmentBegin(0, 0, attempt + 1), AudioPiece(0, 0, 3), SegmentEnd(0, 3)]
        assert all_sent(session) == ([] if last else begun)


def test_stored_failure_is_acknowledged_again_without_retry() -> None:
    session = connected()
    spoken(session, 0, 3)
    failed = Failed(0, ErrorCode.ENGINE_DIED, "x", attempt=2)
    session.receive(failed)
    session.confirm_stored(0)
    session.reset_connection()
    connected(knows(ended=(0,)), session)
    assert session.receive(failed) == []
    assert all_sent(session) == [Received(0)]


def test_permanent_failure_is_reported_at_once() -> None:
    session = connected()
    spoken(session, 0, 3)
    failed = Failed(0, ErrorCode.AUDIO_INVALID, "x")
    assert session.receive(failed) == [failed]
    assert session.receive(failed) == []


def test_repeated_old_failure_uses_no_attempt() -> None:
    session = with_sent_segment()
    session.receive(failed := Failed(0, ErrorCode.ENGINE_DIED, "x", retryable=True))
    all_sent(session)
    assert session.receive(failed) == []
    assert all_sent(session) == []


def test_lost_attempt_is_started_again_after_resume() -> None:
    session = with_sent_segment()
    session.receive(failed := Failed(0, ErrorCode.ENGINE_DIED, "x", retryable=True))
    session.reset_connection()
    connected(knows(ended=(0,)), session)
    assert all_sent(session) == []
    assert session.receive(failed) == []
    assert all_sent(session) == [SegmentBegin(0, 0, 1), AudioPiece(0, 0, 3), SegmentEnd(0, 3)]
    assert session.receive(Queued(0)) == [Queued(0)]
    assert session.receive(failed) == []
    assert session.receive(Queued(0)) == [], "a repeated old failure undoes nothing"


@pytest.mark.parametrize("held", [{"receiving": {0: 1}}, {"queued": (0,)}])
def test_failure_of_earlier_attempt_held_since_resume_starts_the_next(held: dict[str, Any]) -> None:
    session = with_sent_segment()
    session.receive(failed := Failed(0, ErrorCode.ENGINE_DIED, "x", retryable=True))
    session.reset_connection()
    connected(knows(**held), session)
    all_sent(session)
    assert session.receive(failed) == []
    assert all_sent(session) == [SegmentBegin(0, 0, 1), AudioPiece(0, 0, 3), SegmentEnd(0, 3)]
    assert session.receive(failed) == [] and all_sent(session) == []


def test_queued_of_earlier_attempt_does_not_stop_the_next() -> None:
    session = with_sent_segment()
    session.receive(Failed(0, ErrorCode.ENGINE_DIED, "x", retryable=True))
    assert session.receive(Queued(0)) == []
    assert all_sent(session)[-1] == SegmentEnd(0, 3)


def test_new_broker_gets_open_segments_and_cancels_of_settled_ones() -> None:
    session = connected()
    for number in range(3):
        spoken(session, number, 3)
    all_sent(session)
    session.receive(Final(0, "x"))
    session.receive(Queued(1))
    session.finish()
    session.reset_connection()
    connected(session=session)
    sent = all_sent(session)
    assert sent[0] == SegmentCancel(0)
    assert [message.segment for message in sent if isinstance(message, SegmentBegin)] == [1, 2]


def test_finish_is_sent_once_all_ended_and_again_after_reconnect() -> None:
    session = connected()
    assert not session.finished, "the speaker may go on"
    spoken(session, 0, 3)
    session.finish()
    assert Finish(1) not in all_sent(session)
    session.receive(Done(1, "too early"))
    assert session.done is None
    session.receive(Final(0, "x"))
    session.confirm_stored(0)
    assert all_sent(session) == [Received(0), Finish(1)]
    session.reset_connection()
    connected(knows(ended=(0,)), session)
    assert all_sent(session) == [Finish(1)]
    session.receive(Done(1, "x"))
    assert session.done == Done(1, "x")


def test_cancelled_segment_gets_no_result() -> None:
    session = with_sent_segment()
    assert session.cancel(0) == 3
    assert session.cancel(0) == 0
    assert all_sent(session) == [SegmentCancel(0)]
    assert session.receive(Final(0, "late")) == []
    assert session.receive(Partial(0, 1, "late")) == []
    assert all_sent(session) == [Received(0)]


@pytest.mark.parametrize("welcome", [knows(queued=(0,)), knows(receiving={0: 3}), knows(), knows(ended=(0,))])
def test_segment_cancelled_offline_is_cancelled_at_resume_unless_ended(welcome: Welcome) -> None:
    session = with_sent_segment()
    session.reset_connection()
    session.cancel(0)
    assert all_sent(connected(welcome, session)) == ([] if welcome.segments.ended else [SegmentCancel(0)])


def test_session_stores_error_and_forwards_busy() -> None:
    session = connected()
    error, busy = Error(ErrorCode.BUSY, "later"), Busy("no_worker")
    assert session.receive(error) == []
    assert session.error == error
    assert session.receive(busy) == [busy]


def test_session_forwards_partials_of_open_segments() -> None:
    session = connected()
    spoken(session, 0, 3)
    assert session.receive(Partial(0, 1, "he")) == [Partial(0, 1, "he")]


def test_segment_numbers_must_go_up_by_one() -> None:
    session = Session(ID, Options())
    with pytest.raises(ValueError, match="0 is next"):
        session.begin(1, 0)
    session.finish()
    with pytest.raises(ValueError, match="finishing"):
        session.begin(0, 0)


def test_audio_after_result_is_ignored() -> None:
    session = connected()
    spoken(session, 0, 3)
    session.receive(Final(0, "x"))
    session.append(0, 5)
    session.end(0)
    assert session.held_samples == 0
