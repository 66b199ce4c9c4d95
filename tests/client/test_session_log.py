"""Progress log of spoken segments: one line per segment, one for each unusual event."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from client.events import Retrying
from client.session_log import SessionLog
from protocol.errors import ErrorCode
from protocol.session import Busy, Failed, Final, HeldSegments, Missing, Partial, Queued, Welcome
from tests.helpers.logs import capture_logs

SESSION = "7b0f0a52-5a30-4f0e-9f5e-2a8f3c1f0b11"
Lines = list[Any]


@pytest.fixture
def lines() -> Iterator[Lines]:
    with capture_logs() as logs:
        yield logs


def test_session_log_writes_one_line_per_segment(lines: Lines) -> None:
    log = SessionLog(SESSION, 0.0)
    log.note_begin(2, 10.0)
    log.note_complete(2, 12.0)
    log.note_sent(2, 12.01)
    log.note_event(Queued(2, 1.0), 12.02)
    log.note_event(Partial(2, 1, "secret"), 12.1)
    log.note_event(Final(2, "secret words"), 12.9)
    assert lines == []
    log.log_result(Final(2, "secret words"), 12.95)
    (line,) = lines
    assert (line["event"], line["session"], line["segment"]) == ("segment.ended", SESSION, 2)
    assert line["outcome"] == "final"
    offsets = [line[name] for name in ("ended", "sent", "queued", "final", "kept")]
    assert offsets == [2_000, 2_010, 2_020, 2_900, 2_950]
    assert "sends" not in line and "secret" not in str(line)
    log.log_result(Final(2, "told again"), 13.0)
    assert "ended" not in lines[-1], "unknown times are not invented"


def test_session_log_writes_retries_and_failures(lines: Lines) -> None:
    log = SessionLog(SESSION, 0.0)
    log.note_begin(0, 0.0)
    for now in (1.0, 5.0):
        log.note_sent(0, now)
    log.note_event(Retrying(0, 1, ErrorCode.ENGINE_DIED), 6.0)
    failed = Failed(0, ErrorCode.ENGINE_DIED, "it died", attempt=2)
    log.note_event(failed, 7.0)
    log.log_result(failed, 7.0)
    again, ended = lines
    assert (again["attempt"], again["code"]) == (1, ErrorCode.ENGINE_DIED)
    assert (ended["sends"], ended["sent"], ended["outcome"]) == (2, 5_000, ErrorCode.ENGINE_DIED)


def test_session_log_writes_lost_connection_with_its_duration_and_state(lines: Lines) -> None:
    log = SessionLog(SESSION, 100.0)
    log.log_message(Welcome(UUID(SESSION), "g1", True), 100.2)
    log.log_loss("the gateway closed the connection (1012)", 0.5, 0.0, 110.0)
    log.log_loss("nobody answers", 1.0, 2.0, 110.7)
    held = HeldSegments({4: 100}, (3,), (0, 1, 2))
    log.log_message(Welcome(UUID(SESSION), "g2", True, segments=held), 113.1)
    log.log_message(Missing(4, 16_000), 113.2)
    log.log_loss("it ends again", 0.5, 0.0, 120.0)
    reached, lost, refused, again, missing, later = lines
    assert (reached["event"], reached["away_ms"], reached["gateway"]) == ("gateway.connected", 200, "g1")
    assert (lost["away_ms"], lost["retry_in_s"]) == (0, 0.5) and "asked_s" not in lost
    assert (refused["away_ms"], refused["asked_s"]) == (700, 2.0)
    assert (again["event"], again["away_ms"], again["gateway"]) == ("gateway.reconnected", 3_100, "g2")
    assert (again["held"], again["queued"], again["ended"]) == (1, 1, 3)
    assert (missing["segment"], missing["from_ms"]) == (4, 1_000) and later["away_ms"] == 0


def test_session_log_writes_busy_cancelled_and_given_up(lines: Lines) -> None:
    log = SessionLog(SESSION, 0.0)
    log.note_begin(0, 0.0)
    log.note_event(Busy("no_worker", eta_ms=None), 1.0)
    log.log_cancellation(0)
    log.log_cancellation(0)
    log.log_failure("the client failed")
    busy, cancelled, gave_up = lines
    assert busy["reason"] == "no_worker" and cancelled["segment"] == 0 and gave_up["segments"] == 0
