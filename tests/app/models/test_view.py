"""Percentage and availability of a model, derived from its view."""

import pytest

from app.models.disk import about
from app.models.view import LocalModelView, ModelFacts, ModelState
from speech.models.catalogue import load_catalogue


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


def test_errors_are_known_only_where_they_are_stated() -> None:
    facts = about(load_catalogue().model("parakeet-tdt-0.6b-v3-int8"))
    found = facts.errors_in("de")
    assert found is not None and (found.rates["de"], found.test, found.original) == (5.04, "FLEURS", True)
    assert facts.errors_in("zh") is None and ModelFacts("a").errors_in("de") is None
    assert (facts.engine, facts.files) == ("parakeet", ())
