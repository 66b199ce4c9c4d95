"""Message about a problem with the settings file."""

from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.ui.settings.cards import FileTrouble, LinkCard
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.dialogs import FakeDialogs


def test_file_problem_is_shown_and_opens_folder(
    theme: Theme, texts: Texts, dialogs: FakeDialogs, qtbot: QtBot
) -> None:
    trouble = FileTrouble(texts, dialogs)
    qtbot.addWidget(trouble)
    assert trouble.isHidden()
    trouble.show_problem(Note("settings-no-toml", {"line": "12"}))
    assert not trouble.isHidden() and "12" in trouble.description.text() and "12" in trouble.accessibleName()
    assert trouble.where.text().endswith("settings.toml")
    trouble.open.click()
    assert dialogs.shown == [str(trouble.place)]
    trouble.show_problem(None)
    assert trouble.isHidden()


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
