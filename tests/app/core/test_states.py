"""Tests that each state has one text per language, one shape and one English word."""

import tomllib
from importlib.resources import files

import pytest

from app.core.states import ENDS, SHAPES, State
from app.journal.take import TakeState
from app.messages.view import STATES


def texts(language: str) -> dict[str, str]:
    """Read the states' texts of one language as the windows do."""
    found: dict[str, str] = tomllib.loads(files("app.ui.strings").joinpath(f"texts/{language}.toml").read_text())[
        "state"
    ]
    return found


def test_terminals_and_windows_use_the_same_english_words() -> None:
    assert {state.value: state.word for state in State} == texts("en")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_states_have_distinct_words_and_shapes(language: str) -> None:
    assert len(set(texts(language).values())) == len(set(SHAPES.values())) == len(State)


def test_state_names_its_text() -> None:
    assert State.HELD.key == "state.held"


def test_states_of_recordings_are_in_the_vocabulary() -> None:
    assert set(STATES) == set(TakeState)
    assert STATES[TakeState.DAMAGED] is State.DAMAGED and STATES[TakeState.CANCELLED] is State.CANCELLED
    assert State.WAITING not in ENDS and State.DAMAGED in ENDS
