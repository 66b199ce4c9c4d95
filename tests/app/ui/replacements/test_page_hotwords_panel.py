import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.messages.kinds import Action, Problem
from app.replacements.rules import Replacement
from app.settings.checks import LONGEST_HOTWORD, MOST_HOTWORDS
from app.settings.sections import ChangeSetting
from app.ui.replacements.page import NAME, HotwordsPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.showing import displayed


@pytest.fixture
def panel(theme: Theme, texts: Texts, asked: list[Action], qtbot: QtBot) -> HotwordsPanel:
    return displayed(qtbot, HotwordsPanel(theme, texts, asked.append), 700, 400)


def enter(panel: HotwordsPanel, text: str) -> None:
    """Type into the field and press Return."""
    QTest.keyClicks(panel.field, text)
    QTest.keyClick(panel.field, Qt.Key.Key_Return)


def test_typed_words_are_added_before_the_others(
    panel: HotwordsPanel, asked: list[Action], texts: Texts, qtbot: QtBot
) -> None:
    panel.show_words(("pounamu",))
    enter(panel, " Aotearoa,Te Papa , pounamu")
    assert asked == [ChangeSetting(NAME, "Aotearoa\nTe Papa\npounamu")]
    assert list(panel.row.chips) == ["Aotearoa", "Te Papa", "pounamu"] and panel.field.text() == ""
    assert panel.count.text() == texts("words.hotwords-count", count=3, most=MOST_HOTWORDS)
    qtbot.waitUntil(lambda: all(button.isVisible() for button in panel.row.chips.values()))


def test_pasted_lines_become_replacements_and_words(panel: HotwordsPanel, asked: list[Action]) -> None:
    """Lists of other programs have a rule in each line, some have words between them."""
    rules: list[Replacement] = []
    panel.replacements_wanted.connect(rules.extend)
    panel.field.setText("git hub = GitHub\nAotearoa\n毫安时=mAh\num =\n= x")
    panel.add.click()
    assert rules == [Replacement("git hub", "GitHub"), Replacement("毫安时", "mAh"), Replacement("um", "")]
    assert asked == [ChangeSetting(NAME, "Aotearoa\n= x")] and panel.field.text() == ""


def test_refused_word_stays_in_the_field_without_the_replacements(panel: HotwordsPanel) -> None:
    rules: list[Replacement] = []
    panel.replacements_wanted.connect(rules.extend)
    long = "x" * (LONGEST_HOTWORD + 1)
    for _ in range(2):
        panel.field.setText(f"a = b\n{long}" if not rules else panel.field.text())
        panel.add.click()
    assert rules == [Replacement("a", "b")] and panel.field.text() == long


def test_empty_field_adds_nothing(panel: HotwordsPanel, asked: list[Action]) -> None:
    enter(panel, "  ")
    panel.add.click()
    assert asked == []


def test_click_on_word_removes_it(panel: HotwordsPanel, asked: list[Action], texts: Texts) -> None:
    panel.show_words(("pounamu", "翡翠", "R&D"))
    assert panel.row.chips["R&D"].text() == "R&&D"
    assert panel.row.chips["翡翠"].accessibleName() == texts("words.remove-hotword", word="翡翠")
    panel.row.chips["pounamu"].click()
    assert asked == [ChangeSetting(NAME, "翡翠\nR&D")] and list(panel.row.chips) == ["翡翠", "R&D"]


def test_removed_word_comes_back_by_return(panel: HotwordsPanel, asked: list[Action]) -> None:
    panel.show_words(("pounamu", "翡翠", "mānuka"))
    for word in ("mānuka", "翡翠"):
        panel.row.chips[word].click()
        assert panel.field.text() == panel.field.selectedText() == word, "typing replaces it"
    QTest.keyClick(panel.field, Qt.Key.Key_Return)
    assert asked[-1] == ChangeSetting(NAME, "翡翠\npounamu") and panel.field.text() == ""
    QTest.keyClicks(panel.field, "kauri")
    panel.row.chips["pounamu"].click()
    assert panel.field.text() == "kauri", "what is typed stays"


def test_typed_text_finds_a_word_among_many(panel: HotwordsPanel, texts: Texts) -> None:
    panel.show_words(tuple(f"Word {number}" for number in range(MOST_HOTWORDS)))
    assert "Word 511" not in panel.row.chips
    QTest.keyClicks(panel.field, "word 51")
    assert list(panel.row.chips) == ["Word 51", "Word 510", "Word 511"] and not panel.more.isVisible()
    QTest.keyClicks(panel.field, "x")
    assert len(panel.row.chips) == 100, "a new word hides none"
    assert panel.more.text() == texts("words.more", count=MOST_HOTWORDS - 100)


def test_too_long_and_too_many_words_are_not_asked_for(
    panel: HotwordsPanel, asked: list[Action], texts: Texts
) -> None:
    enter(panel, "x" * (LONGEST_HOTWORD + 1))
    assert panel.problem.text() == texts("words.long-hotword", most=LONGEST_HOTWORD) and panel.field.text()
    panel.field.clear()
    panel.show_words(tuple(f"word {number}" for number in range(MOST_HOTWORDS)))
    enter(panel, "new")
    assert panel.problem.text() == texts("words.too-many-hotwords", most=MOST_HOTWORDS)
    assert asked == [] and panel.field.text() == "new"


def test_rest_of_many_words_is_shown_on_request(panel: HotwordsPanel, texts: Texts) -> None:
    panel.show_words(tuple(f"word {number}" for number in range(130)))
    assert len(panel.row.chips) == 100 and panel.more.text() == texts("words.more", count=30)
    panel.more.click()
    assert len(panel.row.chips) == 130 and not panel.more.isVisible()


def test_refusal_is_shown_until_the_next_change(panel: HotwordsPanel, texts: Texts) -> None:
    note = Note("settings-no-toml", {"line": "3"})
    panel.show_problem(Problem("settings", note=note, setting=NAME))
    assert panel.problem.text() == texts("note.settings-no-toml", line="3")
    enter(panel, "new")
    assert not panel.problem.isVisible()


def test_reason_stays_while_the_words_are_the_same(panel: HotwordsPanel) -> None:
    words = tuple(f"word {number}" for number in range(150))
    panel.show_words(words)
    panel.show_problem(Problem("settings", note=Note("settings-not-kept"), setting=NAME))
    panel.show_words(words)
    assert panel.problem.text()
