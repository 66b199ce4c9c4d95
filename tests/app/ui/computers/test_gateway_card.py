"""Gateway card: show, select, rename, and forget after confirmation."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.gateways.actions import ForgetGateway, GatewayAction, RenameGateway
from app.gateways.view import GatewayHealth, GatewayView, QueryResult
from app.ui.computers.gateway_card import GatewayCard
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

DESK = GatewayView("desk", "desk", "10.0.0.1:8765", answer=QueryResult(GatewayHealth.WELL, 2.0))


class World:
    def __init__(self, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
        self.asked, self.used = list[GatewayAction](), list[str]()
        self.card = GatewayCard(theme, texts, self.asked.append, self.used.append)
        qtbot.addWidget(self.card)
        self.card.show_gateway(DESK)
        self.card.show()
        qtbot.waitExposed(self.card)


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    return World(theme, texts, qtbot)


def test_gateway_card_shows_name_address_and_health(world: World, texts: Texts) -> None:
    card = world.card
    assert (card.name.text(), card.where.text(), card.shape.health) == (
        "desk",
        "10.0.0.1:8765",
        GatewayHealth.WELL,
    )
    assert "2" in card.says.text() and "desk" in card.accessibleName()
    card.show_gateway(GatewayView("", "http://gpu:1", "gpu:1"))
    assert texts("gateways.unpaired") in card.where.text() and not card.forget.isVisible()


def test_gateway_card_mark_follows_setting_in_force(world: World) -> None:
    world.card.pick.click()
    assert world.used == ["desk"] and not world.card.pick.isChecked()
    world.card.show_gateway(GatewayView("desk", "desk", "", chosen=True))
    world.card.pick.click()
    assert world.used == ["desk"] and world.card.pick.isChecked()


def test_gateway_card_renames_by_enter_or_button(world: World) -> None:
    card = world.card
    card.rename.click()
    assert card.field.isVisible() and card.field.text() == "desk"
    card.field.setText("attic")
    QTest.keyClick(card.field, Qt.Key.Key_Return)
    card.rename.click()
    card.field.setText("cellar")
    card.save.click()
    assert world.asked == [RenameGateway("desk", "attic"), RenameGateway("desk", "cellar")]
    assert not card.field.isVisible()
    card.rename.click()
    QTest.keyClick(card.field, Qt.Key.Key_Escape)
    assert not card.field.isVisible() and len(world.asked) == 2


def test_gateway_card_forgets_on_second_click(world: World, texts: Texts) -> None:
    forget = world.card.forget
    forget.click()
    assert world.asked == [] and forget.text() == texts("gateways.sure")
    QTest.mouseClick(forget, Qt.MouseButton.LeftButton)
    assert world.asked == [ForgetGateway("desk")]


def test_forget_confirmation_is_cancelled_on_focus_loss(world: World, texts: Texts, qtbot: QtBot) -> None:
    card = world.card
    card.activateWindow()
    qtbot.waitUntil(card.isActiveWindow)
    card.forget.click()
    card.pick.setFocus()
    assert card.forget.text() == texts("gateways.forget")


def test_card_of_this_computer_offers_neither_rename_nor_forget(world: World) -> None:
    world.card.show_here("here", "says", chosen=True)
    card = world.card
    assert not any(widget.isVisible() for widget in (card.rename, card.forget, card.where, card.shape))
    assert card.pick.isChecked() and card.says.text() == "says"
