"""Define what windows display of dictation: the newest take and the list of takes."""

from dataclasses import dataclass
from typing import Final

from app.core.area import Area
from app.core.errors import Note
from app.core.live_text import TextSpan
from app.core.states import LOWEST_DBFS, State
from app.insertion.outcome import TextPlace
from app.journal.take import TakeState

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
"""The displayed state of each journal state. ``failed``: some of it can be recognised again."""

RECOVERABLE: Final = frozenset({TakeState.INTERRUPTED, TakeState.DAMAGED, TakeState.WAITING, TakeState.FAILED})
"""States of takes that can be recognised again."""

UNRECOGNISED: Final = frozenset({TakeState.INTERRUPTED, TakeState.WAITING})
"""States of takes with speech that was never recognised, because a process or a computer stopped."""


def state_of(state: TakeState, *, cancelled: bool) -> State:
    """Return the state that users see; damage takes precedence over cancellation."""
    return State.CANCELLED if cancelled and state is not TakeState.DAMAGED else STATES[state]


@dataclass(frozen=True)
class View:
    """The view of the newest take and of everything shown with it.

    ``destination``: the name of the gateway that receives the audio, empty for this computer. ``waiting``:
    earlier takes that are not done. ``held``: recordings with held texts that the key pastes, at most one.
    ``earlier``: other recordings with held texts, which are pasted from a list. ``window``: the window that
    receives the take's texts, in system pixels, if known. ``place``: the field in it, if known. ``note_until``:
    when a note expires that does not last as long as its cause; differs when the same note is made again.
    ``problems``: of the settings and of this computer's gateway, for programs that ask; windows show them
    elsewhere.
    """

    state: State = State.IDLE
    seconds: float = 0.0
    level_dbfs: float = LOWEST_DBFS
    spans: tuple[TextSpan, ...] = ()
    unsent_s: float = 0.0
    destination: str = ""
    device: str = ""
    waiting: int = 0
    held: int = 0
    earlier: int = 0
    window: Area | None = None
    place: TextPlace | None = None
    note: Note | None = None
    note_until: float = 0.0
    problems: tuple[Note, ...] = ()

    @property
    def listed(self) -> tuple[State, int, int, int]:
        """The values that affect the list of recordings."""
        return self.state, self.waiting, self.held, self.earlier


@dataclass(frozen=True)
class TakeView:
    """A take as the list shows it.

    ``started_s``: seconds since 1970. ``held``: the number of held texts. ``doubted``: programs where held
    texts may have arrived all the same; an empty name: an unknown one.
    """

    session: str
    started_s: float
    seconds: float
    state: TakeState
    text: str = ""
    held: int = 0
    doubted: tuple[str, ...] = ()
