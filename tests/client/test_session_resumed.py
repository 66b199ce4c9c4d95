"""Sessions that a later process resumes: its gateway may know how segments ended."""

from typing import Any
from uuid import UUID

import pytest

from client.events import Retrying
from client.segment import AudioPiece
from client.session import Session
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.session import Failed, Final, SegmentBegin, SegmentEnd
from tests.client.test_session import all_sent, connected, knows, spoken

ID = UUID(int=7)


def test_resumed_session_retries_failure_that_was_permanent_for_earlier_process() -> None:
    """The user asks again, perhaps with another model. What fails again stays."""
    session = Session(ID, Options(), resume=True)
    spoken(session, 0, 3)
    connected(knows(ended=(0,)), session)
    first, second = (Failed(0, ErrorCode.BUSY, "removed", attempt=attempt) for attempt in (4, 5))
    assert session.receive(first) == [Retrying(0, 5, ErrorCode.BUSY)]
    assert not session.owed
    assert all_sent(session) == [SegmentBegin(0, 0, 5), AudioPiece(0, 0, 3), SegmentEnd(0, 3)]
    session.reset_connection()
    connected(knows(ended=(0,)), session)
    assert session.receive(second) == [second]


@pytest.mark.parametrize("held", [{"receiving": {0: 3}}, {"queued": (0,)}])
def test_segment_that_fails_for_good_after_resume_is_not_retried(held: dict[str, Any]) -> None:
    session = Session(ID, Options(), resume=True)
    spoken(session, 0, 3)
    connected(knows(**held), session)
    all_sent(session)
    failed = Failed(0, ErrorCode.BUSY, "removed")
    assert session.receive(failed) == [failed]


def test_result_is_owed_until_it_comes() -> None:
    session = Session(ID, Options(), resume=True)
    spoken(session, 0, 3)
    spoken(session, 1, 3)
    connected(knows(ended=(0, 2), queued=(1,)), session)
    assert session.owed
    session.receive(Final(0, "text"))
    assert not session.owed
