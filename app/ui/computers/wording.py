"""Word the texts about computers: gateways, devices, sharing, lending, and the rows of their list. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlsplit

from app.core.errors import Note
from app.gateways.pairing_address import url_text
from app.gateways.view import (
    ForgetGateway,
    FoundView,
    GatewayHealth,
    GatewaysView,
    GatewayView,
    RenameGateway,
    changes_to_own,
    to_gateway,
)
from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.kinds import Action
from app.sharing.view import (
    ForgetLent,
    InviteView,
    Lend,
    LendingView,
    LentView,
    RenameDevice,
    RevokeDevice,
    SharedDevice,
    SharingState,
    SharingView,
)
from app.ui.strings.texts import (
    Texts,
    clock,
    joined,
    moment_text,
    names_text,
    note_text,
    today,
    worker_device_text,
    worker_text,
)
from protocol.pairing import PairingStage

_HALF: Final = 4
_GROUP: Final = 4
_LINE: Final = 8
_UNREACHABLE: Final = "gateway-unreachable"
_UNAUTHORISED: Final = Note("gateway-unauthorised")


def answer_text(texts: Texts, gateway: GatewayView) -> str:
    """Return the gateway's health as a text."""
    answer = gateway.answer
    match answer.health:
        case GatewayHealth.WELL:
            return texts("computers.latency", ms=max(1, round(answer.latency_ms)))
        case GatewayHealth.NO_WORKER:
            return texts("computers.nobody")
        case GatewayHealth.AWAY:
            return texts("computers.away" if gateway.id else "computers.unreachable")
        case GatewayHealth.REFUSED if gateway.id and answer.note == _UNAUTHORISED:
            return texts("computers.refused")
        case GatewayHealth.REFUSED if answer.note is not None:
            return note_text(texts, answer.note)
    return texts("computers.not-asked") if not gateway.id and not gateway.chosen else texts("computers.asking")


def problem_text(texts: Texts, note: Note) -> str:
    """Return why pairing failed, and the remedy."""
    return texts("computers.unreachable") if note.key == _UNREACHABLE else note_text(texts, note)


def menu_text(texts: Texts, gateway: GatewayView) -> str:
    """Return the gateway's menu entry, with its latency if known."""
    if not gateway.answer.latency_ms:
        return gateway.name
    ms = max(1, round(gateway.answer.latency_ms))
    return texts("computers.tray-latency", gateway=gateway.name, ms=ms)


def destination_text(texts: Texts, view: GatewaysView) -> str:
    """Return in one line which computer recognises now."""
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
    """Return a pairing code with a space in the middle."""
    return f"{code[:_HALF]} {code[_HALF:]}" if code else ""


def device_text(texts: Texts, device: SharedDevice, day: date | None = None, *, shared: bool = True) -> str:
    """Return the purpose of a device and when it was last connected; ``shared``: it can connect."""
    purpose = "computers.lends" if device.worker else "computers.dictates"
    described = texts(purpose if shared else "computers.unshared")
    return f"{described} · {_last_seen_text(texts, device, day)}"


def code_left_text(texts: Texts, invite: InviteView) -> str:
    """Return the remaining time and tries of a code."""
    tries = texts("sharing.invite.tries", count=invite.tries_left)
    return texts("sharing.invite.left", time=clock(invite.left_s), tries=tries)


def code_result_text(texts: Texts, invite: InviteView) -> str:
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


def _last_seen_text(texts: Texts, device: SharedDevice, day: date | None) -> str:
    if device.connected:
        return texts("sharing.connected")
    if not device.seen_s:
        return texts("sharing.never-seen")
    return texts("sharing.seen", when=moment_text(device.seen_s, day or today()))


Icon = tuple[str, str]
"""Names of an icon and of its colour."""
WARNING: Final = "warning"
_OFF: Final = ("computer", "muted")
_WELL: Final = ("done", "accent")
_STARTS: Final = ("waiting", "muted")
_FAILED: Final = ("failed", WARNING)
_AWAY: Final = ("laptop", "muted")
_FOUND: Final = ("globe", "muted")
_HEALTH: Final = {
    GatewayHealth.ASKING: _STARTS,
    GatewayHealth.WELL: _WELL,
    GatewayHealth.NO_WORKER: ("pause", WARNING),
    GatewayHealth.AWAY: _FAILED,
    GatewayHealth.REFUSED: _FAILED,
}
_WORKER: Final = {
    LocalWorkerState.OFF: _OFF,
    LocalWorkerState.STARTING: _STARTS,
    LocalWorkerState.DOWNLOADING: _STARTS,
    LocalWorkerState.IDLE: _WELL,
    LocalWorkerState.BUSY: ("listening", "accent"),
    LocalWorkerState.FAILED: _FAILED,
}
_PAIRED_AGAIN: Final = frozenset({"gateway-unauthorised", "gateway-other-certificate"})
"""Reasons of a refusal whose remedy is to pair again."""


@dataclass(frozen=True)
class Button:
    """Button of a row: its text, its accessible name, and its actions or the computer that it pairs with."""

    text: str
    name: str
    actions: tuple[Action, ...] = ()
    pairs: FoundView | None = None


@dataclass(frozen=True)
class Removal:
    """Removal from the list: its consequences, and its action."""

    description: str
    action: Action


@dataclass(frozen=True)
class ComputerView:
    """Row of one computer. ``key``: its kind and id. ``details``: shown on request.

    ``rename``: the action that renames it, without the new name.
    """

    key: str
    name: str
    description: str
    icon: Icon = _OFF
    button: Button | None = None
    details: str = ""
    rename: RenameGateway | RenameDevice | None = None
    removal: Removal | None = None

    @property
    def warns(self) -> bool:
        """True if the state is a problem."""
        return self.icon[1] == WARNING


