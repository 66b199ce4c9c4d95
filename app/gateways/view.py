"""The display state of the gateways, as values. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from app.core.errors import Note


class GatewayHealth(StrEnum):
    """The health of a gateway. A gateway that is ``WELL`` has a worker."""

    ASKING = "asking"
    WELL = "well"
    NOBODY = "nobody"  # it answers but has no worker
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


class PairingStage(StrEnum):
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

    stage: PairingStage = PairingStage.NONE
    gateway: str = ""
    name: str = ""
    note: Note | None = None


@dataclass(frozen=True)
class GatewaysView:
    """The display state of all gateways. ``here``: speech is recognised on this computer.

    ``instead_of``: the gateway that this computer substitutes for. ``device``: the default name of this computer.
    ``problem``: with the stored gateways. ``told``: the result of the last action.
    """

    gateways: tuple[GatewayView, ...] = ()
    found: tuple[FoundView, ...] = ()
    here: bool = True
    instead_of: str = ""
    device: str = ""
    pairing: PairingView = PairingView()
    problem: Note | None = None
    told: Note | None = None
