from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.insertion.plan import Newline, ProgramRule, Strategy
from app.insertion.program_picker import PickProgram, PickState, ProgramPick
from app.messages.kinds import Action, Problem, Programs
from app.settings.sections import ChangeSetting
from app.ui.programs.panel import NAME, ProgramRow, ProgramsPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.ui.widgets.panels import scrolling
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import displayed

SLACK, SAFE = ProgramRule("slack", Strategy.TYPE), ProgramRule("keepassxc", hold=True)


@pytest.fixture
def panel(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> ProgramsPanel:
    return displayed(qtbot, ProgramsPanel(theme, texts, asked.append, picks=False), 600, 400)


def choose(row: ProgramRow, how: str) -> None:
    row.how.setCurrentIndex(row.how.findData(how))
    row.how.activated.emit(row.how.currentIndex())


def entries(panel: ProgramsPanel) -> list[str]:
    panel.menu.aboutToShow.emit()
    return [action.text() for action in panel.menu.actions() if not action.isSeparator()]


@in_each_language
def test_program_rules_are_shown_with_accessible_names(panel: ProgramsPanel) -> None:
    assert panel.empty.isVisible()
    panel.show_rules((SLACK, SAFE))
    first, second = panel.rows
    assert (first.name.text(), first.how.currentData(), first.newline.isHidden()) == ("slack", "type", False)
    assert not first.program.isVisible() and first.icon.pixmap().width() > 0
    assert (second.how.currentData(), second.newline.isHidden()) == ("hold", True)
    for row in panel.rows:
        assert row.how.accessibleName() and row.remove.accessibleName() and row.program.accessibleName()


def test_changed_rule_is_requested_as_setting(panel: ProgramsPanel, asked: list[Action]) -> None:
    panel.show_rules((SLACK, SAFE))
    choose(panel.rows[0], "hold")
    assert asked[-1] == ChangeSetting(
        NAME, ({"program": "slack", "strategy": "type", "hold": True}, {"program": "keepassxc", "hold": True})
    )
    choose(panel.rows[1], "automatic")
    row = panel.rows[1]
    row.newline.setCurrentIndex(row.newline.findData(Newline.SPACE.value))
    row.newline.activated.emit(row.newline.currentIndex())
    panel.rows[0].remove.click()
    assert asked[-1] == ChangeSetting(NAME, ({"program": "keepassxc", "newline": "space"},))


def test_program_may_get_no_full_stop(panel: ProgramsPanel, asked: list[Action]) -> None:
    panel.show_rules((SLACK, SAFE))
    first, second = panel.rows
    assert not first.full_stop.isHidden() and first.full_stop.accessibleName() and second.full_stop.isHidden()
    first.full_stop.setCurrentIndex(1)
    first.full_stop.activated.emit(1)
    assert asked[-1] == ChangeSetting(
        NAME,
        ({"program": "slack", "strategy": "type", "full_stop": False}, {"program": "keepassxc", "hold": True}),
    )
    panel.show_rules((replace(SLACK, full_stop=False), SAFE))
    assert panel.rows[0].full_stop.currentIndex() == 1


def test_removed_rule_is_restored_by_undo(panel: ProgramsPanel, asked: list[Action]) -> None:
    panel.show_rules((SLACK, SAFE))
    assert panel.undo.isHidden()
    panel.rows[0].remove.click()
    panel.show_rules((SAFE,))
    panel.undo.setFocus()
    panel.undo.click()
    assert [row.rule for row in panel.rows] == [SLACK, SAFE] and len(asked) == 2
    assert asked[-1] == ChangeSetting(
        NAME, ({"program": "slack", "strategy": "type"}, {"program": "keepassxc", "hold": True})
    )
    assert panel.undo.isHidden() and panel.add.hasFocus(), "once"


def test_undo_of_a_removed_rule_ends_with_another_change(panel: ProgramsPanel, asked: list[Action]) -> None:
    changes: tuple[Callable[[], None], ...] = (
        lambda: choose(panel.rows[0], "type"),
        lambda: panel.show_rules((ProgramRule("kitty"),)),  # from the settings file
        lambda: panel.show_pick(ProgramPick(PickState.PICKED, "gedit")),
    )
    for change in changes:
        panel.show_rules((SLACK, SAFE))
        panel.rows[0].remove.click()
        panel.show_rules((SAFE,))
        assert panel.undo.isVisible()
        change()
        assert panel.undo.isHidden()
        panel.show_rules(panel._counting)
        panel.show_rules((SLACK, SAFE))
    entries(panel)
    panel.menu.actions()[-1].trigger()
    panel.rows[-1].remove.click()
    assert panel.undo.isHidden(), "an empty row is no rule"


def test_menu_offers_programs_without_rule(panel: ProgramsPanel, asked: list[Action], texts: Texts) -> None:
    panel.show_rules((SLACK,))
    panel.show_programs(Programs(("kitty", "Slack")))
    assert entries(panel) == ["kitty", texts("programs.another")]
    panel.menu.actions()[0].trigger()
    assert asked == [ChangeSetting(NAME, ({"program": "slack", "strategy": "type"}, {"program": "kitty"}))]
    assert entries(panel) == [texts("programs.another")]
    panel.show_programs(Programs(("gedit", "kitty")))
    panel.show_programs(Programs(("wezterm",)))
    assert entries(panel) == ["wezterm", "gedit", texts("programs.another")], "earlier ones are still offered"


def test_typed_program_counts_once_it_has_a_valid_name(
    panel: ProgramsPanel, asked: list[Action], texts: Texts
) -> None:
    panel.show_rules((SLACK,))
    entries(panel)
    panel.menu.actions()[-1].trigger()
    row = panel.rows[1]
    assert asked == [] and not row.problem.isVisible()
    for name in ("Slack.exe", "kitty"):
        row.program.selectAll()
        QTest.keyClicks(row.program, name)
        QTest.keyClick(row.program, Qt.Key.Key_Return)
        wrong = name != "kitty"
        assert row.problem.text() == (texts("programs.wrong.twice") if wrong else "")
        assert len(asked) == (0 if wrong else 1)
        assert (row.program.isHidden(), row.name.isHidden()) == (not wrong, wrong)


def test_empty_row_is_dropped_when_panel_is_hidden(panel: ProgramsPanel) -> None:
    entries(panel)
    panel.menu.actions()[-1].trigger()
    panel.hide()
    assert panel.rows == []


def test_older_answer_keeps_newer_choice_and_refusal_resets_it(panel: ProgramsPanel, texts: Texts) -> None:
    panel.show_rules((SLACK,))
    choose(panel.rows[0], "paste")
    choose(panel.rows[0], "hold")
    panel.show_rules((ProgramRule("slack", Strategy.PASTE),))
    assert panel.rows[0].rule.hold, "an older answer does not undo a newer choice"
    note = Note("settings-no-toml", {"line": "3"})
    panel.show_problem(Problem("settings", note=note, setting=NAME))
    assert panel.problem.text() == texts("note.settings-no-toml", line="3")
    panel.show_rules((SLACK,))
    assert [row.rule for row in panel.rows] == [SLACK]


def test_settings_search_finds_programs_of_rules(panel: ProgramsPanel) -> None:
    panel.show_rules((SLACK, SAFE))
    assert "keepassxc" in list(panel.words())


def test_program_is_added_by_a_click_on_its_window(
    theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot
) -> None:
    panel = displayed(qtbot, ProgramsPanel(theme, texts, asked.append, picks=True))
    assert entries(panel) == [texts("programs.click"), texts("programs.another")]
    panel.menu.actions()[0].trigger()
    assert asked == [PickProgram(True)]
    panel.show_pick(ProgramPick(PickState.WAITING))
    assert panel.hint.text() == texts("programs.pick.waiting") and not panel.add.isEnabled()
    panel.stop.click()
    assert asked[1:] == [PickProgram(False)]
    panel.show_pick(ProgramPick(PickState.PICKED, "kitty"))
    assert asked[-1] == ChangeSetting(NAME, ({"program": "kitty"},))
    assert not panel.hint.isVisible() and not panel.stop.isVisible() and panel.add.isEnabled()


def test_picked_program_with_a_rule_gets_no_second_one(panel: ProgramsPanel, asked: list[Action]) -> None:
    panel.show_rules((SLACK,))
    panel.show_pick(ProgramPick(PickState.PICKED, "Slack"))
    assert [row.rule for row in panel.rows] == [SLACK] and asked == []


@pytest.mark.parametrize("state", [PickState.OWN, PickState.LATE, PickState.BUSY, PickState.NO_PROGRAM])
def test_failed_pick_says_what_to_do(panel: ProgramsPanel, texts: Texts, state: PickState) -> None:
    panel.show_pick(ProgramPick(PickState.WAITING))
    panel.show_pick(ProgramPick(state))
    assert panel.hint.isVisible() and panel.hint.text() == texts(f"programs.pick.{state.value}")
    panel.show_pick(ProgramPick(PickState.CANCELLED))
    assert not panel.hint.isVisible()


def test_menu_shows_programs_by_their_names(
    panel: ProgramsPanel, texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.ui.programs.panel.program_name", lambda name, language: f"{name} & {language}")
    panel.show_programs(Programs(("kitty",)))
    assert entries(panel)[0] == f"kitty && {texts.language}"
    assert not panel.menu.actions()[0].icon().isNull()


def test_removal_keeps_the_page_in_place(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    """Qt moved the focus to the control below the removed row, and scrolled to it."""
    panel = ProgramsPanel(theme, texts, lambda action: None, picks=False)
    panel.show_rules([ProgramRule(f"editor{number}") for number in range(4)])
    page = displayed(qtbot, scrolling(panel), 600, 150)
    page.activateWindow()
    first = panel.rows[0].remove
    qtbot.waitUntil(lambda: page.isActiveWindow() and page.verticalScrollBar().maximum() > 0)
    page.ensureWidgetVisible(first, 0, 0)
    bar = page.verticalScrollBar()
    before = bar.value()
    assert before < bar.maximum()
    QTest.mouseClick(first, Qt.MouseButton.LeftButton)
    assert bar.value() == before and panel.rows[0].remove.hasFocus()
