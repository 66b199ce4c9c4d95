"""Tests of when the worker works, and when the user can switch it on."""

import pytest

from app.core.errors import Note
from app.local_services.worker_view import NOT_NEEDED, LocalWorkerState, WorkerView


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


def test_resting_worker_needs_its_model() -> None:
    """Otherwise the model could be removed on battery, and would be downloaded again on mains."""
    assert WorkerView(LocalWorkerState.OFF, reason=Note("on-battery")).needs_model
    assert WorkerView(LocalWorkerState.IDLE).needs_model
    unneeded = LocalWorkerState.FAILED, LocalWorkerState.OFF
    assert not any(WorkerView(state).needs_model for state in unneeded)
    assert not WorkerView(LocalWorkerState.OFF, reason=NOT_NEEDED).needs_model


@pytest.mark.parametrize(
    ("view", "hindrance"),
    [
        (WorkerView(LocalWorkerState.DOWNLOADING, percent=40), Note("model-downloads", {"percent": "40"})),
        (WorkerView(LocalWorkerState.DOWNLOADING, reason=Note("model-paused")), Note("model-paused")),
        (WorkerView(LocalWorkerState.FAILED, reason=Note("model-away")), Note("model-away")),
        (WorkerView(LocalWorkerState.IDLE), None),
        (WorkerView(reason=NOT_NEEDED), None),
    ],
)
def test_worker_says_why_it_cannot_recognise_now(view: WorkerView, hindrance: Note | None) -> None:
    assert view.hindrance == hindrance