def computers(
    texts: Texts, gateways: GatewaysView, worker: WorkerView, sharing: SharingView, lending: LendingView
) -> Iterator[ComputerView]:
    """Yield the rows of all computers; those found on the network are last, because they come and go."""
    yield this_computer(texts, gateways, worker)
    for gateway in gateways.gateways:
        yield gateway_row(texts, gateway, used=not gateways.here)
    for device in sharing.devices or ():
        yield device_row(texts, device, shared=sharing.state is not SharingState.OFF)
    for lent in lending.lent:
        yield lent_row(texts, lent)
    lent_to = tuple(lent.id for lent in lending.lent)
    for found in gateways.found:
        if not found.certificate_sha256.startswith(lent_to):
            yield found_row(texts, found)


def this_computer(texts: Texts, view: GatewaysView, worker: WorkerView) -> ComputerView:
    """Return the row of this computer."""
    name, chosen = texts("place.here"), not any(gateway.chosen for gateway in view.gateways)
    state, button = _own_state(texts, worker), None
    if view.instead_of:
        refused = any(one.chosen and one.answer.health is GatewayHealth.REFUSED for one in view.gateways)
        state = texts("computers.instead-refused" if refused else "computers.instead", gateway=view.instead_of)
    elif not view.here:
        state = texts("computers.unused")
    if not chosen:
        button = Button(texts("computers.use"), texts("computers.use-name", gateway=name), changes_to_own(view))
    elif worker.can_be_switched_on:
        on = texts("computers.switch-on")
        button = Button(on, f"{on}: {texts('worker.name')}", (SwitchWorker(True),))
    return ComputerView("here", name, state, _WORKER[worker.state] if view.here else _OFF, button)


def _own_state(texts: Texts, worker: WorkerView) -> str:
    """Return the state of this computer while it recognises for itself."""
    if worker.state is LocalWorkerState.OFF:
        return joined(texts("computers.off"), note_text(texts, worker.reason))
    idle = worker.state is LocalWorkerState.IDLE
    worker_line = worker_device_text(texts, worker) if idle else worker_text(texts, worker)
    return joined(texts("computers.in-use"), worker_line)


def gateway_row(texts: Texts, gateway: GatewayView, *, used: bool) -> ComputerView:
    """Return the row of a computer that this one can use; ``used``: the chosen computer recognises now."""
    named, answer = {"gateway": gateway.name}, gateway.answer
    ready = texts("computers.ready") if answer.health is GatewayHealth.WELL else ""
    chosen = texts("computers.in-use" if used else "computers.chosen") if gateway.chosen else ready
    button = None
    if gateway.id and answer.note is not None and answer.note.key in _PAIRED_AGAIN:
        again = FoundView(gateway.name, (f"https://{gateway.where}",), "")
        button = Button(texts("pairing.pick"), texts("pairing.to", **named), pairs=again)
    elif not gateway.chosen:
        button = Button(texts("computers.use"), texts("computers.use-name", **named), to_gateway(gateway))
    removal = Removal(texts("computers.remove-says", **named), ForgetGateway(gateway.id))
    return ComputerView(
        f"gateway {gateway.id or gateway.where}",
        gateway.name,
        joined(chosen, answer_text(texts, gateway)),
        _HEALTH[answer.health],
        button,
        _details(texts, gateway.where if gateway.id else "", answer.workers),
        RenameGateway(gateway.id, "") if gateway.id else None,
        removal if gateway.id else None,
    )


def device_row(texts: Texts, device: SharedDevice, *, shared: bool = True) -> ComputerView:
    """Return the row of a device that may use this computer or recognises for it; ``shared``: it can connect."""
    removal = Removal(texts("sharing.revoke-says", device=device.name), RevokeDevice(device.id))
    icon = _WELL if device.connected else _AWAY
    rename = RenameDevice(device.id, "")
    description = device_text(texts, device, shared=shared)
    return ComputerView(f"device {device.id}", device.name, description, icon, rename=rename, removal=removal)


def lent_row(texts: Texts, lent: LentView) -> ComputerView:
    """Return the row of a computer that this one recognises for."""
    named = {"gateway": lent.name}
    description = texts("computers.lent-off")
    if lent.on or lent.worker.reason is not None:
        failed = lent.worker.state is LocalWorkerState.FAILED
        purpose = texts("computers.lent-off" if failed else "computers.lent")
        description = joined(purpose, worker_text(texts, lent.worker))
    does = texts("computers.stop" if lent.on else "computers.start")
    button = Button(does, f"{texts('lending.to', **named)}: {does}", (Lend(lent.id, not lent.on),))
    removal = Removal(texts("lending.remove-says", **named), ForgetLent(lent.id))
    icon = _WORKER[lent.worker.state]
    return ComputerView(f"lent {lent.id}", lent.name, description, icon, button, removal=removal)


def found_row(texts: Texts, found: FoundView) -> ComputerView:
    """Return the row of a computer that was found on the network."""
    pair = Button(texts("pairing.pick"), texts("pairing.to", gateway=found.name), pairs=found)
    key = f"found {found.certificate_sha256} {found.name}"
    details = _details(texts, ", ".join(map(url_text, found.urls)), ())
    return ComputerView(key, found.name, texts("computers.found"), _FOUND, pair, details)


def _details(texts: Texts, where: str, workers: tuple[str, ...]) -> str:
    lines = [texts("computers.address", where=where)] if where else []
    if workers:
        lines.append(texts("computers.with", workers=names_text(texts, workers)))
    return "\n".join(lines)
