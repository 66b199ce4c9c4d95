"""The search keeps room for words; what stands beside it moves below it first."""

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.messages.kinds import Action
from app.ui.home.head import Head
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme, letter_width
from tests.app.ui.home.rows import listed, take
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import displayed, enlarge
from tests.helpers.legibility import cut


def letters(head: Head) -> int:
    """Return how many average letters the search shows."""
    margins = head.search.textMargins()
    return (head.search.width() - margins.left() - margins.right()) // letter_width(head.search.fontMetrics())


@in_each_language
@pytest.mark.parametrize("scale", [1, 2])
def test_search_shows_words_however_narrow_the_page_is(
    theme: Theme, texts: Texts, qtbot: QtBot, asked: list[Action], qapp: QApplication, scale: float
) -> None:
    enlarge(scale)
    head = displayed(qtbot, Head(theme, texts, asked.append))
    head.search.setText("kauri")
    head.show_list(listed([take(0), take(1)], 1, "kauri"))
    beside = set[bool]()
    for width in range(head.minimumSizeHint().width(), 2_600, 50):
        head.resize(width, 900)
        qapp.processEvents()
        beside.add(head.row.height() < 2 * head.search.height())
        assert letters(head) >= 10 and head.count.isVisible(), width
    assert beside == {False, True}
    assert cut(head) == []


def test_search_has_the_filter_beside_it_again_when_the_count_goes(
    theme: Theme, texts: Texts, qtbot: QtBot, asked: list[Action], qapp: QApplication
) -> None:
    head = displayed(qtbot, Head(theme, texts, asked.append))
    head.show_list(listed([take(0)], 1))
    side = head.filter.parentWidget()
    assert side is not None
    head.resize(head.search.minimumSizeHint().width() + 2 * side.sizeHint().width(), 900)
    qapp.processEvents()
    alone = head.row.height()
    head.search.setText("kauri" * 20)
    head.show_list(listed([take(0)] * 2, 2, "kauri" * 20))
    head.search.clear()
    head.show_list(listed([take(0)], 3))
    qapp.processEvents()
    assert head.row.height() == alone and head.count.isHidden()
