"""Log lines about sessions: one per ended segment, and one per unusual event."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from backend.observability.segment_log import SegmentLog
from backend.sessions.segments import SegmentHistory
from protocol.errors import ErrorCode
from protocol.recognition import Timing
from protocol.session import Busy, Done, Error, Failed, Final, HeldSegments, Missing, Partial, Queued, Welcome
from runtime.logs import timestamp
from tests.backend.conclusions import concluded
from tests.helpers.logs import capture_logs

SESSION = "7b0f0a52-5a30-4f0e-9f5e-2a8f3c1f0b11"
HISTORY = SegmentHistory(32_000, 0, 100.0, 102.0, 102.003, 0.0, 72_000, False)
FINAL = Final(3, "secret words", worker="w-1-ab", model="m", timing=Timing(2_000, 150, 400, 7))

Lines = list[Any]


@pytest.fixture
def lines() -> Iterator[Lines]:
    with capture_logs() as logs:
        yield logs


@pytest.fixture
def written() -> Lines:
    """Lines written about segments."""
    return []


@pytest.fixture
def log(written: Lines) -> SegmentLog:
    def write(name: str, lines: Lines) -> None:
        assert name == "backend.story"
        written.extend(lines)

    return SegmentLog("g1", write)


def test_segment_is_logged_in_one_line_with_its_timeline(log: SegmentLog, written: Lines) -> None:
    log.concluded(concluded(FINAL, history=HISTORY, session=SESSION, at=102.56))
    (line,) = written
    assert (line["event"], line["session"]) == ("segment.concluded", SESSION)
    assert (line["segment"], line["gateway"]) == (3, "g1")
    assert (line["complete"], line["queued"], line["told"]) == (2_000, 2_003, 2_560)
    assert (line["audio_ms"], line["ahead_s"], line["attempt"]) == (2_000, 4.5, 0)
    assert (line["outcome"], line["worker"], line["model"]) == ("final", "w-1-ab", "m")
    assert (line["queue_ms"], line["decode_ms"]) == (150, 400)
    assert "requeued" not in line and "early" not in line
    assert "secret" not in str(line)


def test_line_reports_requeued_or_early_decoded_segment(log: SegmentLog, written: Lines) -> None:
    log.concluded(concluded(FINAL, history=HISTORY._replace(requeued=102.5), session=SESSION, at=102.56))
    log.concluded(concluded(FINAL, history=HISTORY._replace(queued=101.9, early=True), session=SESSION, at=102.56))
    again, early = written
    assert (again["queued"], again["requeued"]) == (2_003, 2_500)
    assert early["queued"] == 1_900 < early["complete"] and early["early"]


def test_line_of_segment_received_elsewhere_has_no_offsets(log: SegmentLog, written: Lines) -> None:
    unknown = SegmentHistory(0, 0, 0.0, 0.0, 102.0, 0.0, 0, False)
    log.concluded(concluded(FINAL, history=unknown, session=SESSION, at=102.56))
    (line,) = written
    assert not {"complete", "queued", "told"} & line.keys() and line["outcome"] == "final"


def test_line_of_failure_has_code_and_retryable(log: SegmentLog, written: Lines) -> None:
    log.concluded(
        concluded(Failed(3, ErrorCode.ENGINE_DIED, "killed", True, 1), history=HISTORY, session=SESSION, at=102.56)
    )
    (line,) = written
    assert (line["outcome"], line["attempt"], line["retryable"]) == (ErrorCode.ENGINE_DIED, 1, True)


def test_only_unusual_events_are_logged(log: SegmentLog, lines: Lines) -> None:
    for usual in (Queued(0, 1.0), Partial(0, 1, "secret"), Busy("load")):
        log.message_sent(SESSION, usual)
    assert lines == []
    log.bound(SESSION, resumed=False)
    log.message_sent(SESSION, Welcome(UUID(SESSION), "g1", True))
    log.bound(SESSION, resumed=True)
    held = HeldSegments({4: 100}, (2, 3), (0, 1))
    log.message_sent(SESSION, Welcome(UUID(SESSION), "g1", True, segments=held))
    log.message_sent(SESSION, Missing(4, 16_000))
    log.message_sent(SESSION, Error(ErrorCode.TAKEN_OVER, "another one"))
    log.cancelled(SESSION, 5)
    log.message_sent(SESSION, Done(6, "secret"))
    begins, resumed, missing, error, cancelled, done = lines
    assert begins["event"] == "session.started" and resumed["event"] == "session.resumed"
    assert (resumed["held"], resumed["queued"], resumed["ended"]) == (1, 2, 2)
    assert (missing["segment"], missing["from_ms"]) == (4, 1_000)
    assert error["code"] is ErrorCode.TAKEN_OVER and cancelled["segment"] == 5
    assert done["segments"] == 6
    assert all(line["session"] == SESSION for line in lines) and "secret" not in str(lines)


def test_segment_lines_are_written_together_with_their_own_times(log: SegmentLog, written: Lines) -> None:
    times = (1_700_000_000.25, 1_700_000_001.5)
    log.concluded([concluded(FINAL, session=SESSION)[0]._replace(wall=wall) for wall in times])
    assert [line["timestamp"] for line in written] == [timestamp(wall) for wall in times]
