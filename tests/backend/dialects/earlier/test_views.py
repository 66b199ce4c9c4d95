"""Values of the history in the earlier server's shapes."""

from datetime import date
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from backend.admission.readiness import Readiness, Reason
from backend.core.refusal import RefusalReason
from backend.dialects.earlier.views import (
    health,
    queue_state,
    recording_view,
    statistics,
    task_record,
    task_result,
)
from backend.history.records import StoredSegment, StoredSession, Usage
from protocol.monitor import BrokerState, Snapshot, WorkerState, WorkerStatus
from protocol.recognition import Options
from protocol.rest import SegmentState, SessionKind, SessionState

ID = "0b6f9b3e-2c1d-4a43-9d3a-3c5b7f6e8a10"
STORED = StoredSession(
    1,
    ID,
    SessionKind.FILE,
    SessionState.DONE,
    "o",
    "desk",
    "",
    "curl",
    "a.wav",
    "",
    Options(),
    started_ms=1_000,
    changed_ms=2_000,
    segments=4,
    finals=2,
    failed=1,
    samples=24_000,
)
TEXTS = [
    StoredSegment(0, 0, SegmentState.FINAL, 16_000, text="Good morning."),
    StoredSegment(1, 0, SegmentState.FINAL, 8_000, text="Hello."),
]


def as_json(value: object) -> Any:
    """Return a value as clients read it."""
    return msgspec.json.decode(msgspec.json.encode(value))


def test_file_with_text_is_done() -> None:
    assert as_json(task_result(STORED, TEXTS, here=False)) == {
        **{"task_id": ID, "status": "done", "text": "Good morning. Hello.", "duration": 1.5, "progress": 1.0},
        "created_at": "1970-01-01T00:00:01Z",
    }


@pytest.mark.parametrize(
    ("state", "status"), [(SessionState.SUBMITTED, "queued"), (SessionState.WORKING, "processing")]
)
def test_file_that_is_worked_on_has_no_text_yet(state: SessionState, status: str) -> None:
    view = as_json(task_result(replace(STORED, state=state), TEXTS, here=True))
    assert (view["status"], view["progress"], "text" in view) == (status, 0.75, False)
    assert view["audio_url"] == f"/api/v1/asr/audio/{ID}"


@pytest.mark.parametrize(
    ("state", "reason", "error", "retries"),
    [
        (SessionState.FAILED, "", "a part could not be recognised: try it again", True),
        (SessionState.FAILED, "unsupported: not a sound", "not a sound", True),
        (SessionState.CANCELLED, "", "it was cancelled", False),
    ],
)
def test_file_that_failed_says_why(state: SessionState, reason: str, error: str, retries: bool) -> None:
    view = as_json(task_result(replace(STORED, state=state, reason=reason), TEXTS, here=True))
    assert (view["status"], view["error"], "text" in view) == ("failed", error, False)
    assert view.get("retry_url") == (f"/api/v1/asr/retry/{ID}" if retries else None)


def test_list_of_files_has_every_field() -> None:
    view = as_json(task_record(STORED, "Hello.", here=False))
    assert view == {
        **{"task_id": ID, "filename": "a.wav", "text": "Hello.", "duration": 1.5, "status": "done"},
        **{"created_at": "1970-01-01T00:00:01Z", "audio_url": ""},
    }


def test_recording_has_the_name_that_its_client_gave() -> None:
    view = as_json(recording_view(replace(STORED, client="ws-asr:take 1"), TEXTS))
    assert (view["id"], view["user_id"], view["status"], view["chunk_count"]) == ("take 1", "desk", "done", 2)
    assert (view["results"], view["completed"]) == ({"0": "Good morning.", "1": "Hello."}, 2)
    assert (view["final_text"], view["completed_at"]) == ("Good morning. Hello.", "1970-01-01T00:00:02Z")
    view = as_json(recording_view(replace(STORED, state=SessionState.WORKING), TEXTS))
    assert (view["id"], view["status"], "completed_at" in view) == (ID, "processing", False)
    assert as_json(recording_view(replace(STORED, state=SessionState.FAILED), []))["status"] == "error"


def test_queue_counts_waiting_and_working_tasks() -> None:
    workers = tuple(
        WorkerStatus(name, "h", "e", "m", "cpu", WorkerState.BUSY, 2, busy) for name, busy in (("a", 2), ("b", 0))
    )
    broker = BrokerState(True, "8", True)
    snapshot = Snapshot("g", 1.0, broker, 0, 0, 0, 0.0, 5, 0.0, 0.0, 1.0, workers, ())
    view = as_json(queue_state(snapshot))
    assert view == {"queued": 3, "processing": 2, "failed": 0, "workers": 2, "workers_busy": 1}


def test_health_reports_the_truth() -> None:
    broker = BrokerState(False, "8", True)
    reasons = (Reason(RefusalReason.BROKER, "the broker is away"),)
    state = Readiness(False, False, reasons, False, broker, False, True, 1, ("m",), 1.0)
    view = as_json(health(state, 1.23))
    assert (view["status"], view["error"], view["uptime"]) == ("unhealthy", "the broker is away", 1.2)
    assert (view["redis_ready"], view["redis_connected"], view["workers_ready"]) == (False, False, True)
    assert as_json(health(replace(state, ready=True, reasons=()), 0.0))["status"] == "healthy"


def test_statistics_are_sums() -> None:
    used = [Usage(date(2026, 1, day), "o", "", 2, 3, 0, 16_000, 9) for day in (1, 2)]
    worker = WorkerStatus("a", "h", "e", "m", "cpu", WorkerState.IDLE, speed=4.0)
    view = as_json(statistics(used, [worker, replace(worker, speed=0.0)], 7))
    assert view == {"total_tasks": 4, "total_duration": 2.0, "avg_rtf": 0.25, "storage_used": 7}
    assert statistics([], [], 0).avg_rtf == 0.0
