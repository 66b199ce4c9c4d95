"""The gateways panel shows, selects and pairs gateways.

It fits every font size and works by keyboard.
"""

from dataclasses import replace

import pytest
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.notes import Note
from app.gateways.actions import GatewayAction, LookAtGateways, PairGateway
from app.gateways.view import (
    FoundView,
    GatewayHealth,
    GatewaysView,
    GatewayView,
    PairingStage,
    PairingView,
    QueryResult,
)
from app.messages.actions import Action
from app.settings.actions import ChangeSetting
from app.ui.computers.use_panel import GatewaysPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.helpers.legibility import cut, unnamed, unreachable

DESK = GatewayView("desk", "desk", "10.0.0.1:8765", True, QueryResult(GatewayHealth.WELL, 2.0, ("GPU · m",)))
TEAM = GatewayView("team", "team", "10.0.0.2:8765")
PLAIN = GatewayView("", "http://gpu:1", "gpu:1")
ATTIC = FoundView("attic", ("https://10.0.0.3:8765",), "c" * 64)
VIEW = GatewaysView((DESK, TEAM), (ATTIC,), here=False, device="laptop")


class World:
    def __init__(self, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
        self.settings, self.asked = list[Action](), list[GatewayAction]()
        self.panel = GatewaysPanel(theme, texts, self.settings.append, self.asked.append)
        qtbot.addWidget(self.panel)
        self.panel.show_gateways(VIEW)
        self.panel.show()


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    return World(theme, texts, qtbot)


def test_gateways_are_checked_only_while_panel_is_visible(world: World) -> None:
    world.panel.hide()
    assert world.asked == [LookAtGateways(True), LookAtGateways(False)]
    world.panel.show()
    assert world.asked[2:] == [LookAtGateways(True)]


def test_gateway_or_this_computer_is_chosen(world: World) -> None:
    panel = world.panel
    assert panel.cards["desk"].pick.isChecked() and not panel.here.pick.isChecked()
    panel.cards["team"].pick.click()
    panel.here.pick.click()
    assert world.settings == [ChangeSetting("gateway.chosen", "team"), ChangeSetting("gateway.chosen", "")]


def test_choice_of_this_computer_clears_manual_gateway_address(world: World) -> None:
    world.panel.show_gateways(replace(VIEW, gateways=(DESK, PLAIN)))
    world.panel.cards["gpu:1"].pick.click()
    world.panel.here.pick.click()
    assert world.settings[0] == ChangeSetting("gateway.chosen", "")
    assert ChangeSetting("gateway.url", "") in world.settings


def test_removed_gateways_lose_their_cards(world: World) -> None:
    world.panel.show_gateways(replace(VIEW, gateways=(TEAM,), found=()))
    assert list(world.panel.cards) == ["team"] and world.panel.none.isVisible() and not world.panel.found.rows


def test_panel_shows_replaced_gateway_and_problems(world: World) -> None:
    problem = Note("gateways-not-kept")
    told = Note("gateway-forgotten", {"gateway": "old"})
    world.panel.show_gateways(replace(VIEW, here=True, instead_of="desk", problem=problem, told=told))
    assert "desk" in world.panel.here.says.text() and world.panel.problem.text()
    assert "old" in world.panel.told.text()


def test_found_gateway_is_paired_and_chosen(world: World) -> None:
    panel = world.panel
    panel.found.rows[0].pair.click()
    assert panel.form.isVisible() and not panel.add.isEnabled()
    panel.form.code.setText("1234 5678")
    panel.form.code.textEdited.emit("1234 5678")
    panel.form.go.click()
    assert world.asked[-1] == PairGateway(ATTIC.urls, "1234 5678", "laptop", ATTIC.certificate_sha256)
    panel.show_gateways(replace(VIEW, found=(), pairing=PairingView(PairingStage.PAIRED, "attic", "attic")))
    panel.form.use.click()
    assert world.settings == [ChangeSetting("gateway.chosen", "attic")] and panel.add.isEnabled()


def test_typed_address_survives_updates_and_hiding(world: World) -> None:
    panel = world.panel
    panel.add.click()
    panel.form.address.setText("desk.lo")
    panel.show_gateways(replace(VIEW, found=()))
    panel.hide()
    panel.show()
    assert panel.form.isVisible() and panel.form.address.text() == "desk.lo"


def test_settings_search_finds_gateways_panel(world: World, texts: Texts) -> None:
    words = " ".join(world.panel.words())
    assert "desk" in words and texts("gateways.find") in words


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_gateways_panel_fits_and_is_reachable_at_each_font_size(
    theme: Theme, texts: Texts, qapp: QApplication, qtbot: QtBot, scale: float
) -> None:
    usual = QFont(qapp.font())
    usual.setPointSizeF(usual.pointSizeF() * scale)
    qapp.setFont(usual)
    theme.dress(qapp)
    panel = GatewaysPanel(theme, texts, lambda action: None, lambda action: None)
    lost = replace(DESK, answer=QueryResult(GatewayHealth.REFUSED, note=Note("gateway-other-certificate")))
    panel.show_gateways(replace(VIEW, gateways=(lost, TEAM, PLAIN)))
    panel.open_form(None)
    panel.cards["desk"].rename.click()
    inside, page = QWidget(), QScrollArea()
    column = QVBoxLayout(inside)
    column.addWidget(panel)
    column.addStretch(1)
    page.setWidget(inside)
    page.setWidgetResizable(True)
    qtbot.addWidget(page)
    page.resize(max(inside.minimumSizeHint().width(), 600), 900)
    page.show()
    qtbot.waitUntil(lambda: cut(panel) == [])
    assert unnamed(panel) == [] and unreachable(panel) == []
