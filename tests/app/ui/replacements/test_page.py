"""Page of the dictionary."""

from pytestqt.qtbot import QtBot

from app.ui.replacements.page import DictionaryPage
from app.ui.replacements.words_panel import WordsPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme


def test_dictionary_page_shows_words_below_its_name(theme: Theme, texts: Texts, qtbot: QtBot) -> None:
    words = WordsPanel(theme, texts, lambda action: None, lambda tried: None)
    page = DictionaryPage(texts, words)
    qtbot.addWidget(page)
    page.show()
    assert words.isVisible() and page.name.text() == texts("page.dictionary")
    texts.choose("zh" if texts.language == "en" else "en")
    assert page.name.text() == texts("page.dictionary")
