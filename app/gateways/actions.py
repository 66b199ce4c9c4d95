"""What a person may ask of the gateways that this computer is paired with. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LookAtGateways:
    """Whether somebody sees them: only then they are asked how they are, and others are looked for.

    ``who`` looks: a panel, a menu.
    """

    on: bool
    who: str = "panel"


@dataclass(frozen=True)
class PairGateway:
    """Get a key there. ``urls``: where it may be, tried in this order. ``code``: the eight digits, as typed.

    ``name``: what this computer is called there. ``certificate_sha256``: to be seen there, if it is known.
    """

    urls: tuple[str, ...]
    code: str
    name: str
    certificate_sha256: str = ""


@dataclass(frozen=True)
class EndPairing:
    """Nobody wants to know any more how it went; what is under way is given up."""


@dataclass(frozen=True)
class RenameGateway:
    """Call it something else on this computer; empty: as it calls itself."""

    gateway: str
    name: str


@dataclass(frozen=True)
class ForgetGateway:
    """Throw its key away, and ask it to do so too."""

    gateway: str


GatewayAction = LookAtGateways | PairGateway | EndPairing | RenameGateway | ForgetGateway
