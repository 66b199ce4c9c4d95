"""Row of a program: its name and icon instead of the class of its windows."""

import pytest
from pytestqt.qtbot import QtBot

from app.insertion.plan import ProgramRule, Strategy
from app.ui.programs.panel import ProgramRow
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import displayed

EDITOR = ProgramRule("org.gnome.TextEditor", Strategy.TYPE)


@pytest.fixture
def row(theme: Theme, texts: Texts, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> ProgramRow:
    names = {"org.gnome.TextEditor": {"en": "Text Editor", "zh": "文本编辑器"}}
    monkeypatch.setattr(
        "app.ui.programs.panel.program_name", lambda name, language: names.get(name, {}).get(language, name)
    )
    return displayed(qtbot, ProgramRow(theme, texts, lambda: None, lambda row: None), 600, 100)


@in_each_language
def test_row_shows_the_name_in_the_language_of_the_windows(row: ProgramRow, texts: Texts) -> None:
    row.show_rule(EDITOR, "")
    assert row.name.text() == {"en": "Text Editor", "zh": "文本编辑器"}[texts.language]
    assert row.name.toolTip() == "org.gnome.TextEditor"
    assert row.name.text() in row.how.accessibleName() and row.name.text() in row.remove.accessibleName()


def test_unknown_program_keeps_its_class(row: ProgramRow) -> None:
    row.show_rule(ProgramRule("xyz"), "")
    assert (row.name.text(), row.name.toolTip()) == ("xyz", "")
    assert not row.icon.pixmap().isNull(), "it has the icon of any program"


def test_field_is_shown_until_the_name_is_valid(row: ProgramRow) -> None:
    row.show_rule(ProgramRule(""), "")
    assert row.program.isVisible() and not row.name.isVisible()
    row.program.setFocus()
    row.show_rule(ProgramRule("kitty"), "")
    assert row.name.isVisible() and not row.program.isVisible() and row.how.hasFocus()
    row.show_rule(ProgramRule("kitty"), "twice")
    assert row.program.isVisible() and row.problem.text() == "twice"
