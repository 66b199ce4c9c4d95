"""Lines for keys in the settings: shown, copied, written after a look at the change, and tested."""

from dataclasses import replace

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.core.states import State
from app.desktop.abilities import DesktopAction, DesktopView, KeyLines, LinesState, WriteKeyLines
from app.dictation.hotkey_test import KeysSeen
from app.hotkeys.compositor_lines import Compositor
from app.ui.settings.hotkey_panels import KeyLinesPanel
from app.ui.strings.texts import Texts, key_text
from app.ui.theme.theme import Theme

LINES = (
    "bindsym F9 exec kikipounamu key dictate press",
    "bindsym --release F9 exec kikipounamu key dictate release",
)
MISSING = {"cancel": "everywhere"}
OFFERED = KeyLines(
    Compositor.SWAY, LINES, MISSING, "/home/me/.config/sway/config", LinesState.TO_WRITE, "+include ours"
)


@pytest.fixture
def panel(theme: Theme, texts: Texts, asked: list[DesktopAction], qtbot: QtBot) -> KeyLinesPanel:
    made = KeyLinesPanel(theme, texts, asked.append)
    qtbot.addWidget(made)
    made.show_bindings({"dictate": "f9", "cancel": "esc"})
    return made


def shows(panel: KeyLinesPanel, lines: KeyLines | None) -> None:
    panel.show_desktop(DesktopView(lines=lines))
    panel.setVisible(lines is not None)


def test_panel_is_hidden_where_programs_get_hotkeys(panel: KeyLinesPanel) -> None:
    shows(panel, None)
    assert panel.isHidden()
    shows(panel, OFFERED)
    assert not panel.isHidden()


def test_lines_are_shown_with_the_keys_that_have_none_and_copied(panel: KeyLinesPanel, texts: Texts) -> None:
    shows(panel, OFFERED)
    assert panel.lines.toPlainText().splitlines() == list(LINES)
    assert key_text(texts, "esc") in panel.missing.text()
    panel.copy.click()
    assert QGuiApplication.clipboard().text().splitlines() == list(LINES)


def test_change_is_shown_before_it_is_made(panel: KeyLinesPanel, asked: list[DesktopAction]) -> None:
    shows(panel, OFFERED)
    panel.write.click()
    assert not asked and panel.change.isVisible() and "+include ours" in panel.change.toPlainText()
    assert OFFERED.place in panel.where.text() and not panel.lines.isVisible()
    assert panel.back.x() > panel.write.geometry().right()
    panel.back.click()
    assert not panel.change.isVisible() and panel.lines.isVisible()
    panel.write.click()
    panel.write.click()
    assert asked == [WriteKeyLines(True)] and not panel.change.isVisible()


def test_file_that_sway_has_read_is_named(panel: KeyLinesPanel) -> None:
    shows(panel, replace(OFFERED, place="/home/me/own.conf"))
    assert "/home/me/own.conf" in panel.where.text() and "~/.config" not in panel.where.text()


def test_new_configuration_is_named_before_it_is_made(
    panel: KeyLinesPanel, asked: list[DesktopAction], texts: Texts
) -> None:
    shows(panel, replace(OFFERED, is_new=True))
    assert panel.where.text() == texts("settings.key-lines.new", file=OFFERED.place, desktop="sway")
    panel.write.click()
    assert panel.where.text() == texts("settings.key-lines.review-new", file=OFFERED.place), "nothing to copy yet"
    panel.write.click()
    assert asked == [WriteKeyLines(True)]


def test_written_lines_can_be_removed(panel: KeyLinesPanel, asked: list[DesktopAction]) -> None:
    shows(panel, KeyLines(Compositor.SWAY, LINES, {}, OFFERED.place, LinesState.WRITTEN))
    assert not panel.write.isVisible() and "swaymsg reload" in panel.where.text()
    panel.remove.click()
    assert asked == [WriteKeyLines(False)]


def test_outdated_lines_can_be_written_again(panel: KeyLinesPanel) -> None:
    shows(panel, KeyLines(Compositor.SWAY, LINES, {}, OFFERED.place, LinesState.OUTDATED, "+x"))
    assert panel.write.isVisible() and panel.remove.isVisible()


def test_lines_that_the_user_has_copied_are_not_asked_for_again(panel: KeyLinesPanel) -> None:
    shows(panel, KeyLines(Compositor.LABWC, LINES, {}, "/home/me/rc.xml", LinesState.COPIED))
    assert "/home/me/rc.xml" in panel.where.text() and not panel.write.isVisible() and not panel.remove.isVisible()


@pytest.mark.parametrize("compositor", Compositor)
@pytest.mark.parametrize("state", [LinesState.TO_COPY, LinesState.TO_WRITE])
def test_each_compositor_says_where_the_lines_belong(
    panel: KeyLinesPanel, compositor: Compositor, state: LinesState
) -> None:
    shows(panel, KeyLines(compositor, LINES, {}, "", state))
    assert panel.where.text() and panel.write.isVisible() == (state is LinesState.TO_WRITE)


@pytest.mark.parametrize("compositor", [Compositor.NIRI, Compositor.LABWC])
def test_desktop_that_reports_no_releases_says_that_keys_toggle(
    panel: KeyLinesPanel, texts: Texts, compositor: Compositor
) -> None:
    shows(panel, KeyLines(compositor, LINES))
    assert texts("settings.key-lines.toggles", desktop=compositor.value) in panel.description.text()


def test_lines_work_once_the_key_has_arrived(panel: KeyLinesPanel, texts: Texts) -> None:
    shows(panel, OFFERED)
    assert panel.result.text() == texts("settings.key-lines.try")
    panel.show_keys(KeysSeen(commanded=("paste-held",)))
    assert panel.result.text() == texts("settings.key-lines.try"), "another key says nothing about this one"
    panel.show_keys(KeysSeen(commanded=("dictate",)))
    assert panel.result.text() == texts("settings.key-lines.works") and panel.shape.state is State.DONE


@pytest.mark.parametrize("why", ["lone", "everywhere", "unknown"])
def test_key_without_a_line_is_explained(panel: KeyLinesPanel, why: str) -> None:
    shows(panel, KeyLines(Compositor.SWAY, (), {"dictate": why}))
    assert panel.missing.text() and not panel.lines.isVisible() and not panel.result.isVisible()
    assert not panel.write.isVisible() and not panel.copy.isVisible()


def test_refused_change_is_reported(panel: KeyLinesPanel, texts: Texts) -> None:
    shows(panel, KeyLines(Compositor.SWAY, LINES, problem=Note("key-lines-refused", {"place": "/x"})))
    assert panel.problem.text() == texts("note.key-lines-refused", place="/x")


def test_other_desktop_gets_commands_to_copy_and_try(panel: KeyLinesPanel, texts: Texts) -> None:
    panel.show_bindings({"dictate": ""})
    shows(panel, KeyLines(None, ("kikipounamu key dictate tap",)))
    assert panel.description.text() == texts("settings.key-lines.commands") and not panel.where.isVisible()
    assert panel.copy.isVisible() and not panel.write.isVisible() and panel.result.isVisible()
