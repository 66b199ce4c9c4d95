"""Changes of settings that choose a gateway or this computer."""

from app.gateways.view import GatewaysView, GatewayView, changes_to_own, to_gateway
from app.settings.sections import ChangeSetting

DESK = GatewayView("desk", "desk", "10.0.0.1:8765")
PLAIN = GatewayView("", "http://gpu:1", "gpu:1")


def test_choosing_a_gateway_or_this_computer_changes_the_settings() -> None:
    assert to_gateway(DESK) == (ChangeSetting("gateway.chosen", "desk"),)
    assert to_gateway(PLAIN) == (ChangeSetting("gateway.chosen", ""),)
    assert changes_to_own(GatewaysView((DESK,))) == (ChangeSetting("gateway.chosen", ""),)
    written = (ChangeSetting("gateway.url", ""), ChangeSetting("gateway.chosen", ""))
    assert changes_to_own(GatewaysView((DESK, PLAIN))) == written
