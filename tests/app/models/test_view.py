"""Percentage and availability of a model, derived from its view."""

import pytest

from app.models.view import LocalModelView, ModelFacts, ModelState


@pytest.mark.parametrize(
    ("state", "done", "percent"),
    [
        (ModelState.FETCHING, 0, 0),
        (ModelState.FETCHING, 50, 50),
        (ModelState.FETCHING, 100, 99),
        (ModelState.INSTALLED, 100, 100),
    ],
)
def test_percent_is_100_only_when_installed(state: ModelState, done: int, percent: int) -> None:
    assert LocalModelView(ModelFacts("a", size=100), state, done).percent == percent
    assert LocalModelView(ModelFacts("a")).percent == 0


@pytest.mark.parametrize("state", list(ModelState))
def test_model_can_be_chosen_only_when_installed(state: ModelState) -> None:
    expected = state in {ModelState.INSTALLED, ModelState.VERIFYING}
    assert LocalModelView(ModelFacts("a"), state).can_be_chosen is expected
    assert not LocalModelView(ModelFacts("a", later=True), state).can_be_chosen
