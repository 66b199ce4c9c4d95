"""Limits on the cost of one session, however little audio it sends."""

import pytest

from backend.broker.records import Attachment, JobQueued, Record
from backend.core.errors import TooBusy
from backend.sessions.ledger import MOST_OPEN, STEP, run_steps
from backend.sessions.session import GatewaySession
from protocol.errors import OutOfOrder
from protocol.job import Ended, EndState
from protocol.recognition import Options
from protocol.session import (
    Done,
    Finish,
    Limits,
    SegmentBegin,
    SegmentEnd,
    SegmentSpeculate,
    Welcome,
    is_resumable,
)
from tests.backend.session_steps import ID, NOW, ended, receiving, session


def test_open_segments_are_limited() -> None:
    made = session()
    for n in range(MOST_OPEN):
        made.receive(SegmentBegin(n), NOW)
    with pytest.raises(TooBusy, match="512 segments wait") as refused:
        made.receive(SegmentBegin(MOST_OPEN), NOW)
    assert is_resumable(refused.value.close)
    made.receive(SegmentEnd(0, 0), NOW)
    made.submitted(0, 0, JobQueued(0), NOW)
    assert made.receive(SegmentBegin(MOST_OPEN), NOW) == (), "one of them is queued"
    with pytest.raises(TooBusy):
        made.receive(SegmentBegin(MOST_OPEN + 1), NOW)


def test_speculations_per_segment_are_limited() -> None:
    made = receiving()
    accepted = [bool(made.receive(SegmentSpeculate(0, n), NOW)) for n in range(1, 60)]
    assert accepted == [True] * 16 + [False] * 43


def test_finish_repetitions_per_connection_are_limited() -> None:
    made = ended()
    for _ in range(8):
        assert made.receive(Finish(1), NOW) == [Done(1, "hi")]
    with pytest.raises(OutOfOrder):
        made.receive(Finish(1), NOW)
    run_steps(made.attached(Attachment(2, {}), Welcome(ID, "g", durable=True), NOW))
    assert made.receive(Finish(1), NOW) == [Done(1, "hi")]


def test_welcome_is_one_message_to_client_that_does_not_ask_for_pieces() -> None:
    ended = {n: Record(end=Ended(EndState.CANCELLED, 0)) for n in range(STEP + 1)}
    made = GatewaySession(ID, Options(), Limits())
    (welcome,) = run_steps(made.attached(Attachment(1, ended), Welcome(ID, "g", durable=True), NOW))
    assert isinstance(welcome, Welcome)
    assert not welcome.more and len(welcome.segments.ended) == STEP + 1
