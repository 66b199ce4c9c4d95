"""Tests of when the user can switch on the worker."""

from app.core.notes import Note
from app.local_services.worker_view import LocalWorkerState, WorkerView


def test_failed_or_switched_off_worker_can_be_switched_on() -> None:
    why = Note("recognised-elsewhere")
    assert WorkerView(LocalWorkerState.FAILED, reason=why).can_be_switched_on
    assert WorkerView(LocalWorkerState.OFF).can_be_switched_on
    assert not WorkerView(LocalWorkerState.OFF, reason=why).can_be_switched_on, "it comes back by itself"
    assert not any(
        WorkerView(state).can_be_switched_on for state in (LocalWorkerState.STARTING, LocalWorkerState.IDLE)
    )
