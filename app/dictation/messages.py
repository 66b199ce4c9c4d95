"""Define the events and effects of the dictation state machine.

Plain values; takes are identified by number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.core.errors import Note
from app.core.states import LOWEST_DBFS
from app.core.transcript import TranscriptSegment
from app.dictation.actions import HeldAction, Verb
from app.dictation.gestures import TalkMode
from app.dictation.insertion_queue import ReadyTexts, SegmentId
from app.insertion.outcome import Insertion, Target, TextPlace
from protocol.session import Partial

DICTATE: Final = "dictate"
CANCEL: Final = "cancel"
PASTE_HELD: Final = "paste-held"
KEYS: Final = (DICTATE, CANCEL, PASTE_HELD)
"""Actions that hotkeys can be bound to."""


class SoundCue(StrEnum):
    """Sounds that the app can play."""

    START = "start"
    STOP = "stop"
    HELD = "held"


# -- events ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class HotkeyEvent:
    """A hotkey press or release.

    ``chord``: the release ended a key combination meant for another program. ``at_s``: when the key moved, which a
    busy computer reports later; ``None``: now.
    """

    action: str
    pressed: bool
    chord: bool = False
    at_s: float | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Polled:
    """The physical state of a key that the state machine believes to be down."""

    action: str
    down: bool


@dataclass(frozen=True)
class Tick:
    """Notification that time has passed."""


@dataclass(frozen=True)
class FocusedWindow:
    """The window that has the focus now, as the target for the held texts of a take."""

    take: int
    target: Target | None


@dataclass(frozen=True)
class SettleTake:
    """A user's request to paste, copy or dismiss the held texts of one take."""

    take: int
    how: HeldAction


@dataclass(frozen=True)
class TargetFound:
    """The target window of a take: the window that had the focus at key-down.

    Hands-free, it is the target of one ``segment``: the window that had the focus when the segment began.
    """

    take: int
    target: Target | None
    segment: int | None = None


@dataclass(frozen=True)
class FirstSample:
    """Arrival of the first real sample of a take."""

    take: int


@dataclass(frozen=True)
class SegmentBegan:
    """Beginning of a new segment in a take."""

    take: int
    segment: int


@dataclass(frozen=True)
class PartialResult:
    """A partial result for a segment."""

    take: int
    partial: Partial


@dataclass(frozen=True)
class Recognised:
    """The final text of a segment, or its error. ``foreign``: it has letters that no language of the user has."""

    take: int
    segment: TranscriptSegment
    foreign: bool = False


@dataclass(frozen=True)
class RecordingOver:
    """End of a take's samples, for whatever reason. ``note``: the reason if recording failed."""

    take: int
    note: Note | None = None


@dataclass(frozen=True)
class TakeLimit:
    """A limit that a take has reached while it is recorded: on silence, because it was forgotten, or on length."""

    take: int
    note: Note


@dataclass(frozen=True)
class TakeEnded:
    """End of every segment of a take.

    ``note``: why some have no text, as far as it is known. ``heard``: the VAD may have heard speech.
    ``silent``: the microphone, if it delivered only digital silence.
    """

    take: int
    note: Note | None = None
    heard: bool = True
    silent: str = ""


@dataclass(frozen=True)
class InsertionEnded:
    """The outcome of the insertion that was requested."""

    insertion: Insertion


@dataclass(frozen=True)
class HeldBefore:
    """Texts that an earlier run held, with takes numbered from 0 downwards."""

    texts: Mapping[SegmentId, str]


@dataclass(frozen=True)
class Woke:
    """Notification that this computer has woken from sleep."""


@dataclass(frozen=True)
class Locked:
    """Notification that the screen is being locked."""


TakeEvent = (
    TargetFound | FirstSample | SegmentBegan | PartialResult | Recognised | TakeLimit | RecordingOver | TakeEnded
)
UserEvent = HotkeyEvent | Polled | Verb | FocusedWindow | SettleTake
Event = UserEvent | TakeEvent | InsertionEnded | HeldBefore | Tick | Woke | Locked


# -- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StartRecording:
    """Begin a take: remember the target first (``TargetFound``), then record and recognise."""

    take: int
    mode: TalkMode


@dataclass(frozen=True)
class FindTarget:
    """Find the target window for one segment's text (``TargetFound``)."""

    take: int
    segment: int


@dataclass(frozen=True)
class FindFocusedWindow:
    """Find the window that has the focus now (``FocusedWindow``).

    ``leaves``: our own window is about to lose the focus.
    """

    take: int
    leaves: bool = False


@dataclass(frozen=True)
class StopRecording:
    """Stop recording, keeping all speech up to the end that was asked for, ``late_s`` seconds ago."""

    take: int
    late_s: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class DiscardTake:
    """Stop the take and delete everything of it."""

    take: int


@dataclass(frozen=True)
class PutAside:
    """Stop recognising this take because too many wait.

    Its recording stays on disk and can be sent again.
    """

    take: int


@dataclass(frozen=True)
class PassOnTap:
    """Send a short tap of a suppressed key to the program that has the focus."""

    action: str


@dataclass(frozen=True)
class PollKey:
    """Query the physical state of a key (``Polled``). ``needed``: its release may end the recording."""

    action: str
    needed: bool = False


@dataclass(frozen=True)
class PlayCue:
    """Play a sound cue to the user."""

    cue: SoundCue


@dataclass(frozen=True)
class InsertText:
    """Record the start of an insertion in the journal, then insert (``InsertionEnded``)."""

    texts: ReadyTexts


@dataclass(frozen=True)
class RecordInserted:
    """Record in the journal that these pieces were inserted."""

    pieces: tuple[SegmentId, ...]


@dataclass(frozen=True)
class RecordHeld:
    """Record in the journal that these pieces are held: recognised, but not inserted, or only without ``rest``."""

    pieces: tuple[SegmentId, ...]
    rest: str = ""


@dataclass(frozen=True)
class RecordDismissed:
    """Record in the journal that these held pieces were dismissed and only stay in the history."""

    pieces: tuple[SegmentId, ...]


@dataclass(frozen=True)
class CancelTake:
    """Mark the take as cancelled by the user. It is recognised for the history only."""

    take: int


@dataclass(frozen=True)
class CloseTake:
    """Close the take: no more of it will be inserted automatically."""

    take: int


@dataclass(frozen=True)
class Renew:
    """Reopen the microphone and grab the hotkeys again."""


@dataclass(frozen=True)
class Leave:
    """End the program now."""


Effect = (
    StartRecording
    | FindTarget
    | FindFocusedWindow
    | StopRecording
    | DiscardTake
    | PutAside
    | PassOnTap
    | PollKey
    | PlayCue
    | InsertText
    | RecordInserted
    | RecordHeld
    | RecordDismissed
    | CancelTake
    | CloseTake
    | Renew
    | Leave
)


@dataclass(frozen=True)
class Gauges:
    """Values that only the shell knows, measured when the view is drawn.

    ``unsent_s``: unsent audio by take. ``places``: the focused text by take. ``lost``: no microphone records.
    """

    level_dbfs: float = LOWEST_DBFS
    device: str = ""
    destination: str = ""
    unsent_s: Mapping[int, float] = field(default_factory=dict)
    note: Note | None = None
    places: Mapping[int, TextPlace] = field(default_factory=dict)
    lost: bool = False


NO_GAUGES: Final = Gauges()
