"""Card that opens another part of the app: texts, search words, and its button."""

from pytestqt.qtbot import QtBot

from app.ui.settings.link_card import LinkCard
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme


def test_card_opens_its_target_and_follows_language(theme: Theme, qtbot: QtBot) -> None:
    opened: list[str] = []
    texts = Texts("en")
    keys = ("page.dictionary", "settings.dictionary.says", "settings.dictionary.open", "words.find")
    card = LinkCard(texts, keys, lambda: opened.append("dictionary"))
    qtbot.addWidget(card)
    card.button.click()
    assert opened == ["dictionary"] and "Dictionary" in card.words() and texts("words.find") in card.words()
    texts.choose("zh")
    assert card.name.text() == texts("page.dictionary") and card.name.text() in card.button.accessibleName()
