"""Fixtures for Qt without a screen, styled like the app, in a theme and a language of the test's choice."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from app.ui.strings.texts import Texts
    from app.ui.theme.theme import Theme
    from tests.app.ui.dialogs import FakeDialogs


@pytest.fixture
def theme(qapp: "QApplication") -> Iterator["Theme"]:
    """Yield the light theme after applying it to the application."""
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QFont

    from app.ui.theme.colours import Scheme
    from app.ui.theme.theme import Motion, Theme

    before = QFont(qapp.font())
    made = Theme(Scheme.LIGHT, Motion())
    made.dress(qapp)
    yield made
    for widget in qapp.topLevelWidgets():  # leftover widgets would be styled again for each test
        widget.deleteLater()
    made.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.setFont(before)


@pytest.fixture
def texts(request: pytest.FixtureRequest) -> "Texts":
    """Return the texts in English, or in the language that the test or the whole run asks for."""
    from app.ui.strings.texts import Texts

    return Texts(getattr(request, "param", os.environ.get("KIKIPOUNAMU_TEST_LANGUAGE", "en")))


@pytest.fixture
def dialogs() -> "FakeDialogs":
    """Return dialogs in which nothing is chosen yet."""
    from tests.app.ui.dialogs import FakeDialogs

    return FakeDialogs()


@pytest.fixture
def asked() -> list[Any]:
    """Return a list of the actions that a widget requests."""
    return []
