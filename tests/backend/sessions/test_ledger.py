"""All segments of one session."""

from uuid import UUID

import pytest

from backend.broker.records import Attachment, Record
from backend.sessions.ledger import MOST_OPEN, MOST_SEGMENTS, STEP, Ledger, join_held, run_steps
from backend.sessions.segments import Output, SegmentStage
from protocol.errors import ErrorCode, MessageTooLarge, OutOfOrder
from protocol.job import Ended, EndState, Failure, Result
from protocol.session import LIMITS, Final, HeldSegments, Missing, MoreHeld, Welcome, encode

FINAL, FAILED, CANCELLED = (Ended(state, 0) for state in (EndState.FINAL, EndState.FAILED, EndState.CANCELLED))


def receive(ledger: Ledger, index: int, samples: int, attempt: int = 0) -> None:
    segment = ledger.open(index, attempt)
    segment.append(b"\x01\x00" * samples, samples)
    ledger.unqueued += samples


def enqueue(ledger: Ledger, index: int, attempt: int = 0) -> None:
    receive(ledger, index, 10, attempt)
    ledger.complete(ledger.segment(index), 10, 1.0)
    ledger.enqueue(ledger.segment(index), attempt, 2.0)


def test_segment_is_unknown_before_it_begins() -> None:
    ledger = Ledger()
    ledger.open(1, 0)
    assert ledger.segment(1).stage is SegmentStage.RECEIVING
    with pytest.raises(OutOfOrder, match="segment 0 has not begun"):
        ledger.segment(0)


def test_segments_per_session_are_limited() -> None:
    Ledger().open(MOST_SEGMENTS - 1, 0)
    with pytest.raises(MessageTooLarge):
        Ledger().open(MOST_SEGMENTS, 0)


def test_unqueued_samples_are_counted_through_every_stage() -> None:
    ledger = Ledger()
    receive(ledger, 0, 30)
    receive(ledger, 1, 12)
    assert ledger.unqueued == 42
    ledger.complete(ledger.segment(0), 25, 1.0)
    assert ledger.unqueued == 37
    ledger.enqueue(ledger.segment(0), 0, 2.0)
    assert ledger.unqueued == 12
    ledger.open(1, 1)
    assert ledger.unqueued == 0
    receive(ledger, 2, 5)
    ledger.cancel(2, 3.0)
    assert ledger.unqueued == 0


def welcome_messages(ledger: Ledger, pieces: bool = False) -> list[Output]:
    """Return all messages for a client that reconnects."""
    return run_steps(ledger.welcome_steps(Welcome(UUID(int=1), "g", durable=True), pieces))


def held(ledger: Ledger) -> HeldSegments:
    """Return the segments in a single welcome that need no resending."""
    welcome = welcome_messages(ledger)[0]
    assert isinstance(welcome, Welcome) and not welcome.more
    return welcome.segments


def results(ledger: Ledger) -> list[Output]:
    """Return the results that follow the welcome."""
    return welcome_messages(ledger)[1:]


def test_long_list_of_held_segments_is_split_and_joins_to_the_same() -> None:
    ledger = Ledger()
    for number in range(3 * STEP):
        if number % 7 == 0:
            receive(ledger, number, 10)
        elif number % 7 == 1:
            enqueue(ledger, number)
        else:
            ledger.learn(number, Record(end=CANCELLED), 1.0)
    ledger.learn(3 * STEP, Record(end=FINAL, outcome=Result("s", 3 * STEP, "hi")), 2.0)
    whole = welcome_messages(ledger)
    first, *more, result = welcome_messages(ledger, pieces=True)
    assert isinstance(first, Welcome) and first.more and isinstance(result, Final)
    assert [one.more for one in more if isinstance(one, MoreHeld)] == [True, True, False]
    pieces = [first.segments, *(one.segments for one in more if isinstance(one, MoreHeld))]
    assert join_held(pieces) == held(ledger) and [type(one) for one in whole] == [Welcome, Final]
    assert all(
        len(encode(one)) < LIMITS.json_bytes for one in (first, *more) if isinstance(one, Welcome | MoreHeld)
    )


def test_short_list_of_held_segments_stays_one_message() -> None:
    ledger = Ledger()
    assert welcome_messages(ledger, pieces=True) == welcome_messages(ledger)
    receive(ledger, 0, 10)
    assert welcome_messages(ledger, pieces=True) == welcome_messages(ledger)


def test_end_of_segment_is_sent_once() -> None:
    ledger = Ledger()
    enqueue(ledger, 0)
    record = Record(end=FINAL, outcome=Result("s", 0, "hi"))
    (sent,) = ledger.learn(0, record, 3.0)
    assert isinstance(sent, Final)
    assert ledger.learn(0, record, 4.0) == []
    assert ledger.learn(0, Record(end=FINAL, outcome=Result("s", 0, "other")), 5.0) == []
    assert results(ledger) == [sent]


