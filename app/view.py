"""What a person sees of the app at one moment, as values: made by the runtime, drawn by whoever draws."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.capture.take import TakeState
from app.live_text import Span
from app.states import State

LOWEST_DBFS: Final = -60.0

STATES: Final = {
    TakeState.LIVE: State.WAITING,
    TakeState.INTERRUPTED: State.FAILED,
    TakeState.DAMAGED: State.DAMAGED,
    TakeState.WAITING: State.FAILED,
    TakeState.FAILED: State.FAILED,
    TakeState.CANCELLED: State.CANCELLED,
    TakeState.HELD: State.HELD,
    TakeState.DONE: State.DONE,
    TakeState.EMPTY: State.DONE,
}
"""``failed``: something of it can be recognised again."""

RECOVERABLE: Final = frozenset({TakeState.INTERRUPTED, TakeState.DAMAGED, TakeState.WAITING, TakeState.FAILED})
"""States of takes that can be recognised again."""


def state_of(state: TakeState, *, cancelled: bool) -> State:
    """Return where a take stands, for people: damage counts most, then that it was cancelled."""
    return State.CANCELLED if cancelled and state is not TakeState.DAMAGED else STATES[state]


@dataclass(frozen=True)
class Note:
    """Something that a person would want to know: a key of the texts in each language, and what to put into it.

    ``reason``: what to put in for {reason}, where that is a text of each language too.
    """

    key: str
    values: Mapping[str, str] = field(default_factory=dict)
    reason: "Note | None" = None


@dataclass(frozen=True)
class View:
    """The newest take, and what stands beside it.

    ``destination``: where the audio goes, empty for this computer. ``waiting``: earlier takes that are not done.
    ``held``: texts to paste of the newest recording, which the key pastes; ``earlier``: other recordings with such
    texts, which are pasted from a list. ``at``: a point in the window that the take's texts go
    to, in the screen's own pixels, where that is known.
    """

    state: State = State.IDLE
    seconds: float = 0.0
    level_dbfs: float = LOWEST_DBFS
    spans: tuple[Span, ...] = ()
    unsent_s: float = 0.0
    destination: str = ""
    device: str = ""
    waiting: int = 0
    held: int = 0
    earlier: int = 0
    at: tuple[int, int] | None = None
    note: Note | None = None

    @property
    def listed(self) -> tuple[State, int, int, int]:
        """Return what the list of recordings depends on."""
        return self.state, self.waiting, self.held, self.earlier


class WorkerState(StrEnum):
    """The worker of this computer, as the tray shows it."""

    OFF = "off"
    STARTING = "starting"
    DOWNLOADING = "downloading"
    IDLE = "idle"
    BUSY = "busy"
    FAILED = "failed"


@dataclass(frozen=True)
class WorkerView:
    """``detail``: its device and model. ``percent``: of a download. ``reason``: why it failed, or is off.

    ``jobs``: what it recognises at this moment.
    """

    state: WorkerState = WorkerState.OFF
    detail: str = ""
    percent: int | None = None
    reason: Note | None = None
    jobs: int = 0

    @property
    def can_be_switched_on(self) -> bool:
        """It failed, or a person switched it off; one that is off for another reason comes back by itself."""
        return self.state is WorkerState.FAILED or (self.state is WorkerState.OFF and self.reason is None)


@dataclass(frozen=True)
class TakeView:
    """One of the last takes. ``started_s``: seconds since 1970.

    ``held``: texts to paste. ``recovers``: something of it can be recognised again. ``partly``: some of it was
    inserted before it was cancelled.
    """

    session: str
    started_s: float
    seconds: float
    state: State
    text: str = ""
    held: int = 0
    recovers: bool = False
    partly: bool = False
