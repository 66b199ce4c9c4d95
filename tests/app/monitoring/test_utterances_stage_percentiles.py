"""Durations of stages: percentiles, and which utterances count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.states import State
from app.monitoring.utterances import Utterance, percentile, stage_figures
from app.monitoring.view import StageFigures, UtteranceStage
from protocol.recognition import Timing

TIMING = Timing(queue=100, decode=300, deliver=50)


def own(number: int = 0, decode: int = 300, inserted: float | None = 11.5) -> Utterance:
    timing = Timing(queue=100, decode=decode, deliver=50)
    state = State.DONE if inserted else State.HELD
    return Utterance("s", number, 8.0, True, 2.0, 10.0, 10.1, 11.0, inserted, state, timing)


def test_percentile_uses_nearest_rank() -> None:
    values = [float(value) for value in range(1, 101)]
    assert (percentile(values, 50), percentile(values, 95), percentile(values, 100)) == (50.0, 95.0, 100.0)
    assert percentile([7.0], 50) == percentile([7.0], 95) == 7.0
    assert percentile([1.0, 9.0], 50) == 1.0 and percentile([1.0, 9.0], 95) == 9.0


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 100))
def test_percentile_is_not_exceeded_by_its_share(values: list[float], percent: float) -> None:
    found = percentile(sorted(values), percent)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * percent / 100


def test_stage_figures_are_empty_without_utterances() -> None:
    assert stage_figures([]) == ()


def test_own_utterance_counts_for_every_stage() -> None:
    figures = {one.stage: one for one in stage_figures([own()])}
    assert list(figures) == list(UtteranceStage)
    assert figures[UtteranceStage.SENT].p50_s == figures[UtteranceStage.SENT].p95_s == pytest.approx(0.1)
    assert figures[UtteranceStage.QUEUED].p50_s == 0.1
    assert figures[UtteranceStage.DECODED].p50_s == 0.3
    assert figures[UtteranceStage.DELIVERED].p50_s == 0.05
    assert figures[UtteranceStage.INSERTED].p50_s == 0.5
    assert figures[UtteranceStage.WHOLE].p50_s == 1.5


def test_foreign_utterance_counts_for_gateway_stages() -> None:
    other = Utterance("t", 0, 8.0, False, 2.0, 10.0, None, 10.45, None, State.DONE, TIMING)
    figures = {one.stage: one.p50_s for one in stage_figures([other])}
    assert set(figures) == {
        UtteranceStage.QUEUED,
        UtteranceStage.DECODED,
        UtteranceStage.DELIVERED,
        UtteranceStage.WHOLE,
    }
    assert figures[UtteranceStage.WHOLE] == pytest.approx(0.45)


def test_held_text_has_no_insertion_stage() -> None:
    figures = {one.stage: one for one in stage_figures([own(inserted=None)])}
    assert UtteranceStage.INSERTED not in figures and figures[UtteranceStage.WHOLE].p50_s == 1.0


def test_percentiles_cover_all_utterances() -> None:
    figures = {one.stage: one for one in stage_figures(own(n, decode=n) for n in range(1, 101))}
    assert figures[UtteranceStage.DECODED] == StageFigures(UtteranceStage.DECODED, 100, 0.05, 0.095)
