"""Test that the scenes of the home page show every kind of recording in both languages."""

import pytest

from app.core.sentences import LANGUAGES
from app.core.states import State
from app.ui.home.timeline_model import state_of
from scripts import scenes_home


@pytest.mark.parametrize("language", LANGUAGES)
def test_recordings_of_each_kind_are_shown(language: str) -> None:
    rows = scenes_home.rows(language)
    lasting = {State.WAITING, State.DONE, State.HELD, State.CANCELLED, State.FAILED, State.DAMAGED}
    assert {state_of(row) for row in rows} == lasting
    assert any(row.edited for row in rows) and any(row.program for row in rows)
    keys = [row.key for row in rows]
    assert keys == sorted(keys, reverse=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_views_have_every_state(language: str) -> None:
    views = scenes_home.views(language)
    assert list(views) == list(State) == [view.state for view in views.values()]
    assert all(take.held for take in scenes_home.takes(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_comparison_uses_text_of_the_take(language: str) -> None:
    row = scenes_home.rows(language)[1]
    made = scenes_home.details(row, language, runs=2)
    assert made.compared is not None and made.compared.words > 0 and len(made.runs) == 2
    assert made.text == row.text and made.of_ms > made.spoken[-1].end_ms
    assert scenes_home.details(row, language, runs=0).compared is None
