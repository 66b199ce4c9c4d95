"""User actions on the gateways paired with this computer. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LookAtGateways:
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


GatewayAction = LookAtGateways | PairGateway | EndPairing | RenameGateway | ForgetGateway
