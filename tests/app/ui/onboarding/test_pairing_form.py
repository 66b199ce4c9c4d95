"""Pairing in the first steps: the search for gateways, pairing, and the choice of a gateway."""

import pytest
from pytestqt.qtbot import QtBot

from app.gateways.actions import EndPairing, GatewayAction, LookAtGateways, PairGateway
from app.gateways.view import FoundView, GatewaysView, GatewayView, PairingStage, PairingView
from app.messages.actions import Action
from app.settings.actions import ChangeSetting
from app.ui.onboarding.pairing_form import PairingPart
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

ATTIC = FoundView("attic", ("https://10.0.0.3:8765",), "c" * 64)
LOOKS = LookAtGateways(True, "first steps")


class World:
    def __init__(self, theme: Theme, texts: Texts, qtbot: QtBot) -> None:
        self.settings, self.asked = list[Action](), list[GatewayAction]()
        self.part = PairingPart(theme, texts, self.settings.append, self.asked.append)
        qtbot.addWidget(self.part)
        self.part.show()


@pytest.fixture
def world(theme: Theme, texts: Texts, qtbot: QtBot) -> World:
    return World(theme, texts, qtbot)


def test_gateways_are_searched_only_while_visible(world: World) -> None:
    for on in (False, True, True, False):
        world.part.look(on)
    assert world.asked == [LOOKS, LookAtGateways(False, "first steps")]


def test_gateway_from_network_is_paired_and_chosen(world: World, texts: Texts) -> None:
    part = world.part
    part.look(True)
    part.show_gateways(GatewaysView(found=(ATTIC,), device="laptop"))
    part.found.rows[0].pair.click()
    assert not part.pair.isEnabled()
    part.form.code.setText("1234 5678")
    part.form.code.textEdited.emit("1234 5678")
    part.form.go.click()
    assert world.asked[-1] == PairGateway(ATTIC.urls, "1234 5678", "laptop", ATTIC.certificate_sha256)
    part.show_gateways(GatewaysView(pairing=PairingView(PairingStage.PAIRED, "id", "attic")))
    part.form.use.click()
    assert world.settings == [ChangeSetting("gateway.chosen", "id")]
    assert EndPairing() in world.asked and part.pair.isEnabled()
    assert not part.paired.isVisible()
    part.show_gateways(GatewaysView((GatewayView("id", "attic", "10.0.0.3:8765", chosen=True),)))
    assert part.paired.text() == texts("onboarding.paired-with", gateway="attic")


def test_pairing_by_address_ends_when_step_is_left(world: World) -> None:
    part = world.part
    part.look(True)
    part.pair.click()
    assert part.form.isVisible() and part.form.address.isVisible()
    part.look(False)
    assert not part.form.isVisible() and EndPairing() in world.asked
