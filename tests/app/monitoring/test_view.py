"""What an utterance's row says by itself."""

import pytest

from app.monitoring.view import Stage, StageSpan, UtteranceRow
from app.states import ENDS, State


def row(state: State, *spans: StageSpan) -> UtteranceRow:
    return UtteranceRow("s", 0, True, state, 0.0, 1.0, spans)


@pytest.mark.parametrize("state", list(State))
def test_nothing_more_comes_of_what_ended(state: State) -> None:
    assert row(state).over is (state in ENDS)


def test_all_of_it_is_until_its_last_stage_ends() -> None:
    assert row(State.LISTENING).total_s == 0.0
    assert row(State.DONE, StageSpan(Stage.SENT, 0, 0.1), StageSpan(Stage.QUEUED, 0.1, 0.4)).total_s == 0.4
