"""What can be told of a model from its values."""

import pytest

from app.models.view import About, ModelState, ModelView


@pytest.mark.parametrize(
    ("state", "done", "percent"),
    [
        (ModelState.FETCHING, 0, 0),
        (ModelState.FETCHING, 50, 50),
        (ModelState.FETCHING, 100, 99),
        (ModelState.INSTALLED, 100, 100),
    ],
)
def test_only_what_is_whole_has_all_its_percent(state: ModelState, done: int, percent: int) -> None:
    assert ModelView(About("a", size=100), state, done).percent == percent
    assert ModelView(About("a")).percent == 0


@pytest.mark.parametrize("state", list(ModelState))
def test_what_is_not_here_cannot_be_chosen(state: ModelState) -> None:
    expected = state in {ModelState.INSTALLED, ModelState.VERIFYING}
    assert ModelView(About("a"), state).can_be_chosen is expected
    assert not ModelView(About("a", later=True), state).can_be_chosen
