"""Test that the pictures of other computers show every state."""

from PySide6.QtWidgets import QApplication

from app.gateways.view import GatewaysView, PairingStage
from app.ui.computers.panel import ComputersPanel
from scripts import screenshots_gateways
from scripts.screenshots import LOOKS


def test_each_state_is_drawn(qapp: QApplication) -> None:
    seen: list[PairingStage] = []
    for state in screenshots_gateways.STATES:

        def kept(made: ComputersPanel, view: GatewaysView, state: screenshots_gateways.Do = state) -> GatewaysView:
            shown = state(made, view)
            seen.append(shown.pairing.stage)
            return shown

        image = screenshots_gateways.panel(LOOKS[0], kept)
        assert image.width() > 500 and image.height() > 200
    assert set(seen) == set(PairingStage)
    for widget in qapp.topLevelWidgets():
        widget.deleteLater()
