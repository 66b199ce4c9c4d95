"""A difference is visible without colours and readable by a screen reader."""

import pytest
from PySide6.QtGui import QTextCharFormat, QTextCursor
from pytestqt.qtbot import QtBot

from app.core.difference import DifferenceKind, TextPiece, difference
from app.ui.home.rerecognition_panel import LONGEST_SAME, MOST_SHOWN, MOST_SPOKEN, DifferenceView, difference_text
from app.ui.strings.texts import Texts
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import Theme
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import kept


@pytest.fixture
def view(theme: Theme, texts: Texts, qtbot: QtBot) -> DifferenceView:
    return kept(qtbot, DifferenceView(theme, texts))


def look(view: DifferenceView, word: str) -> QTextCharFormat:
    found: QTextCursor = view.document().find(word)
    return found.charFormat()


@pytest.mark.parametrize("scheme", list(Scheme))
def test_removed_words_are_struck_through_and_added_underlined(
    view: DifferenceView, theme: Theme, scheme: Scheme
) -> None:
    theme.choose(scheme)
    view.show_pieces(difference("the quick fox 今天很好", "the slow fox 今天不好"))
    assert view.toPlainText() == "the quickslow fox 今天很不好"
    for removed, added in (("quick", "slow"), ("很", "不")):
        assert look(view, removed).fontStrikeOut() and not look(view, removed).fontUnderline()
        assert look(view, added).fontUnderline() and not look(view, added).fontStrikeOut()
    assert not look(view, "fox").fontStrikeOut() and not look(view, "fox").fontUnderline()


@in_each_language
def test_difference_is_described_for_screen_reader(view: DifferenceView, texts: Texts) -> None:
    view.show_pieces(difference("the quick fox", "the slow fox"))
    removed, added = texts("history.again.removed", text="quick"), texts("history.again.added", text="slow")
    assert view.accessibleDescription() == f"{removed} {added}" and view.accessibleName()
    assert difference_text(texts, difference("same", "same")) == texts("history.again.same")


@in_each_language
def test_long_differences_are_shortened(view: DifferenceView, texts: Texts) -> None:
    view.show_pieces((TextPiece(DifferenceKind.SAME, "a" * 9_999), TextPiece(DifferenceKind.ADDED, "b" * 999)))
    assert len(view.toPlainText()) == LONGEST_SAME + 3 + 999
    many = tuple(
        TextPiece(change, "x ")
        for _ in range(MOST_SHOWN)
        for change in (DifferenceKind.ADDED, DifferenceKind.SAME)
    )
    view.show_pieces(many)
    assert len(view.toPlainText()) == 2 * MOST_SHOWN + 3
    assert difference_text(texts, many).endswith("…") and difference_text(texts, many).count("x") == MOST_SPOKEN
