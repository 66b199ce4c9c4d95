"""Theme: given schemes, changes of the system, and font sizes chosen by the user."""

import sys
from types import SimpleNamespace

import pytest
from PySide6.QtGui import QFont, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.states import State
from app.settings.schema import all_settings
from app.ui.theme.colours import COLOURS, Scheme
from app.ui.theme.theme import (
    HAN,
    SCALE,
    SCHEMES,
    TEXT_SIZES,
    System,
    Theme,
    font,
    letter_width,
    palette,
)
from app.ui.widgets.parts import label
from tests.app.ui.showing import enlarge


def test_theme_follows_system_by_default(qapp: QApplication) -> None:
    theme, system = Theme(), System()
    assert theme.scheme is system.scheme
    assert theme.motion == system.motion
    assert theme.colours is COLOURS[theme.scheme]


def test_system_preferences_can_be_read_repeatedly(qapp: QApplication) -> None:
    first = System()
    del first
    assert System().scheme in set(Scheme)


def test_chosen_scheme_changes_colours_and_emits_signal(qtbot: QtBot, theme: Theme) -> None:
    with qtbot.waitSignal(theme.changed):
        theme.choose(Scheme.DARK)
    assert theme.colour("text").name() == COLOURS[Scheme.DARK].text
    assert theme.state_colour(State.FAILED).name() == COLOURS[Scheme.DARK].warning
    theme.choose(None)
    assert theme.scheme is System().scheme


def test_change_of_system_emits_signal(qtbot: QtBot, qapp: QApplication) -> None:
    theme = Theme()
    hints = qapp.styleHints()
    with qtbot.waitSignal(theme.changed):
        hints.colorSchemeChanged.emit(hints.colorScheme())


def test_application_palette_follows_theme(theme: Theme, qapp: QApplication) -> None:
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == COLOURS[Scheme.LIGHT].window
    theme.choose(Scheme.HIGH_CONTRAST)
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == COLOURS[Scheme.HIGH_CONTRAST].window
    assert COLOURS[Scheme.HIGH_CONTRAST].accent in qapp.styleSheet()


@pytest.mark.parametrize("scheme", list(Scheme))
def test_disabled_text_is_muted(scheme: Scheme, qapp: QApplication) -> None:
    made = palette(COLOURS[scheme])
    off = made.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
    assert off.name() == COLOURS[scheme].muted


def test_font_follows_system_size(theme: Theme) -> None:
    usual = font(1.6).pointSizeF()
    enlarge(2)
    assert font(1.6).pointSizeF() == pytest.approx(usual * 2)
    assert font().families()[-len(HAN) :] == list(HAN)


@pytest.mark.parametrize(("preference", "moves"), [("ReducedMotion", False), ("NoPreference", True)])
def test_windows_move_unless_the_system_asks_for_less(preference: str, moves: bool, qapp: QApplication) -> None:
    system = System()
    system._preferences = SimpleNamespace(motionPreference=lambda: SimpleNamespace(name=preference))
    assert (system.motion.quick > 0, not system.motion.reduced) == (moves, moves)


def test_pyside_releases_no_extra_references_to_none(qapp: QApplication) -> None:
    made = QFont(qapp.font())
    before = sys.getrefcount(None)
    for _ in range(1000):
        made.setBold(True)
    assert before - sys.getrefcount(None) < 500  # PySide 6.12.0: 1,000, and Python before 3.12 aborts in the end


def test_font_in_pixels_keeps_its_unit(qapp: QApplication) -> None:
    before = QFont(qapp.font())
    pixels = QFont(before)
    pixels.setPixelSize(20)
    qapp.setFont(pixels)
    try:
        assert font(1.5).pixelSize() == 30
    finally:
        qapp.setFont(before)


@pytest.mark.parametrize("family", ["DejaVu Sans", HAN[0]])
def test_letter_is_narrower_than_chinese_character_in_each_font(family: str, qapp: QApplication) -> None:
    metrics = QFontMetrics(QFont(family, 20))
    assert letter_width(metrics) < 0.7 * metrics.horizontalAdvance("中")


def test_text_size_applies_to_existing_widgets(theme: Theme, qtbot: QtBot) -> None:
    plain, heading, usual = label("plain"), label("heading", size=SCALE.heading), font().pointSizeF()
    for widget in (plain, heading):
        qtbot.addWidget(widget)
        widget.show()
    theme.choose_text_size("largest")
    theme.choose(Scheme.DARK)
    heading.style().polish(heading)
    assert font().pointSizeF() == pytest.approx(1.6 * usual)
    assert plain.font().pointSizeF() == pytest.approx(1.6 * usual)
    assert heading.font().pointSizeF() == pytest.approx(1.6 * usual * SCALE.heading)
    theme.choose_text_size("normal")
    assert font().pointSizeF() == pytest.approx(usual)


def test_each_setting_of_theme_has_scheme_and_size() -> None:
    chosen = all_settings()
    assert set(chosen["general.theme"].choices) == set(SCHEMES)
    assert set(chosen["general.text_size"].choices) == set(TEXT_SIZES)
