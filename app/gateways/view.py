"""What a person sees of the gateways, as values. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from app.view import Note


class Health(StrEnum):
    """How a gateway answered. Whoever is ``WELL`` has somebody who recognises."""

    ASKING = "asking"
    WELL = "well"
    NOBODY = "nobody"  # it is there, and nobody works for it
    AWAY = "away"
    REFUSED = "refused"  # it is there and will not have this computer, or is another one


@dataclass(frozen=True)
class Answer:
    """Of one question. ``workers``: who recognises there, as far as it says so. ``note``: what is in the way."""

    health: Health = Health.ASKING
    latency_ms: float = 0.0
    workers: tuple[str, ...] = ()
    note: Note | None = None


@dataclass(frozen=True)
class GatewayView:
    """One that may be chosen. ``id`` is empty for the one that the settings name by its address alone."""

    id: str
    name: str
    where: str
    chosen: bool = False
    answer: Answer = Answer()


@dataclass(frozen=True)
class FoundView:
    """One on the local network that this computer is not paired with; what it says of itself nobody has proved."""

    name: str
    urls: tuple[str, ...]
    certificate_sha256: str


class PairingStage(StrEnum):
    """How a pairing stands."""

    NONE = "none"
    ASKING = "asking"
    PAIRED = "paired"
    REFUSED = "refused"


@dataclass(frozen=True)
class PairingView:
    """``gateway``: the id of the one that was paired, ``name`` what it calls itself. ``note``: why not."""

    stage: PairingStage = PairingStage.NONE
    gateway: str = ""
    name: str = ""
    note: Note | None = None


@dataclass(frozen=True)
class GatewaysView:
    """``here``: speech is recognised on this computer; ``instead_of``: of which gateway that is in the place.

    ``device``: what this computer is called where nobody says otherwise. ``problem``: what is wrong with what is
    kept. ``told``: what became of what was asked last.
    """

    gateways: tuple[GatewayView, ...] = ()
    found: tuple[FoundView, ...] = ()
    here: bool = True
    instead_of: str = ""
    device: str = ""
    pairing: PairingView = PairingView()
    problem: Note | None = None
    told: Note | None = None
