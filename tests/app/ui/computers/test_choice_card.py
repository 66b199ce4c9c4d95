"""Card of a choice."""

from pytestqt.qtbot import QtBot

from app.ui.computers.choice_card import ChoiceCard
from app.ui.theme.theme import Theme


def test_choice_card_tells_what_its_button_does(theme: Theme, qtbot: QtBot) -> None:
    done = list[int]()
    card = ChoiceCard(theme, "share", lambda: done.append(1))
    qtbot.addWidget(card)
    card.show_choice("Share this computer", "Not shared.", "Show code", "warning")
    card.button.click()
    assert done == [1] and card.button.accessibleName() == "Share this computer: Show code"
    assert card.says.property("role") == "warning" and card.button.accessibleDescription() == "Not shared."
