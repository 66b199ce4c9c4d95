"""Tests that each state has one text per language, and one shape."""

import tomllib
from importlib.resources import files

import pytest

from app.core.sentences import Sentences
from app.core.states import SHAPES, State


def texts(language: str) -> dict[str, str]:
    """Read the states' texts of one language as the windows do."""
    found: dict[str, str] = tomllib.loads(files("app.ui.strings").joinpath(f"texts/{language}.toml").read_text())[
        "state"
    ]
    return found


def test_terminals_and_windows_use_the_same_english_words() -> None:
    assert {state.value: Sentences()(state.key) for state in State} == texts("en")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_states_have_distinct_words_and_shapes(language: str) -> None:
    assert len(set(texts(language).values())) == len(set(SHAPES.values())) == len(State)


def test_state_names_its_text() -> None:
    assert State.HELD.key == "state.held"
