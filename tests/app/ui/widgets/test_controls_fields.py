"""Fields are as high as buttons, and a search is emptied by its button."""

from pytestqt.qtbot import QtBot

from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import control_height
from app.ui.widgets.controls import Field, SearchField


def test_field_follows_the_text_size(theme: Theme, qtbot: QtBot) -> None:
    field = Field(theme, 3)
    qtbot.addWidget(field)
    before = field.minimumHeight()
    theme.choose_text_size("largest")
    field.setText("four")
    assert before < field.minimumHeight() == control_height() and field.text() == "fou"


def test_search_has_a_button_that_empties_it(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    search = SearchField(theme, texts, "history.search", clear="history.clear")
    qtbot.addWidget(search)
    clear = search.empty
    search.show()
    assert search.accessibleName() == search.placeholderText() == texts("history.search")
    assert not clear.isVisible()
    search.setText("word")
    assert clear.isVisible() and clear.toolTip() == texts("history.clear")
    clear.click()
    assert search.text() == "" and not clear.isVisible()


def test_icons_of_a_search_grow_with_the_text(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    search = SearchField(theme, texts, "history.search", clear="history.clear", marked=True)
    qtbot.addWidget(search)
    assert search.mark is not None
    sizes = []
    for size in ("normal", "largest"):
        theme.choose_text_size(size)
        search.setText("word")
        search.show()
        sizes.append((search.mark.width(), search.empty.iconSize().width(), search.textMargins().left()))
    assert all(large >= 1.3 * small for small, large in zip(*sizes, strict=True))
    assert search.empty.height() <= search.height()
