"""Texts about gateways, made of their values."""

from app.gateways.view import GatewayHealth, GatewaysView, GatewayView
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text

_ROLES = {GatewayHealth.NOBODY: "warning", GatewayHealth.AWAY: "warning", GatewayHealth.REFUSED: "warning"}


def latency_text(texts: Texts, gateway: GatewayView) -> str:
    """Return how fast the gateway answers."""
    return texts("gateways.latency", ms=max(1, round(gateway.answer.latency_ms)))


def answer_text(texts: Texts, gateway: GatewayView) -> str:
    """Return the gateway's health and its workers as a text."""
    answer = gateway.answer
    match answer.health:
        case GatewayHealth.WELL:
            latency = latency_text(texts, gateway)
            who = ", ".join(answer.workers)
            return texts("gateways.well", latency=latency, workers=who) if who else latency
        case GatewayHealth.NOBODY:
            return texts("gateways.nobody")
        case GatewayHealth.AWAY:
            return texts("gateways.away") if gateway.id else texts("note.gateway-unreachable")
        case GatewayHealth.REFUSED if answer.note is not None:
            return note_text(texts, answer.note)
    return texts("gateways.not-asked") if not gateway.id and not gateway.chosen else texts("gateways.asking")


def answer_role(gateway: GatewayView) -> str:
    """Return the label role that fits the gateway's health."""
    return _ROLES.get(gateway.answer.health, "muted")


def menu_text(texts: Texts, gateway: GatewayView) -> str:
    """Return the gateway's menu entry, with its latency if known."""
    if not gateway.answer.latency_ms:
        return gateway.name
    ms = max(1, round(gateway.answer.latency_ms))
    return texts("gateways.tray-latency", gateway=gateway.name, ms=ms)


def goes_text(texts: Texts, view: GatewaysView) -> str:
    """Return where speech goes now, in one line."""
    if view.instead_of:
        return texts("place.goes-instead", gateway=view.instead_of)
    name = "" if view.here else next((one.name for one in view.gateways if one.chosen), "")
    return texts("place.goes-to", destination=name) if name else texts("place.goes-here")


def here_text(texts: Texts, view: GatewaysView) -> str:
    """Return the description of recognition on this computer."""
    return texts("gateways.here-now", gateway=view.instead_of) if view.instead_of else texts("gateways.here-says")
