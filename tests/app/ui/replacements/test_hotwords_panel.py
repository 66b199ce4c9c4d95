import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.notes import Note
from app.messages.actions import Action
from app.messages.notifications import Problem
from app.settings.actions import ChangeSetting
from app.settings.checks import LONGEST_HOTWORD, MOST_HOTWORDS
from app.ui.replacements.hotwords_panel import NAME, HotwordsPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def panel(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> HotwordsPanel:
    made = HotwordsPanel(theme, texts, asked.append)
    qtbot.addWidget(made)
    made.show()
    return made


def test_hotwords_are_counted_and_saved_when_panel_is_left(
    panel: HotwordsPanel, asked: list[Action], texts: Texts
) -> None:
    panel.show_words(("pounamu", "翡翠"))
    assert panel.field.toPlainText() == "pounamu\n翡翠"
    assert panel.count.text() == texts("words.hotwords-count", count=2, most=MOST_HOTWORDS)
    panel.field.setPlainText("pounamu\n\n Aotearoa ")
    assert asked == []
    panel.hide()
    assert asked == [ChangeSetting(NAME, "pounamu\nAotearoa")]


def test_invalid_hotwords_are_marked_and_not_saved(
    panel: HotwordsPanel, asked: list[Action], texts: Texts
) -> None:
    panel.field.setPlainText("good\n\n" + "x" * (LONGEST_HOTWORD + 1))
    assert panel.problem.text() == texts("words.long-hotword", line=3, most=LONGEST_HOTWORD)
    assert len(panel.field.extraSelections()) == 1
    panel.hide()
    assert asked == []
    panel.show()
    panel.field.setPlainText("\n".join("x" for _ in range(MOST_HOTWORDS + 1)))
    assert panel.problem.text() == texts("words.too-many-hotwords", most=MOST_HOTWORDS)
    panel.field.setPlainText("good")
    assert not panel.problem.isVisible() and panel.field.extraSelections() == []


def test_typed_hotwords_stay_and_refusal_is_shown(panel: HotwordsPanel, texts: Texts) -> None:
    QTest.keyClicks(panel.field, "new")
    panel.show_words(("other",))
    assert panel.field.toPlainText() == "new"
    note = Note("settings-no-toml", {"line": "3"})
    panel.show_problem(Problem("settings", note=note, setting=NAME))
    assert panel.problem.text() == texts("note.settings-no-toml", line="3")
    assert panel.field.accessibleName()
