"""Table of the desktop's abilities: what works, and what to do about the rest."""

import pytest
from pytestqt.qtbot import QtBot

from app.core.states import State
from app.desktop.abilities import (
    Ability,
    DesktopAction,
    DesktopView,
    KeyLines,
    LinesState,
    ReadDesktopAgain,
    abilities,
)
from app.hotkeys.compositor_lines import Compositor
from app.ui.settings.cards import DesktopPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.desktop.desktops import DESKTOPS
from tests.app.ui.showing import displayed


@pytest.fixture
def panel(theme: Theme, texts: Texts, asked: list[DesktopAction], qtbot: QtBot) -> DesktopPanel:
    return displayed(qtbot, DesktopPanel(theme, texts, asked.append))


@pytest.mark.parametrize("name", ["sway", "gnome 46", "weston", "x11"])
def test_each_ability_has_a_row_with_what_to_do_if_it_is_missing(panel: DesktopPanel, name: str) -> None:
    panel.show_desktop(DesktopView(abilities(DESKTOPS[name])))
    for support in abilities(DESKTOPS[name]):
        row = panel.rows[support.ability]
        assert row.title.text() and row.found.text() and row.found.text() in panel.accessibleName()
        assert row.do.isVisible() == (not support.means)
        assert row.shape.state is (State.DONE if support.means else State.HELD)


def test_written_lines_count_as_hotkeys(panel: DesktopPanel) -> None:
    lines = KeyLines(Compositor.SWAY, place="/config", state=LinesState.WRITTEN)
    panel.show_desktop(DesktopView(abilities(DESKTOPS["sway"]), lines))
    row = panel.rows[Ability.HOTKEYS]
    assert row.shape.state is State.DONE and "/config" in row.found.text() and not row.do.isVisible()


def test_table_is_empty_without_a_desktop(panel: DesktopPanel, texts: Texts) -> None:
    assert panel.description.text() == texts("settings.desktop.none")
    assert not any(part.isVisible() for row in panel.rows.values() for part in row)
    assert set(panel.rows) == set(Ability)


def test_table_is_renewed_on_request(panel: DesktopPanel, asked: list[DesktopAction]) -> None:
    panel.again.click()
    assert asked == [ReadDesktopAgain()]
