"""Parsing of the broker's replies."""

import pytest

from backend.broker.records import (
    JobQueued,
    NothingToPromote,
    Record,
    SessionGone,
    StoredSegments,
    parse_promoted,
    parse_reread,
    parse_submitted,
    read_status,
)
from backend.core.errors import SessionDamaged
from protocol.errors import ErrorCode
from protocol.job import Ended, EndState, Failure, Result, encode_notice, encode_status
from protocol.monitor import WorkerState, WorkerStatus

RESULT = Result("s", 1, "hello", attempt=1)
FAILURE = Failure("s", 1, ErrorCode.ENGINE_FAILED, "no", attempt=1)
FINAL, FAILED = Ended(EndState.FINAL, 1), Ended(EndState.FAILED, 1)


def test_record_attempt_comes_from_end_or_job() -> None:
    assert Record().attempt is None
    assert Record(job=2).attempt == 2
    assert Record(job=0, end=FINAL).attempt == 1


def test_submission_replies_are_parsed() -> None:
    assert parse_submitted([b"gone"]) == SessionGone()
    assert parse_submitted([b"queued", 42]) == JobQueued(42)
    assert parse_submitted([b"ended", b"final 1", encode_notice(RESULT), b""]) == Record(end=FINAL, outcome=RESULT)
    assert parse_submitted([b"ended", b"final 1", b"", b"hello"]) == Record(end=FINAL, text="hello")
    assert parse_submitted([b"ended", b"failed 1", b"", b""]) == Record(end=FAILED)
    cancelled = parse_submitted([b"ended", b"cancelled 1", encode_notice(RESULT), b"hello"])
    assert cancelled == Record(end=Ended(EndState.CANCELLED, 1))


def test_promotion_replies_are_parsed() -> None:
    assert parse_promoted([b"submit"]) == NothingToPromote()
    assert parse_promoted([b"queued", 7]) == JobQueued(7)


def test_session_hash_is_parsed_by_segment() -> None:
    flat = [
        b"owner",
        b"o",
        b"job:2",
        b"3 1-0 stream",
        b"end:10",
        b"failed 1",
        b"result:10",
        encode_notice(FAILURE),
    ]
    flat += [b"end:1", b"final 1", b"text:1", b"hello", b"failures:5", b"1", b"spec:6", b"5 1-0 stream"]
    assert StoredSegments(flat) == {
        1: Record(end=FINAL, text="hello"),
        2: Record(job=3),
        10: Record(end=FAILED, outcome=FAILURE),
    }


def test_reread_reply_is_parsed() -> None:
    seen = parse_reread(
        [4, 5], [b"g", b"3", b"0 1-0 s", None, None, None, None, b"final 1", encode_notice(RESULT), None]
    )
    assert (seen.gateway, seen.epoch) == ("g", 3)
    assert seen.segments == {4: Record(job=0), 5: Record(end=FINAL, outcome=RESULT)}
    assert parse_reread([4], [None] * 6).gateway == ""


def test_damaged_reply_is_an_error() -> None:
    with pytest.raises(SessionDamaged, match="begin a new session"):
        parse_submitted([b"ended", b"perhaps 1", b"", b""])


def test_unreadable_result_is_a_failure() -> None:
    flat = [b"end:1", b"final 1", b"result:1", b"{", b"end:2", b"final 1", b"text:2", b"hello"]
    found = dict(StoredSegments(flat))
    assert found[2] == Record(end=FINAL, text="hello") and found[1].end == FAILED
    outcome = found[1].outcome
    assert isinstance(outcome, Failure) and (outcome.code, outcome.retryable) == (ErrorCode.INTERNAL, False)


@pytest.mark.parametrize(
    "bad",
    [
        b"{",
        b"7",
        b'{"at_ms":5}',
        *(
            encode_status(WorkerStatus("w", "h", "e", "m", "cpu", WorkerState.IDLE, slots, speed=speed))
            for slots, speed in ((-1, 1.0), (10**9, 1.0), (1, -1.0), (1, 5e-324), (1, 1e300))
        ),
    ],
)
def test_implausible_worker_status_is_none(bad: bytes) -> None:
    assert read_status(bad) is None


def test_status_of_starting_worker_is_read() -> None:
    status = WorkerStatus("w", "h", "e", "m", "cpu", WorkerState.STARTING)
    assert read_status(encode_status(status)) == status
