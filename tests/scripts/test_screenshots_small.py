"""Test that every window fits small screens and large letters, with one vertical scroll area."""

import os
from collections.abc import Iterator
from typing import Final

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QScrollArea, QWidget

from app.core.sentences import LANGUAGES
from app.ui.home.page import HomePage
from app.ui.onboarding.pages import Onboarding
from app.ui.settings.page import SettingsPage
from app.ui.settings.placement import SECTIONS
from app.ui.shell.pages import PAGES, SETTINGS, Pages
from app.ui.shell.shell import Shell
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import Theme
from scripts.screenshots import CHOICES, POINTS, WORKERS, Look, inspectors, parts, takes
from tests.helpers.legibility import scrolling, size
from tests.helpers.packages import require

_DECORATION: Final = 40  # a title bar, or a panel of the desktop
SCREENS: Final = {
    "1024x600": (1.0, 1_024, 600),
    "150 % of 1366x768": (1.0, 910, 512),
    "1366x768 at 144 dpi": (1.5, 1_366, 768),
    "1024x600 at 144 dpi": (1.5, 1_024, 600),
}
"""Letter scale, and screen size in logical pixels."""
_BY_THEMSELVES: Final = (Shell, QDialog, Onboarding)
_IN_THE_SHELL: Final = (HomePage, SettingsPage, QScrollArea)  # the shell's scroll area around other pages


@pytest.fixture(params=list(SCREENS))
def screen(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[tuple[float, int, int]]:
    require(("fonts-noto-cjk",))
    before, (scale, width, height) = QFont(qapp.font()), SCREENS[request.param]
    letters = QFont(before)
    letters.setPointSizeF(POINTS * scale)
    qapp.setFont(letters)
    yield scale, width, height - _DECORATION
    qapp.setFont(before)


def settle(widget: QWidget) -> None:
    """Process events until the layout no longer changes."""
    for _ in range(3):
        QApplication.processEvents()
        widget.grab()


def real(language: str) -> Pages:
    theme, texts, application = Theme(Scheme.LIGHT), Texts(language), QApplication.instance()
    assert isinstance(application, QApplication)
    theme.dress(application)
    pages = Pages(theme, texts, lambda action: None)
    pages.home.show_choices(CHOICES)
    pages.home.show_takes(takes(language))
    pages.home.show_worker(WORKERS[0])
    pages.shell.show()
    return pages


def panels(widget: QWidget) -> list[QWidget]:
    """Return the drawn panels: the widget itself, or its children that are pages in the app."""
    if type(widget) is not QWidget:
        return [widget]
    return [one for one in widget.children() if isinstance(one, QWidget) and not one.isHidden()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_window_fits_the_screen_and_scrolls_in_one_area(language: str, screen: tuple[float, int, int]) -> None:
    _, width, height = screen
    pages, found = real(language), list[str]()
    for page in PAGES:
        pages.shell.choose(page)
        pages.shell.resize(width, height)
        for section in SECTIONS if page == SETTINGS else ("",):
            if section:
                pages.settings.choose(section)
            settle(pages.shell)
            found += [f"{page} {section}: {fault}" for fault in scrolling(pages.shell)]
            if (pages.shell.width(), pages.shell.height()) != (width, height):
                found.append(f"{page} {section}: needs {size(pages.shell)}")
    pages.shell.deleteLater()
    assert found == []


@pytest.mark.parametrize("name", list(parts()))
def test_every_state_fits_the_screen(name: str, screen: tuple[float, int, int]) -> None:
    """Windows and pages get their real size; panels must be as narrow as the settings."""
    scale, width, height = screen
    pages, found = real("en"), list[str]()
    pages.shell.choose(SETTINGS)
    pages.shell.resize(width, height)
    settle(pages.shell)
    tabs = pages.shell.height() - pages.settings.height()
    room = pages.settings.area.viewport().width()
    pages.shell.deleteLater()

    def inspect(widget: QWidget) -> None:
        if isinstance(widget, QMenu):
            return
        if isinstance(widget, _BY_THEMSELVES + _IN_THE_SHELL):
            high = height - (tabs if isinstance(widget, _IN_THE_SHELL) else 0)
            widget.resize(width, high)
            settle(widget)
            found.extend(f"{type(widget).__name__}: {fault}" for fault in scrolling(widget))
            if widget.width() > width or widget.height() > high:
                found.append(f"{type(widget).__name__} needs {size(widget)}")
            return
        for panel in panels(widget):
            needed = panel.minimumSizeHint().width()
            if needed > room:
                found.append(f"{type(panel).__name__} needs {needed}, has {room}")

    inspectors.append(inspect)
    try:
        parts()[name](Look("en", Scheme.LIGHT, scale=scale))
    finally:
        inspectors.remove(inspect)
    assert list(dict.fromkeys(found)) == []
