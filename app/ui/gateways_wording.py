"""How gateways are worded: from values to what a person reads."""

from app.gateways.view import GatewaysView, GatewayView, Health
from app.ui.texts import Texts
from app.ui.wording import note_text

_ROLES = {Health.NOBODY: "warning", Health.AWAY: "warning", Health.REFUSED: "danger"}


def latency_text(texts: Texts, gateway: GatewayView) -> str:
    """How fast it answers."""
    return texts("gateways.latency", ms=max(1, round(gateway.answer.latency_ms)))


def answer_text(texts: Texts, gateway: GatewayView) -> str:
    """How it is, and who recognises there."""
    answer = gateway.answer
    match answer.health:
        case Health.WELL:
            latency = latency_text(texts, gateway)
            who = ", ".join(answer.workers)
            return texts("gateways.well", latency=latency, workers=who) if who else latency
        case Health.NOBODY:
            return texts("gateways.nobody")
        case Health.AWAY:
            return texts("gateways.away") if gateway.id else texts("note.gateway-unreachable")
        case Health.REFUSED if answer.note is not None:
            return note_text(texts, answer.note)
    return texts("gateways.not-asked") if not gateway.id and not gateway.chosen else texts("gateways.asking")


def answer_role(gateway: GatewayView) -> str:
    """The role of that text."""
    return _ROLES.get(gateway.answer.health, "muted")


def menu_text(texts: Texts, gateway: GatewayView) -> str:
    """Its entry in a menu: with how fast it answers, where that is known."""
    if not gateway.answer.latency_ms:
        return gateway.name
    ms = max(1, round(gateway.answer.latency_ms))
    return texts("gateways.tray-latency", gateway=gateway.name, ms=ms)


def goes_text(texts: Texts, view: GatewaysView) -> str:
    """Where speech goes now, in one line."""
    if view.instead_of:
        return texts("place.goes-instead", gateway=view.instead_of)
    name = "" if view.here else next((one.name for one in view.gateways if one.chosen), "")
    return texts("place.goes-to", destination=name) if name else texts("place.goes-here")


def here_text(texts: Texts, view: GatewaysView) -> str:
    """What is said of this computer."""
    return texts("gateways.here-now", gateway=view.instead_of) if view.instead_of else texts("gateways.here-says")
