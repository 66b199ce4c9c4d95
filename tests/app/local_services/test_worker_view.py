"""Tests of when the worker works, and when the user can switch it on."""

from app.core.errors import Note
from app.local_services.worker_view import LocalWorkerState, WorkerView


def test_failed_or_switched_off_worker_can_be_switched_on() -> None:
    why = Note("recognised-elsewhere")
    assert WorkerView(LocalWorkerState.FAILED, reason=why).can_be_switched_on
    assert WorkerView(LocalWorkerState.OFF).can_be_switched_on
    assert not WorkerView(LocalWorkerState.OFF, reason=why).can_be_switched_on, "it comes back by itself"
    assert not any(
        WorkerView(state).can_be_switched_on for state in (LocalWorkerState.STARTING, LocalWorkerState.IDLE)
    )


def test_worker_works_unless_it_is_off_or_failed() -> None:
    works = {state for state in LocalWorkerState if WorkerView(state).works}
    assert works == set(LocalWorkerState) - {LocalWorkerState.OFF, LocalWorkerState.FAILED}