def test_records_of_older_attempt_are_ignored() -> None:
    ledger = Ledger()
    enqueue(ledger, 0, attempt=1)
    assert ledger.learn(0, Record(end=FAILED), 3.0) == []
    assert ledger.learn(0, Record(job=0), 3.0) == []
    assert ledger.segment(0).stage is SegmentStage.QUEUED


def test_failed_segment_follows_retry_by_other_gateway() -> None:
    ledger = Ledger()
    enqueue(ledger, 0)
    ledger.learn(0, Record(end=FAILED), 3.0)
    ledger.learn(0, Record(job=1), 4.0)
    assert (ledger.segment(0).stage, ledger.segment(0).attempt) == (SegmentStage.QUEUED, 1)
    assert 0 in ledger.live


def test_lost_job_is_requested_again() -> None:
    ledger = Ledger()
    enqueue(ledger, 0)
    receive(ledger, 1, 10)
    assert run_steps(ledger.adopt(Attachment(2, {}), 5.0)) == [Missing(0, 0)]
    assert held(ledger) == HeldSegments(receiving={0: 0, 1: 10})
    assert ledger.learn(7, Record(), 5.0) == []


def test_segments_in_broker_need_no_resending() -> None:
    ledger = Ledger()
    receive(ledger, 1, 10)
    records = {0: Record(end=FINAL, text="hi"), 1: Record(job=0), 2: Record(job=3), 3: Record(end=CANCELLED)}
    assert run_steps(ledger.adopt(Attachment(1, records), 5.0)) == []
    assert held(ledger) == HeldSegments(queued=(1, 2), ended=(0, 3))
    assert ledger.unqueued == 0
    assert ledger.text(range(4)[:1]) == "hi"


def test_queued_segments_do_not_count_as_open() -> None:
    ledger = Ledger()
    for index in range(MOST_OPEN):
        ledger.open(index, 0)
        if index % 2:
            ledger.complete(ledger.segment(index), 0, 1.0)
            ledger.enqueue(ledger.segment(index), 0, 1.0)
    assert not ledger.crowded


def test_segment_keeps_its_history_when_broker_reports_its_job() -> None:
    ledger = Ledger()
    receive(ledger, 0, 10)
    ledger.complete(ledger.segment(0), 10, 1.0)
    assert ledger.learn(0, Record(job=0), 2.0) == []
    assert (ledger.segment(0).stage, ledger.segment(0).history().samples) == (SegmentStage.QUEUED, 10)


def test_submitted_segment_is_reported_as_receiving() -> None:
    ledger = Ledger()
    receive(ledger, 0, 10)
    ledger.complete(ledger.segment(0), 10, 1.0)
    assert run_steps(ledger.adopt(Attachment(1, {}), 2.0)) == []
    assert held(ledger) == HeldSegments(receiving={0: 10})


def test_ended_requires_each_of_the_first_segments() -> None:
    ledger = Ledger()
    assert ledger.have_ended(0)
    assert not ledger.have_ended(2**32 - 1)
    enqueue(ledger, 0)
    ledger.open(2, 0)
    ledger.cancel(2, 1.0)
    assert not ledger.have_ended(1)
    ledger.learn(0, Record(end=FINAL), 3.0)
    assert ledger.have_ended(1)
    assert not ledger.have_ended(2) and not ledger.have_ended(3)


def test_waiting_lists_only_segments_queued_long_enough() -> None:
    ledger = Ledger()
    enqueue(ledger, 0)
    receive(ledger, 1, 4)
    assert ledger.waiting(since=1.9) == ()
    assert ledger.waiting(since=2.0) == (0,)


def test_success_of_lower_attempt_ends_segment() -> None:
    ledger = Ledger()
    ledger.open(0, 1)
    failed = Record(end=Ended(EndState.FAILED, 0), outcome=Failure("s", 0, ErrorCode.INTERNAL, "no"))
    assert ledger.learn(0, failed, 3.0) == []
    assert len(ledger.learn(0, Record(end=FINAL, outcome=Result("s", 0, "hi")), 3.0)) == 1
    assert ledger.live == {}


def test_welcome_names_segments_in_ascending_order() -> None:
    ledger = Ledger()
    for index in (2, 0, 1):
        receive(ledger, index, 1)
    (welcome,) = run_steps(ledger.welcome_steps(Welcome(UUID(int=1), "g", True), pieces=True))
    assert isinstance(welcome, Welcome) and list(welcome.segments.receiving) == [0, 1, 2]
