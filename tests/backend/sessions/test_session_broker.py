"""The session state machine and the replies and notices of the broker."""

from backend.broker.records import Attachment, JobQueued, Record, Reread, SessionGone
from backend.sessions.ledger import run_steps
from backend.sessions.segments import AttachAgain, CloseConnection, ReadAgain
from backend.sessions.session import READ_AGAIN_AFTER_S
from protocol.errors import (
    CloseCode,
    ErrorCode,
)
from protocol.job import Detached, Ended, EndState, Result
from protocol.session import (
    Error,
    Missing,
    Queued,
    SegmentBegin,
    SegmentEnd,
)
from tests.backend.session_steps import NAME, NOW, ended, failed, queued, receiving, session, submitted, texts


class TestBroker:
    def test_client_gets_queued_once_broker_has_segment(self) -> None:
        made = submitted()
        assert made.submitted(0, 0, JobQueued(32_000), NOW) == [Queued(0, ahead_s=2.0)]
        assert made.unqueued == 0

    def test_result_may_arrive_before_submit_reply(self) -> None:
        made = submitted()
        assert texts(made.noticed(Result(NAME, 0, "hi"), NOW)) == ["hi"]
        assert made.submitted(0, 0, JobQueued(0), NOW) == []
        assert made.unqueued == 0

    def test_submission_of_ended_segment_returns_its_result(self) -> None:
        record = Record(end=Ended(EndState.FINAL, 0), outcome=Result(NAME, 0, "hi"))
        assert texts(submitted().submitted(0, 0, record, NOW)) == ["hi"]

    def test_reply_to_older_attempt_is_ignored(self) -> None:
        made = failed()
        made.receive(SegmentBegin(0, attempt=1), NOW)
        made.receive(SegmentEnd(0, 0), NOW)
        assert made.submitted(0, 0, JobQueued(0), NOW) == []
        assert made.submitted(0, 1, JobQueued(0), NOW) == [Queued(0)]

    def test_session_attaches_again_when_broker_forgot_it(self) -> None:
        assert submitted().submitted(0, 0, SessionGone(), NOW) == [AttachAgain(), Missing(0, 0)]
        assert queued().reread(Reread("", 0, {}), "g", NOW) == [AttachAgain()]
        assert run_steps(queued().reattached(Attachment(1, {}), NOW)) == [Missing(0, 0)]

    def test_segment_refused_by_broker_is_requested_again(self) -> None:
        made = submitted()
        assert made.unsubmitted(0, 0) == [Missing(0, 0)]
        assert made.unsubmitted(0, 0) == []
        assert made.unqueued == 0

    def test_lost_job_is_requested_from_first_sample(self) -> None:
        assert queued().reread(Reread("g", 1, {0: Record()}), "g", NOW) == [Missing(0, 0)]

    def test_result_with_lost_notice_is_found_by_reread(self) -> None:
        record = Record(end=Ended(EndState.FINAL, 0), outcome=Result(NAME, 0, "hi"))
        assert texts(queued().reread(Reread("g", 1, {0: record}), "g", NOW)) == ["hi"]

    def test_queued_segment_keeps_waiting_after_reread(self) -> None:
        assert queued().reread(Reread("g", 1, {0: Record(job=0)}), "g", NOW) == []

    def test_session_taken_over_by_other_gateway_closes(self) -> None:
        taken_over = [Error(ErrorCode.TAKEN_OVER, "another connection now speaks for this session")]
        assert queued().noticed(Detached(NAME, "h", 2), NOW) == [
            *taken_over,
            CloseConnection(CloseCode.TAKEN_OVER),
        ]
        assert queued().noticed(Detached(NAME, "h", 1), NOW) == []
        assert queued().reread(Reread("h", 2, {}), "g", NOW) == [
            *taken_over,
            CloseConnection(CloseCode.TAKEN_OVER),
        ]

    def test_notices_of_unknown_segments_are_ignored(self) -> None:
        assert session().noticed(Result(NAME, 0, "hi"), NOW) == []

    def test_second_result_is_ignored(self) -> None:
        assert ended().noticed(Result(NAME, 0, "other"), NOW) == []

    def test_result_of_retried_dead_letter_is_sent(self) -> None:
        assert texts(failed().noticed(Result(NAME, 0, "hi", attempt=1), NOW)) == ["hi"]


class TestTime:
    def test_queued_segment_is_reread_at_intervals(self) -> None:
        made = queued()
        assert made.tick(NOW + READ_AGAIN_AFTER_S - 0.1) == []
        assert made.tick(NOW + READ_AGAIN_AFTER_S) == [ReadAgain((0,))]
        assert made.tick(NOW + READ_AGAIN_AFTER_S + 0.1) == []
        assert made.tick(NOW + 2 * READ_AGAIN_AFTER_S) == [ReadAgain((0,))]

    def test_new_subscription_rereads_queued_segments(self) -> None:
        assert queued().read_queued_again(NOW) == [ReadAgain((0,))]
        assert receiving().read_queued_again(NOW) == []
        assert ended().read_queued_again(NOW) == []
