"""The session state machine, one rule of the protocol per test. ``test_session_world`` covers disorder."""

import pytest

from backend.broker.records import Attachment, JobQueued, Record, Reread
from backend.sessions.ledger import run_steps
from backend.sessions.segments import Acknowledge, AttachAgain, CloseConnection, Submit, Withdraw
from backend.sessions.session import LINGER_S
from protocol.audio import encode_frame
from protocol.errors import (
    CloseCode,
    ErrorCode,
    MalformedMessage,
    MessageTooLarge,
    OutOfOrder,
    ProtocolError,
)
from protocol.job import Detached, Ended, EndState, Failure, Job, Result
from protocol.recognition import Options
from protocol.session import (
    Done,
    Failed,
    Finish,
    HeldSegments,
    Hello,
    Limits,
    Missing,
    Queued,
    Received,
    SegmentBegin,
    SegmentCancel,
    SegmentEnd,
    SegmentSpeculate,
    Welcome,
)
from tests.backend.session_steps import (
    ID,
    NAME,
    NOW,
    PCM,
    TEXT,
    Make,
    ended,
    failed,
    queued,
    receiving,
    session,
    submitted,
    texts,
)


class TestHello:
    def test_second_hello_is_refused(self) -> None:
        with pytest.raises(OutOfOrder):
            session().receive(Hello(ID), NOW)

    def test_welcome_lists_held_segments_and_results_follow(self) -> None:
        made = receiving(index=5)
        records = {
            0: Record(end=Ended(EndState.FINAL, 0), outcome=Result(NAME, 0, "hi")),
            1: Record(job=0),
            2: Record(end=Ended(EndState.FINAL, 0), text="received"),
            3: Record(end=Ended(EndState.FAILED, 0), outcome=Failure(NAME, 3, ErrorCode.INTERNAL, "no")),
        }
        welcome, *results = run_steps(made.attached(Attachment(2, records), Welcome(ID, "g", durable=False), NOW))
        assert isinstance(welcome, Welcome)
        assert welcome.segments == HeldSegments({5: 100}, (1,), (0, 2, 3))
        assert results == [TEXT, Failed(3, ErrorCode.INTERNAL, "no")]
        assert made.epoch == 2


