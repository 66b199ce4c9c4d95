"""Answers of the earlier server's REST routes, from what the history stores. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from backend.admission.readiness import Readiness
from backend.dialects.earlier.messages import CLIENT
from backend.history.records import StoredSegment, StoredSession, Usage
from backend.rest.views import error_of, moment_of, text_of, without_replaced_segments
from protocol.audio import samples_to_seconds
from protocol.monitor import Snapshot, WorkerStatus
from protocol.rest import SegmentState, SessionState

API: Final = "/api/v1"
_TASKS: Final = {
    SessionState.SUBMITTED: "queued",
    SessionState.WORKING: "processing",
    SessionState.DONE: "done",
}
_RECORDINGS: Final = {SessionState.WORKING: "processing", SessionState.DONE: "done"}
_NO_TEXT: Final = "a part could not be recognised: try it again"


class SubmittedTask(Struct, frozen=True, omit_defaults=True):
    """Answer to a submitted file. ``position``: files that wait before it, and itself."""

    task_id: str
    status: str
    position: int = 0


class TaskResult(Struct, frozen=True, omit_defaults=True):
    """State of a submitted file. ``progress``: part of the known audio that has ended, from 0 to 1."""

    task_id: str
    status: str
    text: str = ""
    duration: float = 0.0
    created_at: datetime | None = None
    audio_url: str = ""
    error: str = ""
    retry_url: str = ""
    progress: float = 0.0


class TaskRecord(Struct, frozen=True):
    """A submitted file in the list of all. ``audio_url`` empty: the file is not kept any more."""

    task_id: str
    filename: str
    text: str
    created_at: datetime
    duration: float
    status: str
    audio_url: str


class TaskList(Struct, frozen=True):
    """Submitted files, the newest first. ``total``: how many are listed."""

    total: int
    records: tuple[TaskRecord, ...]


class RecordingView(Struct, frozen=True, omit_defaults=True):
    """A recording. ``results``: texts by segment; ``completed``: segments with a text."""

    id: str
    user_id: str
    status: str
    chunk_count: int
    results: dict[int, str]
    completed: int
    final_text: str
    duration: float
    created_at: datetime
    completed_at: datetime | None = None


class RecordingList(Struct, frozen=True):
    """Recordings, the newest first. ``total``: how many are listed."""

    total: int
    sessions: tuple[RecordingView, ...]


class QueueState(Struct, frozen=True):
    """Segments that wait, are being recognised, and have failed; workers, and those that are busy."""

    queued: int
    processing: int
    failed: int
    workers: int
    workers_busy: int


class EarlierHealth(Struct, frozen=True):
    """State of the gateway, with the fields of both earlier servers."""

    status: Literal["healthy", "unhealthy"]
    funasr_ready: bool
    redis_ready: bool
    workers_ready: bool
    model_loaded: bool
    redis_connected: bool
    workers_active: int
    uptime: float
    error: str = ""


class Statistics(Struct, frozen=True):
    """Sums: sessions, seconds of audio, and bytes stored; and seconds of work for one of audio."""

    total_tasks: int
    total_duration: float
    avg_rtf: float
    storage_used: int


def task_result(stored: StoredSession, segments: Sequence[StoredSegment], here: bool) -> TaskResult:
    """Return the state of a file, with its text once all of it is known; ``here``: the file is still there."""
    done, failed = stored.state is SessionState.DONE, stored.state not in _TASKS
    return TaskResult(
        stored.id,
        _TASKS.get(stored.state, "failed"),
        text_of(segments) if done else "",
        _seconds(stored),
        moment_of(stored.started_ms),
        audio_url=_audio_url(stored, here),
        error=_why(stored) if failed else "",
        retry_url=f"{API}/asr/retry/{stored.id}" if here and stored.state is SessionState.FAILED else "",
        progress=1.0 if done else _progress(stored),
    )


def task_record(stored: StoredSession, text: str, here: bool) -> TaskRecord:
    """Return a file as the list shows it."""
    about = stored.id, stored.name, text, moment_of(stored.started_ms), _seconds(stored)
    return TaskRecord(*about, _TASKS.get(stored.state, "failed"), _audio_url(stored, here))


def has_audio(stored: StoredSession, here: bool) -> bool:
    """Return whether the audio can be downloaded; a file with a complete text is about to be deleted."""
    return here and stored.state is not SessionState.DONE


def recording_view(stored: StoredSession, segments: Sequence[StoredSegment]) -> RecordingView:
    """Return a recording; one of this protocol has the name that its client gave it."""
    counted = without_replaced_segments(segments)
    done = stored.state is SessionState.DONE
    return RecordingView(
        id=stored.client.removeprefix(CLIENT) if stored.client.startswith(CLIENT) else stored.id,
        user_id=stored.device,
        status=_RECORDINGS.get(stored.state, "error"),
        chunk_count=len(counted),
        results={one.segment: one.text for one in counted if one.text},
        completed=sum(one.state is SegmentState.FINAL for one in counted),
        final_text=text_of(counted),
        duration=_seconds(stored),
        created_at=moment_of(stored.started_ms),
        completed_at=moment_of(stored.changed_ms) if done else None,
    )


def queue_state(snapshot: Snapshot) -> QueueState:
    """Return the numbers of waiting and working tasks."""
    busy = sum(worker.busy for worker in snapshot.workers)
    at_work = sum(worker.busy > 0 for worker in snapshot.workers)
    queued = max(0, snapshot.queued - busy)
    return QueueState(queued, busy, snapshot.totals.failed, len(snapshot.workers), at_work)


def health(state: Readiness, uptime_s: float) -> EarlierHealth:
    """Return the health of a gateway: whether speech can be recognised now."""
    able, up = state.workers > 0, state.broker.up
    reasons = "; ".join(reason.message for reason in state.reasons)
    status: Literal["healthy", "unhealthy"] = "healthy" if state.ready else "unhealthy"
    return EarlierHealth(status, able, up, able, able, up, state.workers, round(uptime_s, 1), reasons)


def statistics(used: Sequence[Usage], workers: Sequence[WorkerStatus], stored_bytes: int) -> Statistics:
    """Return the sums of all days."""
    speeds = [worker.speed for worker in workers if worker.speed]
    return Statistics(
        sum(one.sessions for one in used),
        round(samples_to_seconds(sum(one.samples for one in used)), 3),
        round(sum(1 / speed for speed in speeds) / len(speeds), 4) if speeds else 0.0,
        stored_bytes,
    )


def _why(stored: StoredSession) -> str:
    if stored.state is SessionState.CANCELLED:
        return "it was cancelled"
    error = error_of(stored.reason)
    return error.message if error else _NO_TEXT


def _progress(stored: StoredSession) -> float:
    return round((stored.finals + stored.failed) / stored.segments, 3) if stored.segments else 0.0


def _audio_url(stored: StoredSession, here: bool) -> str:
    return f"{API}/asr/audio/{stored.id}" if has_audio(stored, here) else ""


def _seconds(stored: StoredSession) -> float:
    return round(samples_to_seconds(stored.samples), 3)
