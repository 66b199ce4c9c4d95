"""Changes of settings that choose the destination of speech. Pure."""

from typing import Final

from app.gateways.view import GatewaysView, GatewayView
from app.settings.sections import ChangeSetting

CHOSEN: Final = "gateway.chosen"
URL: Final = "gateway.url"


def to_gateway(gateway: GatewayView) -> tuple[ChangeSetting, ...]:
    """Return the changes that choose this gateway. A gateway without id is in effect when none is chosen."""
    return (ChangeSetting(CHOSEN, gateway.id),)


def to_here(view: GatewaysView) -> tuple[ChangeSetting, ...]:
    """Return the changes that choose this computer. A URL in the settings is cleared, or it would take effect."""
    plain = any(not gateway.id for gateway in view.gateways)
    return (*((ChangeSetting(URL, ""),) if plain else ()), ChangeSetting(CHOSEN, ""))
