"""Tests of the states that users see of takes on disk."""

import pytest

from app.core.states import ENDS, State
from app.dictation.view import RECOVERABLE, STATES, View, state_of
from app.journal.take import TakeState


def test_states_of_recordings_are_in_the_vocabulary() -> None:
    assert set(STATES) == set(TakeState)
    assert STATES[TakeState.DAMAGED] is State.DAMAGED and STATES[TakeState.CANCELLED] is State.CANCELLED
    assert State.WAITING not in ENDS and State.DAMAGED in ENDS


@pytest.mark.parametrize("state", TakeState)
def test_cancelled_take_is_shown_as_cancelled_unless_damaged(state: TakeState) -> None:
    assert state_of(state, cancelled=False) is STATES[state]
    assert state_of(state, cancelled=True) is (State.DAMAGED if state is TakeState.DAMAGED else State.CANCELLED)


def test_recoverable_takes_are_shown_as_failed_or_damaged() -> None:
    assert {STATES[state] for state in RECOVERABLE} == {State.FAILED, State.DAMAGED}


def test_view_lists_only_what_affects_the_list_of_recordings() -> None:
    assert View(seconds=3.0, level_dbfs=-10.0).listed == View().listed
    assert View(held=1).listed != View().listed
