from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.insertion.plan import ProgramRule
from app.messages.kinds import Action, Problem
from app.replacements.rules import Replacement, ReplacementsTried, RuleTried, TryReplacements
from app.settings.schema import as_written
from app.settings.sections import ChangeSetting, InsertionSection, RecognitionSection, Settings
from app.ui.programs.panel import ProgramsPanel
from app.ui.replacements.page import DictionaryPage, WordsPanel
from app.ui.replacements.panel import ReplacementsPanel
from app.ui.settings.page import SettingsPage
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.ui.widgets.panels import scrolling
from tests.app.ui.dialogs import FakeDialogs
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import displayed, enlarge
from tests.helpers.legibility import cut

RULES = tuple(Replacement(f"word number {number}", "something else") for number in range(12))
SETTINGS = replace(
    Settings(),
    recognition=RecognitionSection(replacements=RULES, hotwords=("pounamu",)),
    insertion=InsertionSection(programs=(ProgramRule("slack"), ProgramRule("keepassxc", hold=True))),
)


def test_words_panel_shows_settings_and_forwards_dry_run(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    asked: list[Action] = []
    panel = displayed(qtbot, WordsPanel(theme, texts, asked.append))
    panel.show_settings(SETTINGS)
    assert panel.replacements.model.rowCount() == 12 and list(panel.hotwords.row.chips) == ["pounamu"]
    panel.replacements.try_rules()
    wanted = asked[-1]
    assert isinstance(wanted, TryReplacements)
    panel.replacements.show_tried(ReplacementsTried(wanted.serial, 1, 1, 1, (RuleTried(1),)))
    assert panel.replacements.results.isVisible()
    note = Note("settings-unreadable")
    for part in (panel.hotwords, panel.replacements):
        part.show_problem(Problem("settings", note=note, setting="recognition.hotwords"))
    assert panel.hotwords.problem.isVisible() and not panel.replacements.result.isVisible()


def test_replacement_typed_with_equals_sign_becomes_a_rule(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    asked: list[Action] = []
    panel = displayed(qtbot, WordsPanel(theme, texts, asked.append))
    panel.show_settings(SETTINGS)
    QTest.keyClicks(panel.hotwords.field, " git hub =GitHub")
    QTest.keyClick(panel.hotwords.field, Qt.Key.Key_Return)
    rules = (*RULES, Replacement("git hub", "GitHub"))
    assert asked == [ChangeSetting("recognition.replacements", tuple(as_written(rules)))]
    assert panel.hotwords.field.text() == "" and list(panel.hotwords.row.chips) == ["pounamu"]


@in_each_language
def test_result_of_an_import_is_brought_into_sight(
    theme: Theme, texts: Texts, dialogs: FakeDialogs, qtbot: QtBot, tmp_path: Path
) -> None:
    """In a small window the page may end at the button."""
    panel = ReplacementsPanel(theme, texts, lambda action: None, dialogs)
    panel.setMinimumHeight(500)  # the page is higher than the window
    around = displayed(qtbot, scrolling(panel), 900, 300)
    panel.show_rules(RULES)
    dialogs.chosen = [str(tmp_path / "none.csv")]
    panel.import_rules.click()
    shown = panel.result.visibleRegion().boundingRect()
    assert panel.result.text() and shown.size() == panel.result.size()
    around.hide()


@in_each_language
@pytest.mark.parametrize("section", ["language", "advanced"])
def test_words_panels_cut_no_text_at_double_font_size(
    section: str, theme: Theme, texts: Texts, qtbot: QtBot
) -> None:
    enlarge(2)
    page = SettingsPage(theme, texts, lambda action: None)
    qtbot.addWidget(page)
    words = WordsPanel(theme, texts, lambda action: None)
    programs = ProgramsPanel(theme, texts, lambda action: None, picks=True)
    page.add("language", words, tuple)
    page.add("advanced", programs, programs.words)
    page.resize(900, 700)
    page.show()
    words.show_settings(SETTINGS)
    programs.show_rules(SETTINGS.insertion.programs)
    page.choose(section)
    page.resize(max(900, page.minimumSizeHint().width()), 700)
    panel: QWidget = words if section == "language" else programs
    inside = page.area.widget()
    assert inside is not None
    qtbot.waitUntil(lambda: cut(panel) == [] and inside.width() <= page.area.viewport().width())


def test_dictionary_page_shows_words_below_its_name(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    words = WordsPanel(theme, texts, lambda action: None)
    page = displayed(qtbot, DictionaryPage(texts, words))
    assert words.isVisible() and page.name.text() == texts("page.dictionary")
    texts.choose("zh" if texts.language == "en" else "en")
    assert page.name.text() == texts("page.dictionary")
