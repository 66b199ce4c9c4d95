"""Check in every window and state that each control has a name, is reachable, and no text is cut.

On small screens and with large letters everything fits, and one area scrolls, never sideways.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from app.core.sentences import LANGUAGES
from app.ui.theme.colours import Scheme
from scripts.drawing import Look, inspectors, settle
from scripts.screenshots import SHEETS
from tests.helpers.legibility import cut, scrolling, size, unnamed, unreachable
from tests.helpers.packages import require

_DECORATION: Final = 40  # a title bar, or a panel of the desktop
SCREENS: Final = {
    1.0: {"1024x600": (1_024, 600), "150 % of 1366x768": (910, 512)},
    1.5: {"1366x768 at 144 dpi": (1_366, 768), "1024x600 at 144 dpi": (1_024, 600)},
    2.0: {"1024x600 at 200 %": (1_024, 600)},
}
"""Screen sizes in logical pixels, by letter scale."""
LONGER, OTHER = "en", "zh"
"""The language with longer texts, and the other one."""
ANY_SIZE: Final[tuple[Callable[[QWidget], list[str]], ...]] = (unnamed, unreachable, cut)


def looks(number: int) -> tuple[Look, ...]:
    """Return the looks for a scene by its number: each language, each size of letters, and the least room.

    The first has the longer texts and the largest letters, where most faults show: the suite draws that one, and
    `make proofs` the others too. The languages take turns in the middle size.
    """
    pairs = (LONGER, 2.0), (OTHER, 1.0), (LANGUAGES[number % 2], 1.5)
    return tuple(Look(language, Scheme.LIGHT, scale=scale) for language, scale in pairs)


@contextmanager
def inspected(scale: float) -> Iterator[list[str]]:
    """Inspect what is drawn, and yield the list of faults."""
    found: list[str] = []

    def inspect(widget: QWidget) -> None:
        found.extend(faults(widget, scale))

    inspectors.append(inspect)
    try:
        yield found
    finally:
        inspectors.remove(inspect)


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


@pytest.mark.timeout(300)
@pytest.mark.parametrize("turn", [0, *(pytest.param(turn, marks=pytest.mark.proof(minutes=1)) for turn in (1, 2))])
@pytest.mark.parametrize("name", list(SHEETS))
def test_states_differ_and_are_legible_and_fit_small_screens(qapp: QApplication, name: str, turn: int) -> None:
    require(("fonts-noto-cjk",))
    found, images = list[str](), list[QImage]()
    for number, draw in enumerate(SHEETS[name]):
        look = looks(number)[turn]
        with inspected(look.scale) as faulty:
            images.append(draw(look))
        found += [f"{look.language} {look.scale:g}, scene {number}: {fault}" for fault in faulty]
    assert list(dict.fromkeys(found)) == []
    assert all(one != other for number, one in enumerate(images) for other in images[number + 1 :])


@pytest.mark.parametrize("number", [0, 1])
def test_each_scene_is_drawn_in_each_language_and_size(number: int) -> None:
    drawn = looks(number)
    assert {look.language for look in drawn} == set(LANGUAGES) and {look.scale for look in drawn} == set(SCREENS)
