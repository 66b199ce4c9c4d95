"""Test that the pictures of the history show every kind of take in both languages."""

import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from app.core.sentences import LANGUAGES
from app.core.states import State
from app.ui.home.wording import state_of
from scripts import screenshots_history
from scripts.screenshots import LOOKS


@pytest.fixture(autouse=True)
def tidy(qapp: QApplication) -> Iterator[None]:
    """Delete the windows after each test."""
    yield
    for widget in qapp.topLevelWidgets():
        widget.deleteLater()


@pytest.mark.parametrize("language", LANGUAGES)
def test_takes_of_each_kind_are_shown(language: str) -> None:
    rows = screenshots_history.rows(language)
    assert {State.DONE, State.HELD, State.FAILED} == {state_of(row) for row in rows}
    assert any(row.edited for row in rows)


def test_history_page_is_drawn_with_its_rows() -> None:
    rows = screenshots_history.rows("en")
    listed = screenshots_history.found("", rows)
    images = [screenshots_history.page(LOOKS[0], listed, 0.6, rows, chosen) for chosen in ((), (0,))]
    assert images[0].width() > 700 and images[0] != images[1]
