"""Properties of an utterance's row."""

import pytest

from app.core.states import ENDS, State
from app.monitoring.view import StageSpan, UtteranceRow, UtteranceStage


def row(state: State, *spans: StageSpan) -> UtteranceRow:
    return UtteranceRow("s", 0, True, state, 0.0, 1.0, spans)


@pytest.mark.parametrize("state", list(State))
def test_row_is_over_in_final_states(state: State) -> None:
    assert row(state).over is (state in ENDS)


def test_total_ends_with_last_stage() -> None:
    assert row(State.LISTENING).total_s == 0.0
    assert (
        row(State.DONE, StageSpan(UtteranceStage.SENT, 0, 0.1), StageSpan(UtteranceStage.QUEUED, 0.1, 0.4)).total_s
        == 0.4
    )
