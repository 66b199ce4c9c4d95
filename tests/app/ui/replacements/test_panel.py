from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.messages.kinds import Action, Problem
from app.replacements.rules import MOST_RULES, Replacement, ReplacementsTried, RuleTried, TryReplacements
from app.replacements.spreadsheets import from_text
from app.settings.sections import ChangeSetting
from app.ui.replacements.panel import NAME, ReplacementsPanel
from app.ui.replacements.rules_model import Column
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.dialogs import FakeDialogs
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import displayed

GITHUB, UM = Replacement("git hub", "GitHub"), Replacement("um")


@dataclass
class Desk:
    """Panel with its dialogs and recorded requests."""

    panel: ReplacementsPanel
    dialogs: FakeDialogs
    asked: list[Action]

    @property
    def tried(self) -> list[TryReplacements]:
        return [action for action in self.asked if isinstance(action, TryReplacements)]

    @property
    def values(self) -> list[object]:
        return [action.value for action in self.asked if isinstance(action, ChangeSetting) and action.name == NAME]

    def fill(self, hears: str, writes: str, between: Qt.Key, qtbot: QtBot) -> None:
        """Fill in a new row with the keyboard."""
        self.panel.add.click()
        for text, key in ((hears, between), (writes, Qt.Key.Key_Return)):
            qtbot.waitUntil(lambda: len(self.panel.table.findChildren(QLineEdit)) == 1)
            editor = self.panel.table.findChildren(QLineEdit)[0]
            QTest.keyClicks(editor, text)
            with qtbot.waitSignal(editor.destroyed):
                QTest.keyClick(editor, key)


@pytest.fixture
def desk(theme: Theme, texts: Texts, dialogs: FakeDialogs, qtbot: QtBot) -> Iterator[Desk]:
    asked: list[Action] = []
    panel = displayed(qtbot, ReplacementsPanel(theme, texts, asked.append, dialogs), 700, 600)
    yield Desk(panel, dialogs, asked)
    panel.hide()


def test_new_rule_is_requested_once_row_is_filled(desk: Desk, qtbot: QtBot) -> None:
    assert desk.panel.empty.isVisible() and not desk.panel.table.isVisible()
    desk.fill("git hub", "GitHub", Qt.Key.Key_Return, qtbot)
    assert desk.values == [({"hears": "git hub", "writes": "GitHub"},)]
    desk.panel.show_rules((GITHUB,))
    desk.fill("um", "", Qt.Key.Key_Tab, qtbot)
    assert desk.values[1:] == [({"hears": "git hub", "writes": "GitHub"}, {"hears": "um", "writes": ""})]


def test_key_for_a_new_rule_counts_in_the_panel_only(desk: Desk, qtbot: QtBot) -> None:
    around = QWidget()
    qtbot.addWidget(around)
    elsewhere = QLineEdit(around)
    desk.panel.setParent(around)
    desk.panel.show()
    around.show()
    around.activateWindow()
    for focused, rows in ((elsewhere, 0), (desk.panel.add, 1)):
        focused.setFocus()
        qtbot.waitUntil(focused.hasFocus)
        QTest.keyClick(focused, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
        assert desk.panel.model.rowCount() == rows
    desk.panel.setParent(None)


def test_begun_row_is_requested_when_panel_is_hidden(desk: Desk) -> None:
    desk.panel.add.click()
    model = desk.panel.model
    model.setData(model.index(0, Column.HEARS), "um")
    assert desk.values == []
    desk.panel.hide()
    assert desk.values == [({"hears": "um", "writes": ""},)]


def test_invalid_rule_stays_marked_and_others_count(desk: Desk, texts: Texts) -> None:
    desk.panel.show_rules((GITHUB, UM))
    model = desk.panel.model
    model.setData(model.index(1, Column.HEARS), "GIT HUB")
    assert desk.values == [({"hears": "git hub", "writes": "GitHub"},)]
    desk.panel.show_rules((GITHUB,))
    assert model.rowCount() == 2, "a row that is being written stays"
    assert desk.panel.problem.text() == texts("words.wrong-rows", count=1)
    desk.panel.table.selectRow(1)
    assert desk.panel.problem.text() == texts("words.wrong.twice")
    desk.panel.remove.click()
    assert not desk.panel.problem.isVisible() and len(desk.values) == 1


@pytest.mark.parametrize("by_key", [False, True])
def test_removed_rules_come_back_by_undo(desk: Desk, texts: Texts, by_key: bool) -> None:
    panel, rules = desk.panel, (GITHUB, UM, Replacement("kauri", "Kauri"))
    panel.show_rules(rules)
    assert not panel.undo.isVisible()
    panel.table.selectRow(0)
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Delete)
    panel.show_rules(rules[1:])
    assert panel.undo.isVisible() and panel.undo.text() == texts("home.undo")
    if by_key:
        QTest.keySequence(panel.table, QKeySequence(QKeySequence.StandardKey.Undo))
    else:
        panel.undo.setFocus()
        panel.undo.click()
        assert panel.add.hasFocus(), "not the button for the next action, which imports"
    panel.show_rules(rules)
    assert tuple(panel.model.draft.rules) == rules and len(desk.values) == 2
    assert not panel.undo.isVisible()


