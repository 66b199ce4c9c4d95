"""Check in every window and state that each control has a name, is reachable, and no text is cut."""

import os
from collections.abc import Callable, Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication, QMenu, QWidget

from app.core.sentences import LANGUAGES
from app.ui.theme.colours import Scheme
from scripts.screenshots import Look, inspectors, parts
from tests.helpers.legibility import cut, unnamed, unreachable
from tests.helpers.packages import require

NORMAL, TWICE = 1.0, 2.0
SMALL_SCREEN = 1_280  # width in pixels


@pytest.fixture
def found(qapp: QApplication) -> Iterator[list[str]]:
    require(("fonts-noto-cjk",))
    found: list[str] = []

    def inspect(widget: QWidget) -> None:
        if isinstance(widget, QMenu):
            return
        rules: tuple[Callable[[QWidget], list[str]], ...] = (unnamed, unreachable, cut)
        found.extend(f"{rule.__name__}: {fault}" for rule in rules for fault in rule(widget))
        if widget.width() > SMALL_SCREEN:
            widget.resize(SMALL_SCREEN, widget.height())
            for _ in range(3):  # a new layout may trigger another
                QApplication.processEvents()
                widget.grab()
            found.extend(f"on a small screen: {fault}" for fault in cut(widget))

    inspectors.append(inspect)
    yield found
    inspectors.remove(inspect)


@pytest.mark.parametrize("scale", [NORMAL, TWICE])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", list(parts()))
def test_controls_are_named_reachable_and_uncut(name: str, language: str, scale: float, found: list[str]) -> None:
    parts()[name](Look(language, Scheme.LIGHT, scale=scale))
    assert list(dict.fromkeys(found)) == []
