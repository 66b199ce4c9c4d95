"""The display state of the gateways, and the actions of a user on them, with the settings these change. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.core.errors import Note
from app.settings.sections import ChangeSetting


class GatewayHealth(StrEnum):
    """The health of a gateway. A gateway that is ``WELL`` has a worker."""

    ASKING = "asking"
    WELL = "well"
    NO_WORKER = "nobody"  # it answers but has no worker
    AWAY = "away"
    REFUSED = "refused"  # it rejects this computer, or is another gateway


@dataclass(frozen=True)
class QueryResult:
    """The result of one query. ``workers``: those the gateway reports. ``note``: the problem, if any."""

    health: GatewayHealth = GatewayHealth.ASKING
    latency_ms: float = 0.0
    workers: tuple[str, ...] = ()
    note: Note | None = None


@dataclass(frozen=True)
class GatewayView:
    """A gateway to choose from. ``id`` is empty for the one named only by its URL in the settings."""

    id: str
    name: str
    where: str
    chosen: bool = False
    answer: QueryResult = QueryResult()


@dataclass(frozen=True)
class FoundView:
    """A gateway on the local network that is not paired. Its own description is not verified."""

    name: str
    urls: tuple[str, ...]
    certificate_sha256: str


class PairingProgress(StrEnum):
    """The stage of a pairing."""

    NONE = "none"
    ASKING = "asking"
    PAIRED = "paired"
    REFUSED = "refused"


@dataclass(frozen=True)
class PairingView:
    """The state of a pairing. ``gateway``: the id of the new gateway. ``name``: its own name.

    ``note``: why the pairing failed.
    """

    stage: PairingProgress = PairingProgress.NONE
    gateway: str = ""
    name: str = ""
    note: Note | None = None


@dataclass(frozen=True)
class GatewaysView:
    """The display state of all gateways. ``here``: speech is recognised on this computer.

    ``instead_of``: the gateway that this computer substitutes for. ``device``: the default name of this computer.
    ``problem``: with the stored gateways. ``result``: the result of the last action.
    """

    gateways: tuple[GatewayView, ...] = ()
    found: tuple[FoundView, ...] = ()
    here: bool = True
    instead_of: str = ""
    device: str = ""
    pairing: PairingView = PairingView()
    problem: Note | None = None
    result: Note | None = None


@dataclass(frozen=True)
class WatchGateways:
    """Start or stop watching the gateways. While watched, all are queried and others are searched for.

    ``who``: the watching part of the app, such as a panel or a menu.
    """

    on: bool
    who: str = "panel"


@dataclass(frozen=True)
class PairGateway:
    """Pair with a gateway. ``urls``: its possible addresses, tried in this order.

    ``code``: eight digits, as typed. ``name``: the name of this computer there. ``certificate_sha256``: the
    expected certificate, if known.
    """

    urls: tuple[str, ...]
    code: str
    name: str
    certificate_sha256: str = ""


@dataclass(frozen=True)
class EndPairing:
    """Dismiss the result of a pairing; a running one is cancelled."""


@dataclass(frozen=True)
class RenameGateway:
    """Give the gateway another name on this computer; empty: its own name."""

    gateway: str
    name: str


@dataclass(frozen=True)
class ForgetGateway:
    """Delete the gateway's key, and ask the gateway to revoke it."""

    gateway: str


GatewayAction = WatchGateways | PairGateway | EndPairing | RenameGateway | ForgetGateway


CHOSEN: Final = "gateway.chosen"
URL: Final = "gateway.url"


def to_gateway(gateway: GatewayView) -> tuple[ChangeSetting, ...]:
    """Return the changes that choose this gateway. A gateway without id is in effect when none is chosen."""
    return (ChangeSetting(CHOSEN, gateway.id),)


def changes_to_own(view: GatewaysView) -> tuple[ChangeSetting, ...]:
    """Return the changes that choose this computer. A URL in the settings is cleared, or it would take effect."""
    plain = any(not gateway.id for gateway in view.gateways)
    return (*((ChangeSetting(URL, ""),) if plain else ()), ChangeSetting(CHOSEN, ""))