def test_undo_restores_all_rules_and_what_an_import_replaced(desk: Desk) -> None:
    panel = desk.panel
    panel.show_rules((GITHUB, UM))
    panel.table.selectAll()
    QTest.keyClick(panel.table, Qt.Key.Key_Delete)
    assert not panel.table.isVisible() and panel.undo.hasFocus()
    panel.undo.click()
    panel.model.merge([Replacement("git hub", "Git Hub")])
    assert panel.model.draft.rules[0].writes == "Git Hub"
    panel.undo.click()
    assert tuple(panel.model.draft.rules) == (GITHUB, UM)


def test_later_edit_is_not_lost_by_undo(desk: Desk) -> None:
    panel = desk.panel
    panel.show_rules((GITHUB, UM))
    panel.model.remove([1])
    panel.model.setData(panel.model.index(0, Column.WRITES), "Github")
    assert not panel.undo.isVisible()
    panel.model.undo()
    assert [rule.writes for rule in panel.model.draft.rules] == ["Github"]


def test_older_answer_does_not_undo_newer_edit(desk: Desk) -> None:
    desk.panel.show_rules((GITHUB,))
    model = desk.panel.model
    model.setData(model.index(0, Column.WRITES), "Git")
    model.setData(model.index(0, Column.WRITES), "GitLab")
    desk.panel.show_rules((Replacement("git hub", "Git"),))
    assert model.draft.rules == [Replacement("git hub", "GitLab")]
    desk.panel.show_rules((Replacement("git hub", "GitLab"),))
    desk.panel.show_rules((UM,))
    assert model.draft.rules == [UM], "another program changed the file"


def test_refused_rules_are_reported_and_reset(desk: Desk, texts: Texts) -> None:
    model = desk.panel.model
    desk.panel.show_rules((GITHUB,))
    model.setData(model.index(0, Column.WRITES), "Git")
    note = Note("settings-no-toml", {"line": "3"})
    desk.panel.show_problem(Problem("settings", note=note, setting=NAME))
    assert desk.panel.result.text() == texts("note.settings-no-toml", line="3")
    desk.panel.show_rules((GITHUB,))
    assert model.draft.rules == [GITHUB]


def test_dry_run_follows_rules_while_panel_is_visible(desk: Desk, texts: Texts, qtbot: QtBot) -> None:
    desk.panel.show_rules((GITHUB, Replacement("x", "x"), UM))
    desk.panel.try_rules()
    asked = desk.tried[-1]
    assert asked.rules == (GITHUB, Replacement("x", "x"), UM)
    rules = (RuleTried(), RuleTried(), RuleTried(14))
    desk.panel.show_tried(ReplacementsTried(asked.serial - 1, 1, 1, 9, rules))
    assert not desk.panel.results.isVisible(), "that was asked about others"
    desk.panel.show_tried(ReplacementsTried(asked.serial, 20, 20, 14, rules))
    assert desk.panel.model.index(2, Column.TAKES).data() == "14"
    assert desk.panel.results.summary.text() == texts("words.would-change", count=14, total=20)
    assert desk.panel.results.about.text() == texts("words.rule-takes-left-out", count=14, hears="um")
    desk.panel.table.selectRow(0)
    assert desk.panel.results.about.text() == texts("words.rule-takes", count=0, hears="git hub", writes="GitHub")
    model = desk.panel.model
    model.setData(model.index(0, Column.HEARS), "git")
    assert not desk.panel.results.isVisible(), "it is asked anew"
    qtbot.waitUntil(lambda: desk.tried[-1].rules[0].hears == "git")
    desk.panel.hide()
    assert desk.tried[-1].rules == ()


