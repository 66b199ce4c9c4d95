"""What a person can do about a worker that does nothing."""

from app.view import Note, WorkerState, WorkerView


def test_what_failed_and_what_was_switched_off_can_be_switched_on() -> None:
    why = Note("recognised-elsewhere")
    assert WorkerView(WorkerState.FAILED, reason=why).can_be_switched_on
    assert WorkerView(WorkerState.OFF).can_be_switched_on
    assert not WorkerView(WorkerState.OFF, reason=why).can_be_switched_on, "it comes back by itself"
    assert not any(WorkerView(state).can_be_switched_on for state in (WorkerState.STARTING, WorkerState.IDLE))
