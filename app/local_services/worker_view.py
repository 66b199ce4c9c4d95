"""Define what windows display of this computer's worker, and the action that switches it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.core.errors import Note

NOT_NEEDED: Final = Note("recognised-elsewhere")
"""The reason for a worker to be off while another computer recognises."""


class LocalWorkerState(StrEnum):
    """States of this computer's worker, as the tray shows them."""

    OFF = "off"
    STARTING = "starting"
    DOWNLOADING = "downloading"
    IDLE = "idle"
    BUSY = "busy"
    FAILED = "failed"


@dataclass(frozen=True)
class WorkerView:
    """The state of this computer's worker.

    ``percent``: download progress. ``reason``: why it failed or is off. ``jobs``: the number of jobs in progress.
    ``model``: the model that it has loaded, or its engine.
    """

    state: LocalWorkerState = LocalWorkerState.OFF
    device: str = ""
    percent: int | None = None
    reason: Note | None = None
    jobs: int = 0
    model: str = ""

    @property
    def works(self) -> bool:
        """True if it runs or is starting."""
        return self.state not in {LocalWorkerState.OFF, LocalWorkerState.FAILED}

    @property
    def needs_model(self) -> bool:
        """True if it works, or rests and works again by itself: it would download a model that was removed."""
        rests = self.state is LocalWorkerState.OFF and self.reason not in (None, NOT_NEEDED)
        return self.works or rests

    @property
    def hindrance(self) -> Note | None:
        """Why it cannot recognise now; ``None`` while it can, starts, or is off."""
        if self.state is LocalWorkerState.DOWNLOADING:
            return self.reason or Note("model-downloads", {"percent": str(self.percent or 0)})
        return self.reason if self.state is LocalWorkerState.FAILED else None

    @property
    def can_be_switched_on(self) -> bool:
        """True if it failed or the user switched it off.

        When off for another reason, it restarts by itself.
        """
        return self.state is LocalWorkerState.FAILED or (
            self.state is LocalWorkerState.OFF and self.reason is None
        )


@dataclass(frozen=True)
class SwitchWorker:
    """Start or stop the worker of this computer."""

    on: bool
