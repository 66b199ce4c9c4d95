"""The tray's list of gateways follows the setting in force and offers pairing."""

import pytest
from pytestqt.qtbot import QtBot

from app.gateways.view import GatewayHealth, GatewaysView, GatewayView, QueryResult
from app.messages.actions import Action
from app.settings.actions import ChangeSetting
from app.ui.computers.menu import GatewaysMenu
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

DESK = GatewayView("desk", "Desk & co", "10.0.0.1:8765", answer=QueryResult(GatewayHealth.WELL, 3.0))
TEAM = GatewayView("team", "team", "10.0.0.2:8765", chosen=True)


class World:
    def __init__(self, texts: Texts) -> None:
        self.asked = list[Action]()
        self.menu = GatewaysMenu(texts, self.asked.append)
        self.menu.refresh()


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    return World(texts)


def shown(world: World) -> list[tuple[str, bool]]:
    return [(one.text(), one.isChecked()) for one in world.menu.actions() if not one.isSeparator()]


def test_gateways_menu_lists_this_computer_and_gateways(world: World, texts: Texts) -> None:
    here, more = texts("place.here"), (texts("gateways.tray-add"), False)
    assert shown(world) == [(here, True), more]
    world.menu.show_gateways(GatewaysView((DESK, TEAM)))
    desk = texts("gateways.tray-latency", gateway="Desk && co", ms=3)
    assert shown(world) == [(here, False), (desk, False), ("team", True), more]
    world.menu.show_gateways(GatewaysView((TEAM,)))
    assert shown(world) == [(here, False), ("team", True), more]


def test_gateways_menu_mark_follows_setting_in_force(world: World) -> None:
    world.menu.show_gateways(GatewaysView((DESK, TEAM)))
    desk, team = world.menu.entries
    desk.trigger()
    assert world.asked == [ChangeSetting("gateway.chosen", "desk")]
    assert team.isChecked() and not desk.isChecked()
    world.menu.here.trigger()
    assert world.asked[-1] == ChangeSetting("gateway.chosen", "") and not world.menu.here.isChecked()


def test_open_gateways_menu_keeps_its_entries(world: World) -> None:
    world.menu.show_gateways(GatewaysView((DESK, TEAM)))
    before = world.menu.actions()
    world.menu.show_gateways(GatewaysView((TEAM, DESK)[::-1], here=False))
    assert world.menu.actions() == before


def test_gateways_menu_signals_opening_and_pairing_request(world: World, qtbot: QtBot) -> None:
    looks: list[bool] = []
    world.menu.looked.connect(looks.append)
    world.menu.aboutToShow.emit()
    world.menu.aboutToHide.emit()
    assert looks == [True, False]
    with qtbot.waitSignal(world.menu.add):
        world.menu.more.trigger()
