"""The display state of sharing and lending, and the actions of a user on them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from app.core.errors import Note
from app.gateways.view import FoundView, GatewaysView, PairingView
from app.local_services.worker_view import WorkerView
from protocol.pairing import PairingStage


class SharingState(StrEnum):
    """The state of sharing this computer's gateway."""

    OFF = "off"
    STARTING = "starting"
    ON = "on"
    FAILED = "failed"


@dataclass(frozen=True)
class SharedDevice:
    """A device with a key. ``worker``: it lends its worker. ``seen_s``: seconds since 1970; 0: never."""

    id: str
    name: str
    worker: bool = False
    seen_s: int = 0
    connected: bool = False


@dataclass(frozen=True)
class SharingView:
    """The state of sharing. ``urls``: the addresses for other devices. ``note``: why it is not shared.

    ``result``: the result of the last action. ``devices`` is ``None`` while unknown.
    """

    state: SharingState = SharingState.OFF
    name: str = ""
    urls: tuple[str, ...] = ()
    certificate_sha256: str = ""
    devices: tuple[SharedDevice, ...] | None = None
    note: Note | None = None
    result: Note | None = None


@dataclass(frozen=True)
class InviteView:
    """The code that is shown. ``link``: the same as a link, for a QR code. ``device``: the new device's name.

    ``stage`` is ``NONE`` before a code exists and after it was ended. ``note``: why there is no code.
    """

    stage: PairingStage = PairingStage.NONE
    worker: bool = False
    code: str = field(default="", repr=False)
    link: str = field(default="", repr=False)
    left_s: float = 0.0
    tries_left: int = 0
    device: str = ""
    urls: tuple[str, ...] = ()
    note: Note | None = None


@dataclass(frozen=True)
class LentView:
    """A gateway that the worker may be lent to. ``on``: it should be."""

    id: str
    name: str
    on: bool = False
    worker: WorkerView = WorkerView()


@dataclass(frozen=True)
class LendingView:
    """The state of lending. ``pairing``: of getting a worker key. ``problem``: other problems."""

    lent: tuple[LentView, ...] = ()
    pairing: PairingView = PairingView()
    problem: Note | None = None


SharingValue = SharingView | InviteView | LendingView


MOST = 8


def nearby(view: GatewaysView, lent: Iterable[LentView]) -> tuple[FoundView, ...]:
    """Return the discovered gateways, then the paired ones, without those already lent to.

    At most ``MOST``; others can be entered by address.
    """
    known = tuple(one.id for one in lent)
    found = [one for one in view.found if not one.certificate_sha256.startswith(known)]
    paired = [
        FoundView(one.name, (f"https://{one.where}",), "")
        for one in view.gateways
        if one.id and one.id not in known
    ]
    return (*found, *paired)[:MOST]


@dataclass(frozen=True)
class WatchSharing:
    """Start or stop watching the sharing state, which is queried only while watched."""

    on: bool


@dataclass(frozen=True)
class InviteDevice:
    """Show a code that gives one device a key; ``worker``: a device that lends its worker."""

    worker: bool = False


@dataclass(frozen=True)
class EndInvite:
    """Withdraw the code that is shown."""


@dataclass(frozen=True)
class RenameDevice:
    """Give a device another name."""

    device: str
    name: str


@dataclass(frozen=True)
class RevokeDevice:
    """Revoke the key of a device and close its connections at once."""

    device: str


SharingAction = WatchSharing | InviteDevice | EndInvite | RenameDevice | RevokeDevice


@dataclass(frozen=True)
class Enlist:
    """Get a worker key from a gateway and lend the worker to it. The fields are those of ``PairGateway``."""

    urls: tuple[str, ...]
    code: str
    certificate_sha256: str = ""


@dataclass(frozen=True)
class EndEnlisting:
    """Dismiss the result of enlisting; a running attempt is cancelled."""


@dataclass(frozen=True)
class Lend:
    """Start or stop lending the worker to this gateway."""

    gateway: str
    on: bool


@dataclass(frozen=True)
class ForgetLent:
    """Stop lending to this gateway, delete its key, and ask the gateway to revoke it."""

    gateway: str


LendingAction = Enlist | EndEnlisting | Lend | ForgetLent