def test_search_appears_for_many_rules(desk: Desk) -> None:
    desk.panel.show_rules([GITHUB])
    assert not desk.panel.search.isVisible()
    desk.panel.show_rules([GITHUB, *(Replacement(f"word {number}") for number in range(20))])
    QTest.keyClicks(desk.panel.search, "github")
    assert desk.panel.table.found.rowCount() == 1
    desk.panel.table.selectRow(0)
    desk.panel.remove.click()
    assert len(desk.panel.model.draft.rules) == 20
    desk.panel.add.click()
    assert desk.panel.search.text() == "" and desk.panel.table.row == 20


def test_rules_are_imported_and_exported_as_sheet(desk: Desk, texts: Texts, tmp_path: Path) -> None:
    sheet = tmp_path / "words.tsv"
    sheet.write_text("git hub\tGitHub\num\t\nalone\n", encoding="utf-8-sig")
    desk.dialogs.chosen = [str(sheet)]
    desk.panel.show_rules((Replacement("Git Hub", "x"),))
    desk.panel.import_rules.click()
    assert desk.values[-1] == ({"hears": "git hub", "writes": "GitHub"}, {"hears": "um", "writes": ""})
    assert desk.panel.result.text() == texts("words.imported-some", count=2, left=1)
    desk.dialogs.chosen = [str(tmp_path / "out.csv")]
    desk.panel.export_rules.click()
    assert desk.dialogs.suggested[0].endswith(".csv")
    assert from_text((tmp_path / "out.csv").read_text(encoding="utf-8")).rules == (GITHUB, UM)
    assert desk.panel.result.text() == texts("words.exported", place=str(tmp_path / "out.csv"))


def test_rules_without_effect_do_not_count_as_imported(desk: Desk, texts: Texts, tmp_path: Path) -> None:
    sheet = tmp_path / "words.csv"
    sheet.write_text("".join(f"word {number},Word\n" for number in range(MOST_RULES + 5)), encoding="utf-8")
    desk.dialogs.chosen = [str(sheet)]
    desk.panel.import_rules.click()
    assert desk.panel.result.text() == texts("words.imported", count=MOST_RULES)
    assert desk.panel.problem.text() == texts("words.wrong-rows", count=5)


@in_each_language
def test_sheet_of_excel_with_titles_of_the_window_is_imported(desk: Desk, texts: Texts, tmp_path: Path) -> None:
    sheet, chinese = tmp_path / "words.csv", texts.language == "zh"
    text = f"{texts('words.hears')},{texts('words.writes')}\n吉特哈布,GitHub\n"
    desk.dialogs.chosen = [str(sheet)]
    for encoding in ("gbk", "utf-16")[not chinese :]:
        desk.panel.show_rules(())
        sheet.write_bytes(text.encode(encoding))
        desk.panel.import_rules.click()
        assert desk.values[-1] == ({"hears": "吉特哈布", "writes": "GitHub"},)
        assert desk.panel.result.text() == texts("words.imported", count=1)


def test_too_large_sheet_is_refused_as_a_whole(desk: Desk, texts: Texts, tmp_path: Path) -> None:
    sheet = tmp_path / "words.csv"
    sheet.write_text("git hub,GitHub\n" + f"{' ' * 1023}\n" * (4 << 10), encoding="utf-8")
    desk.dialogs.chosen = [str(sheet)]
    desk.panel.show_rules((UM,))
    desk.panel.import_rules.click()
    assert desk.panel.result.text() == texts("note.sheet-too-large", most=4)
    assert desk.values == [] and tuple(desk.panel.model.draft.rules) == (UM,)


def test_unreadable_sheet_is_reported_and_changes_nothing(desk: Desk, texts: Texts, tmp_path: Path) -> None:
    picture = tmp_path / "picture.csv"
    picture.write_bytes(b"\xff\xd8\xff\x00")
    for chosen in (picture, tmp_path / "none.csv"):
        desk.dialogs.chosen = [str(chosen)]
        desk.panel.import_rules.click()
        assert desk.panel.result.text() == texts("note.sheet-unreadable")
    desk.panel.show_rules((UM,))
    desk.dialogs.chosen = [str(tmp_path / "no" / "folder.csv")]
    desk.panel.export_rules.click()
    assert desk.panel.result.text() == texts("words.not-written")
    desk.dialogs.chosen = []
    desk.panel.import_rules.click()
    desk.panel.export_rules.click()
    assert desk.values == []


@in_each_language
def test_replacements_controls_have_accessible_names(desk: Desk) -> None:
    desk.panel.show_rules((UM,))
    panel = desk.panel
    for widget in (panel.add, panel.remove, panel.import_rules, panel.export_rules, panel.table, panel.search):
        assert widget.accessibleName()