class TestFrames:
    def test_audio_is_appended(self) -> None:
        made = receiving(PCM[:100])
        assert made.frame(encode_frame(0, 50, PCM[100:]), NOW) == ()
        (job,) = made.receive(SegmentEnd(0, 100), NOW)
        assert job == Submit(Job(NAME, 0, PCM, 100))

    def test_resent_frame_skips_known_samples(self) -> None:
        made = receiving(PCM[:100])
        made.frame(encode_frame(0, 10, PCM[20:160]), NOW)
        made.frame(encode_frame(0, 0, PCM[:20]), NOW)
        made.frame(encode_frame(0, 80, PCM[160:]), NOW)
        (job,) = made.receive(SegmentEnd(0, 100), NOW)
        assert isinstance(job, Submit) and job.job.pcm == PCM

    def test_gap_is_reported_missing_once(self) -> None:
        made = receiving(PCM[:100])
        assert made.frame(encode_frame(0, 60, PCM[120:]), NOW) == [Missing(0, 50)]
        assert made.frame(encode_frame(0, 90, PCM[180:]), NOW) == ()
        made.frame(encode_frame(0, 50, PCM[100:110]), NOW)
        assert made.frame(encode_frame(0, 60, PCM[120:]), NOW) == [Missing(0, 55)]

    def test_gap_is_reported_again_after_new_connection(self) -> None:
        made = receiving(PCM[:2])
        made.frame(encode_frame(0, 60, PCM[120:]), NOW)
        run_steps(made.attached(Attachment(2, {}), Welcome(ID, "g", durable=True), NOW))
        assert made.frame(encode_frame(0, 60, PCM[120:]), NOW) == [Missing(0, 1)]

    def test_frame_is_refused_before_its_segment_begins(self) -> None:
        with pytest.raises(OutOfOrder):
            session().frame(encode_frame(0, 0, PCM), NOW)

    @pytest.mark.parametrize("data", [b"", b"1234567", bytes(9)])
    def test_malformed_frame_is_refused(self, data: bytes) -> None:
        with pytest.raises(MalformedMessage):
            receiving().frame(data, NOW)

    def test_frame_above_size_limit_is_refused(self) -> None:
        made = session(Limits(frame_bytes=1_000))
        made.receive(SegmentBegin(0), NOW)
        made.frame(encode_frame(0, 0, bytes(992)), NOW)
        with pytest.raises(MessageTooLarge):
            made.frame(encode_frame(0, 496, bytes(994)), NOW)

    @pytest.mark.parametrize("make", [submitted, queued, ended])
    def test_closed_segment_accepts_only_resent_samples(self, make: Make) -> None:
        made = make()
        assert made.frame(encode_frame(0, 0, PCM), NOW) == ()
        assert made.frame(encode_frame(0, 100, b""), NOW) == ()
        with pytest.raises(OutOfOrder, match="closed"):
            made.frame(encode_frame(0, 100, b"\x00\x00"), NOW)

    def test_segment_above_length_limit_is_refused(self) -> None:
        made = session(Limits(segment_s=1.0))
        made.receive(SegmentBegin(0), NOW)
        made.frame(encode_frame(0, 0, bytes(32_000)), NOW)
        with pytest.raises(MessageTooLarge, match="end it earlier"):
            made.frame(encode_frame(0, 16_000, bytes(2)), NOW)
        with pytest.raises(MessageTooLarge):
            made.receive(SegmentEnd(0, 16_001), NOW)

    def test_audio_beyond_limit_is_refused_until_queued(self) -> None:
        made = session(Limits(window_s=0.5, segment_s=0.5))
        for index in (0, 1):
            made.receive(SegmentBegin(index), NOW)
        made.frame(encode_frame(0, 0, bytes(16_000)), NOW)
        made.receive(SegmentEnd(0, 8_000), NOW)
        made.frame(encode_frame(1, 0, bytes(16_000)), NOW)
        made.receive(SegmentBegin(2), NOW)
        with pytest.raises(MessageTooLarge, match="not yet queued"):
            made.frame(encode_frame(2, 0, bytes(2)), NOW)
        made.submitted(0, 0, JobQueued(0), NOW)
        assert made.frame(encode_frame(2, 0, bytes(2)), NOW) == ()

    def test_refused_frame_changes_nothing(self) -> None:
        made = receiving()
        for data in (b"123", encode_frame(9, 0, PCM), bytes(70_000)):
            with pytest.raises(ProtocolError):
                made.frame(data, NOW)
        (job,) = made.receive(SegmentEnd(0, 100), NOW)
        assert isinstance(job, Submit) and job.job.pcm == PCM


class TestBegin:
    def test_repeated_begin_changes_nothing(self) -> None:
        made = receiving()
        assert made.receive(SegmentBegin(0), NOW) == ()
        assert made.unqueued == 100

    def test_higher_attempt_replaces_failed_one(self) -> None:
        made = failed()
        made.receive(SegmentBegin(0, attempt=1), NOW)
        made.frame(encode_frame(0, 0, PCM), NOW)
        (job,) = made.receive(SegmentEnd(0, 100), NOW)
        assert job == Submit(Job(NAME, 0, PCM, 100, attempt=1))

    @pytest.mark.parametrize("make", [submitted, queued])
    def test_higher_attempt_is_refused_before_failure(self, make: Make) -> None:
        with pytest.raises(OutOfOrder, match="has not failed"):
            make().receive(SegmentBegin(0, attempt=1), NOW)

    def test_higher_attempt_of_final_changes_nothing(self) -> None:
        made = ended()
        assert made.receive(SegmentBegin(0, attempt=1), NOW) == ()
        assert texts(made.receive(SegmentEnd(0, 100), NOW)) == ["hi"]

    def test_lower_attempt_is_ignored(self) -> None:
        made = failed()
        made.receive(SegmentBegin(0, attempt=2), NOW)
        made.receive(SegmentBegin(0, attempt=1), NOW)
        (job,) = made.receive(SegmentEnd(0, 0), NOW)
        assert isinstance(job, Submit) and job.job.attempt == 2

    def test_begin_beyond_finish_is_refused(self) -> None:
        made = receiving()
        made.receive(Finish(1), NOW)
        with pytest.raises(OutOfOrder):
            made.receive(SegmentBegin(1), NOW)


