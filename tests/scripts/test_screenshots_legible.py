"""Check in every window and state that each control has a name, is reachable, and no text is cut.

On small screens and with large letters everything fits, and one area scrolls, never sideways.
"""

import os
from collections.abc import Callable, Iterator
from typing import Final

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication, QMenu, QWidget

from app.core.sentences import LANGUAGES
from app.ui.theme.colours import Scheme
from scripts.drawing import Look, inspectors, settle
from scripts.screenshots import SHEETS, part
from tests.helpers.legibility import cut, scrolling, size, unnamed, unreachable
from tests.helpers.packages import require

_DECORATION: Final = 40  # a title bar, or a panel of the desktop
SCREENS: Final = {
    1.0: {"1024x600": (1_024, 600), "150 % of 1366x768": (910, 512)},
    1.5: {"1366x768 at 144 dpi": (1_366, 768), "1024x600 at 144 dpi": (1_024, 600)},
    2.0: {"1024x600 at 200 %": (1_024, 600)},
}
"""Screen sizes in logical pixels, by letter scale."""
ANY_SIZE: Final[tuple[Callable[[QWidget], list[str]], ...]] = (unnamed, unreachable, cut)


@pytest.fixture
def inspect() -> Iterator[Callable[[float], list[str]]]:
    """Return a function that begins to inspect what is drawn, and returns the list of faults."""
    require(("fonts-noto-cjk",))
    found: list[str] = []
    began: list[Callable[[QWidget], None]] = []

    def begin(scale: float) -> list[str]:
        began.append(lambda widget: found.extend(faults(widget, scale)))
        inspectors.append(began[0])
        return found

    yield begin
    inspectors.remove(began[0])


def faults(widget: QWidget, scale: float) -> list[str]:
    """Return the faults of a window as it is drawn, then on each small screen."""
    if isinstance(widget, QMenu):
        return []
    settle(widget)
    found = [f"{rule.__name__}: {fault}" for rule in ANY_SIZE for fault in rule(widget)]
    for name, (width, height) in SCREENS[scale].items():
        widget.resize(width, height - _DECORATION)
        settle(widget)
        found += [f"{name}: {fault}" for fault in (*scrolling(widget), *cut(widget))]
        if widget.width() > width or widget.height() > height - _DECORATION:
            found.append(f"{name}: {type(widget).__name__} needs {size(widget)}")
    return found


@pytest.mark.parametrize("scale", list(SCREENS))
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", list(SHEETS))
def test_every_state_is_legible_and_fits_small_screens(
    qapp: QApplication, name: str, language: str, scale: float, inspect: Callable[[float], list[str]]
) -> None:
    found = inspect(scale)
    part(name, Look(language, Scheme.LIGHT, scale=scale))
    assert list(dict.fromkeys(found)) == []
