"""What a person may ask about sharing and lending. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LookAtSharing:
    """Whether somebody sees it: only then it is asked how things stand."""

    on: bool


@dataclass(frozen=True)
class InviteDevice:
    """Show a code with which one device gets a key; ``worker``: one that lends its worker."""

    worker: bool = False


@dataclass(frozen=True)
class EndInvite:
    """The code is good no more."""


@dataclass(frozen=True)
class RenameDevice:
    """Call it something else."""

    device: str
    name: str


@dataclass(frozen=True)
class RevokeDevice:
    """Its key is good no more, and its open connections end at once."""

    device: str


SharingAction = LookAtSharing | InviteDevice | EndInvite | RenameDevice | RevokeDevice


@dataclass(frozen=True)
class Enlist:
    """Get a key of a worker there, and lend to it. ``where``: an address or a link; a link has the code in it."""

    where: str
    code: str = ""


@dataclass(frozen=True)
class EndEnlisting:
    """Nobody wants to know any more how it went; what is under way is given up."""


@dataclass(frozen=True)
class Lend:
    """Whether this computer works for that gateway."""

    gateway: str
    on: bool


@dataclass(frozen=True)
class ForgetLent:
    """Do not work for it any more, and throw the key away."""

    gateway: str


LendingAction = Enlist | EndEnlisting | Lend | ForgetLent