class TestEnd:
    def test_options_travel_with_the_job(self) -> None:
        made = session(options=Options(language="zh", model="m"))
        made.receive(SegmentBegin(0), NOW)
        (job,) = made.receive(SegmentEnd(0, 0), NOW)
        assert job == Submit(Job(NAME, 0, b"", 0, options=Options(language="zh", model="m")))

    def test_more_samples_than_held_are_missing(self) -> None:
        assert receiving().receive(SegmentEnd(0, 101), NOW) == [Missing(0, 100)]

    def test_fewer_samples_than_held_cut_the_rest_off(self) -> None:
        made = receiving()
        (job,) = made.receive(SegmentEnd(0, 99), NOW)
        assert job == Submit(Job(NAME, 0, PCM[:198], 99))
        assert made.history(0).samples == 99

    def test_history_has_length_once_segment_is_complete(self) -> None:
        assert receiving().history(0).samples == 0
        assert [made.history(0).samples for made in (submitted(), queued(), ended(), failed())] == [100] * 4

    def test_repeated_end_is_answered_by_current_state(self) -> None:
        end = SegmentEnd(0, 100)
        assert submitted().receive(end, NOW) == ()
        assert queued().receive(end, NOW) == [Queued(0)]
        assert texts(ended().receive(end, NOW)) == ["hi"]
        (message,) = failed().receive(end, NOW)
        assert isinstance(message, Failed)
        stored = ended()
        stored.receive(Received(0), NOW)
        assert stored.receive(end, NOW) == [TEXT]

    def test_end_of_unknown_segment_is_refused(self) -> None:
        with pytest.raises(OutOfOrder):
            session().receive(SegmentEnd(0, 0), NOW)


class TestCancel:
    @pytest.mark.parametrize("make", [receiving, submitted, queued, ended, failed])
    def test_cancel_withdraws_segment_at_every_stage(self, make: Make) -> None:
        made = make()
        assert made.receive(SegmentCancel(0), NOW) == [Withdraw(0, 0, sent=make is not receiving)]
        assert made.receive(SegmentCancel(0), NOW) == ()
        assert made.unqueued == 0
        assert made.noticed(Result(NAME, 0, "hi"), NOW) == []
        assert made.submitted(0, 0, JobQueued(0), NOW) == []
        assert made.receive(Finish(1), NOW) == [Done(1, ""), CloseConnection(CloseCode.NORMAL)]

    def test_cancelling_unknown_segment_sends_nothing_to_broker(self) -> None:
        made = session()
        assert made.receive(SegmentCancel(3), NOW) == []
        assert made.receive(SegmentBegin(3, attempt=1), NOW) == ()

    def test_cancelling_later_attempt_withdraws_it(self) -> None:
        made = failed()
        made.receive(SegmentBegin(0, attempt=1), NOW)
        assert made.receive(SegmentCancel(0), NOW) == [Withdraw(0, 1)]

    def test_cancelling_withdraws_a_speculation(self) -> None:
        made = receiving()
        made.receive(SegmentSpeculate(0, 50), NOW)
        assert made.receive(SegmentCancel(0), NOW) == [Withdraw(0, 0)]


class TestFinish:
    def test_done_follows_last_end_and_close_follows_last_receipt(self) -> None:
        made = queued()
        assert made.receive(Finish(1), NOW) == []
        assert made.noticed(Result(NAME, 0, "hi"), NOW)[1:] == [Done(1, "hi")]
        assert made.receive(Received(0), NOW) == [Acknowledge(0), CloseConnection(CloseCode.NORMAL)]

    def test_connection_closes_after_linger_without_receipts(self) -> None:
        made = ended()
        made.receive(Finish(1), NOW)
        assert made.tick(NOW + LINGER_S - 0.1) == []
        assert made.tick(NOW + LINGER_S) == [CloseConnection(CloseCode.NORMAL)]
        assert made.tick(NOW + 2 * LINGER_S) == []

    def test_finish_closes_at_once_when_results_were_received(self) -> None:
        made = ended()
        made.receive(Received(0), NOW)
        assert made.receive(Finish(1), NOW) == [Done(1, "hi"), CloseConnection(CloseCode.NORMAL)]

    def test_session_is_over_once_everything_has_ended_and_was_received(self) -> None:
        made = queued()
        over = [made.over]
        made.receive(Finish(1), NOW)
        over.append(made.over)
        made.noticed(Result(NAME, 0, "hi"), NOW)
        over.append(made.over)
        made.receive(Received(0), NOW)
        assert [*over, made.over] == [False, False, False, True]

    def test_empty_session_is_done_at_once(self) -> None:
        assert session().receive(Finish(0), NOW) == [Done(0, ""), CloseConnection(CloseCode.NORMAL)]

    def test_failed_segment_allows_done_and_a_later_attempt(self) -> None:
        made = failed()
        assert made.receive(Finish(1), NOW) == [Done(1, "")]
        made.receive(SegmentBegin(0, attempt=1), NOW)
        assert made.tick(NOW + LINGER_S) == []
        made.receive(SegmentEnd(0, 0), NOW)
        outputs = made.noticed(Result(NAME, 0, "hi", attempt=1), NOW)
        assert texts(outputs) == ["hi"] and outputs[1:] == [Done(1, "hi")]

    def test_finish_below_number_of_segments_is_refused(self) -> None:
        with pytest.raises(OutOfOrder, match="segment 3 has begun"):
            receiving(index=3).receive(Finish(3), NOW)

    def test_finish_with_huge_count_is_cheap(self) -> None:
        assert ended().receive(Finish(2**32 - 1), NOW) == []

    def test_finish_must_be_repeated_after_new_connection(self) -> None:
        made = queued()
        made.receive(Finish(1), NOW)
        run_steps(made.attached(Attachment(2, {0: Record(job=0)}), Welcome(ID, "g", durable=True), NOW))
        assert made.noticed(Result(NAME, 0, "hi"), NOW)[1:] == []
        assert made.receive(Finish(1), NOW) == [Done(1, "hi")]


