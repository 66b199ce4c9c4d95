"""What is asked of the settings when somebody chooses where speech goes. Pure."""

from typing import Final

from app.actions import ChangeSetting
from app.gateways.view import GatewaysView, GatewayView

CHOSEN: Final = "gateway.chosen"
URL: Final = "gateway.url"


def to_gateway(gateway: GatewayView) -> tuple[ChangeSetting, ...]:
    """There from now on. The one that the settings name by its address counts while no other is chosen."""
    return (ChangeSetting(CHOSEN, gateway.id),)


def to_here(view: GatewaysView) -> tuple[ChangeSetting, ...]:
    """To this computer; an address that somebody wrote would count instead."""
    plain = any(not gateway.id for gateway in view.gateways)
    return (*((ChangeSetting(URL, ""),) if plain else ()), ChangeSetting(CHOSEN, ""))
