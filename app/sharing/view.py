"""What a person sees of sharing and lending, as values. Pure."""

from dataclasses import dataclass, field
from enum import StrEnum

from app.view import Note, WorkerState, WorkerView
from protocol.pairing import PairingStage


class SharingState(StrEnum):
    """Whether other devices can use the gateway of this computer."""

    OFF = "off"
    STARTING = "starting"
    ON = "on"
    FAILED = "failed"


@dataclass(frozen=True)
class SharedDevice:
    """One that has a key. ``worker``: it lends its worker. ``seen_s``: since 1970, 0: never."""

    id: str
    name: str
    worker: bool = False
    seen_s: int = 0
    connected: bool = False


@dataclass(frozen=True)
class SharingView:
    """``urls``: where others reach it. ``note``: why it is not shared. ``told``: what became of what was asked.

    ``devices`` is ``None`` while nobody knows.
    """

    state: SharingState = SharingState.OFF
    name: str = ""
    urls: tuple[str, ...] = ()
    certificate_sha256: str = ""
    devices: tuple[SharedDevice, ...] | None = None
    note: Note | None = None
    told: Note | None = None


@dataclass(frozen=True)
class InviteView:
    """The code that is shown. ``link``: the same for a camera. ``device``: what the new one is called.

    ``stage`` is ``NONE`` before there is one, and when it was ended. ``note``: why there is none.
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
    """A gateway that this computer may work for. ``on``: it is to."""

    id: str
    name: str
    on: bool = False
    worker: WorkerView = WorkerView()

    @property
    def works(self) -> bool:
        """Whether the worker is there, or about to be."""
        return self.worker.state not in {WorkerState.OFF, WorkerState.FAILED}


class EnlistStage(StrEnum):
    """How getting a key stands."""

    NONE = "none"
    ASKING = "asking"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True)
class LendingView:
    """``gateway``: what the one is called that gave a key last. ``note``: why none did. ``told``: else."""

    lent: tuple[LentView, ...] = ()
    stage: EnlistStage = EnlistStage.NONE
    gateway: str = ""
    note: Note | None = None
    told: Note | None = None


SharingValue = SharingView | InviteView | LendingView
