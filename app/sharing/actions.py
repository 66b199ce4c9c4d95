"""User actions on sharing and lending. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LookAtSharing:
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


SharingAction = LookAtSharing | InviteDevice | EndInvite | RenameDevice | RevokeDevice


@dataclass(frozen=True)
class Enlist:
    """Get a worker key from a gateway and lend the worker to it.

    ``where``: an address or a link; a link contains the code.
    """

    where: str
    code: str = ""


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
    """Stop lending to this gateway and delete its key."""

    gateway: str


LendingAction = Enlist | EndEnlisting | Lend | ForgetLent