class TestReceived:
    def test_received_result_is_acknowledged_once(self) -> None:
        made = ended()
        assert made.receive(Received(0), NOW) == [Acknowledge(0)]
        assert made.receive(Received(0), NOW) == ()

    def test_received_failure_is_reported_again_on_reconnect(self) -> None:
        made = failed()
        assert made.receive(Received(0), NOW) == [Acknowledge(0)]
        for _ in range(2):
            _, message = run_steps(made.attached(Attachment(2, {}), Welcome(ID, "g", durable=True), NOW))
            assert message == Failed(0, ErrorCode.ENGINE_FAILED, "no", retryable=True)
            assert made.receive(Received(0), NOW) == ()

    def test_received_failure_does_not_keep_session_open(self) -> None:
        made = failed()
        made.receive(Received(0), NOW)
        run_steps(made.attached(Attachment(2, {}), Welcome(ID, "g", durable=True), NOW))
        assert not made.over
        assert made.receive(Finish(1), NOW) == [Done(1, ""), CloseConnection(CloseCode.NORMAL)]
        assert made.over

    def test_failure_received_by_other_gateway_can_be_retried(self) -> None:
        failure = Failure(NAME, 0, ErrorCode.ENGINE_FAILED, "no", attempt=2, retryable=True)
        made = session()
        records = {0: Record(end=Ended(EndState.FAILED, 2), outcome=failure)}
        run_steps(made.attached(Attachment(2, records), Welcome(ID, "g", durable=True), NOW))
        made.receive(SegmentBegin(0, attempt=3), NOW)
        made.frame(encode_frame(0, 0, PCM), NOW)
        (job,) = made.receive(SegmentEnd(0, 100), NOW)
        assert job == Submit(Job(NAME, 0, PCM, 100, attempt=3))

    @pytest.mark.parametrize("make", [session, receiving, queued])
    def test_received_is_ignored_before_segment_ends(self, make: Make) -> None:
        assert make().receive(Received(0), NOW) == ()


class TestReread:
    def test_session_that_is_attached_again_is_not_taken_over_by_itself(self) -> None:
        made = session()
        run_steps(made.reattached(Attachment(3, {}), NOW))
        assert made.epoch == 3
        assert made.noticed(Detached(NAME, "other", 3), NOW) == []
        assert CloseConnection(CloseCode.TAKEN_OVER) in made.noticed(Detached(NAME, "other", 4), NOW)

    def test_later_hello_on_other_gateway_takes_session_over(self) -> None:
        outputs = session().reread(Reread("other", 7, {}), NAME, NOW)
        assert CloseConnection(CloseCode.TAKEN_OVER) in outputs

    def test_session_attaches_again_after_broker_rollback(self) -> None:
        """The broker names the previous gateway; without another hello, results would arrive only by polling."""
        assert session().reread(Reread("before", 0, {}), NAME, NOW) == [AttachAgain()]

    def test_forgotten_session_is_attached_again(self) -> None:
        assert session().reread(Reread("", 0, {}), NAME, NOW) == [AttachAgain()]
