"""Texts about other computers: those in use, those that use this one, and lending."""

from datetime import date, datetime
from typing import Final
from urllib.parse import urlsplit

from app.core.notes import Note
from app.gateways.view import GatewayHealth, GatewayView, GatewaysView
from app.sharing.view import InviteView, SharedDevice, SharingState, SharingView
from app.ui.strings.texts import Texts, clock, note_text, today
from protocol.pairing import PairingStage

_HALF: Final = 4
_GROUP: Final = 4
_LINE: Final = 8
_UNREACHABLE: Final = "gateway-unreachable"


def latency_text(texts: Texts, gateway: GatewayView) -> str:
    """Return how fast the gateway answers."""
    return texts("computers.latency", ms=max(1, round(gateway.answer.latency_ms)))


def answer_text(texts: Texts, gateway: GatewayView) -> str:
    """Return the gateway's health as a text."""
    answer = gateway.answer
    match answer.health:
        case GatewayHealth.WELL:
            return latency_text(texts, gateway)
        case GatewayHealth.NOBODY:
            return texts("computers.nobody")
        case GatewayHealth.AWAY:
            return texts("computers.away" if gateway.id else "computers.unreachable")
        case GatewayHealth.REFUSED if answer.note is not None:
            return note_text(texts, answer.note)
    return texts("computers.not-asked") if not gateway.id and not gateway.chosen else texts("computers.asking")


def problem_text(texts: Texts, note: Note) -> str:
    """Return why another computer gave no key, and what to do."""
    return texts("computers.unreachable") if note.key == _UNREACHABLE else note_text(texts, note)


def menu_text(texts: Texts, gateway: GatewayView) -> str:
    """Return the gateway's menu entry, with its latency if known."""
    if not gateway.answer.latency_ms:
        return gateway.name
    ms = max(1, round(gateway.answer.latency_ms))
    return texts("computers.tray-latency", gateway=gateway.name, ms=ms)


def goes_text(texts: Texts, view: GatewaysView) -> str:
    """Return where speech goes now, in one line."""
    if view.instead_of:
        return texts("place.goes-instead", gateway=view.instead_of)
    name = "" if view.here else next((one.name for one in view.gateways if one.chosen), "")
    return texts("place.goes-to", destination=name) if name else texts("place.goes-here")


def sharing_text(texts: Texts, view: SharingView) -> str:
    """Return the state of sharing, with a remedy if it failed."""
    if view.state is SharingState.ON and not view.urls:
        return texts("sharing.no-network")
    return texts(f"sharing.{view.state.value}", name=view.name, reason=note_text(texts, view.note))


def places_text(view: SharingView | InviteView) -> str:
    """Return the addresses to type, one per line."""
    return "\n".join(urlsplit(url).netloc for url in view.urls)


def fingerprint_text(digest: str) -> str:
    """Return a fingerprint in groups of four, eight per line, for comparison by eye."""
    groups = [digest[place : place + _GROUP] for place in range(0, len(digest), _GROUP)]
    return "\n".join(" ".join(groups[place : place + _LINE]) for place in range(0, len(groups), _LINE))


def code_text(code: str) -> str:
    """Return a pairing code in two halves."""
    return f"{code[:_HALF]} {code[_HALF:]}" if code else ""


def device_text(texts: Texts, device: SharedDevice, day: date | None = None) -> str:
    """Return the purpose of a device and when it was last connected."""
    return f"{texts('computers.lends' if device.worker else 'computers.dictates')} · {_seen(texts, device, day)}"


def left_text(texts: Texts, invite: InviteView) -> str:
    """Return the remaining time and tries of a code."""
    tries = texts("sharing.invite.tries", count=invite.tries_left)
    return texts("sharing.invite.left", time=clock(invite.left_s), tries=tries)


def ended_text(texts: Texts, invite: InviteView) -> str:
    """Return the result of a code; empty while it is valid."""
    if invite.note is not None and invite.note.key == _UNREACHABLE:
        return texts("sharing.invite.not-ready")
    if invite.note is not None:
        return note_text(texts, invite.note)
    if invite.stage is PairingStage.PAIRED:
        kind = "worker" if invite.worker else "client"
        return texts(f"sharing.invite.paired-{kind}", device=invite.device)
    if invite.stage in {PairingStage.EXPIRED, PairingStage.LOCKED, PairingStage.INTERCEPTED}:
        return texts(f"sharing.invite.{invite.stage.value}")
    return ""


def _seen(texts: Texts, device: SharedDevice, day: date | None) -> str:
    if device.connected:
        return texts("sharing.connected")
    if not device.seen_s:
        return texts("sharing.never-seen")
    seen = datetime.fromtimestamp(device.seen_s)
    when = seen.strftime("%H:%M") if seen.date() == (day or today()) else seen.date().isoformat()
    return texts("sharing.seen", when=when)
