"""What the state machine of dictation is told, and what it asks for. Plain values; takes are numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.actions import HeldDeed, Verb
from app.gestures import TalkMode
from app.insertion.outcome import Insertion, Target
from app.spoken_order import Ordered, Piece
from app.transcript import Segment
from app.view import LOWEST_DBFS, Note
from protocol.session import Partial

DICTATE: Final = "dictate"
CANCEL: Final = "cancel"
PASTE_HELD: Final = "paste-held"
"""Actions of keys."""


class NoteKey(StrEnum):
    """Notes of the state machine, as keys of the texts in each language; ``insertion.outcome.Reason`` has more."""

    NOTHING_UNDERSTOOD = "nothing-understood"
    NOTHING_LEFT = "nothing-left"  # replacements left nothing of what was recognised
    CANCELLED = "cancelled"
    MICROPHONE_FAILED = "microphone-failed"  # reason
    NOT_RECORDED = "not-recorded"  # reason: there is no room for a recording
    RECORDING_KEPT = "recording-kept"  # reason: it could not be recognised now, and can be sent again
    RECORDING_DAMAGED = "recording-damaged"  # place: what is on disk is recognised, but not all is there
    RECOGNISED_LATER = "recognised-later"  # too many takes wait: it is for the history then
    INSERT_READY = "insert-ready"  # offered: do not wait for what comes before
    QUITTING = "quitting"  # seconds (unsent), takes: it leaves when they are done; once more: at once
    COPIED = "copied"  # what was held is on the clipboard, for the person to paste
    HELD_EARLIER = "held-earlier"  # count: nothing of the newest recording waits, but texts of earlier ones
    HELD_LET_GO = "held-let-go"  # count: too much held text; it is in the history
    SLEPT = "slept"  # the computer did, and so the recording ended
    # Of the shell: what stands beside a dictation.
    HOTKEYS_FAILED = "hotkeys-failed"  # reason
    GATEWAY_AWAY = "gateway-away"  # it is tried again and again
    NO_WORKER = "no-worker"
    MUCH_WAITS = "much-waits"
    BROKER_AWAY = "broker-away"
    MICROPHONE_LOST = "microphone-lost"  # device
    MICROPHONE_OTHER = "microphone-other"  # device: the one that is heard instead
    MICROPHONE_BACK = "microphone-back"  # device
    MICROPHONE_LATE = "microphone-late"  # device: this computer was too slow for it
    DISK_WAITING = "disk-waiting"
    DISK_FULL = "disk-full"


class Cue(StrEnum):
    """Something to hear."""

    START = "start"
    STOP = "stop"
    HELD = "held"


# -- what it is told ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """A hotkey went down or up; ``chord``: up, as part of a combination that was not meant for us."""

    action: str
    pressed: bool
    chord: bool = False


@dataclass(frozen=True)
class Polled:
    """The real state of a key that counts as down."""

    action: str
    down: bool


@dataclass(frozen=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True)
class Here:
    """The window that has the focus now, for the held texts of a take."""

    take: int
    target: Target | None


@dataclass(frozen=True)
class Settle:
    """A person wants the held texts of one take pasted, copied or dismissed."""

    take: int
    deed: HeldDeed


@dataclass(frozen=True)
class Aimed:
    """The window that had the focus at the take's key-down; hands-free, when ``segment`` began."""

    take: int
    target: Target | None
    segment: int | None = None


@dataclass(frozen=True)
class Sounding:
    """The first real sample."""

    take: int


@dataclass(frozen=True)
class Began:
    """A segment began."""

    take: int
    segment: int


@dataclass(frozen=True)
class Guessed:
    """A hypothesis."""

    take: int
    partial: Partial


@dataclass(frozen=True)
class Recognised:
    """A segment has a text or an error."""

    take: int
    segment: Segment


@dataclass(frozen=True)
class RecordingOver:
    """No more samples, whoever wanted it so. ``note``: why it failed."""

    take: int
    note: Note | None = None


@dataclass(frozen=True)
class Ended:
    """Every segment of the take has ended. ``note``: why some have no text, as far as it is known."""

    take: int
    note: Note | None = None


@dataclass(frozen=True)
class InsertionEnded:
    """What came of the insertion that was asked for."""

    insertion: Insertion


@dataclass(frozen=True)
class HeldBefore:
    """Texts that an earlier run held; their takes are numbered from 0 downwards."""

    texts: Mapping[Piece, str]


@dataclass(frozen=True)
class Woke:
    """This computer has slept."""


TakeEvent = Aimed | Sounding | Began | Guessed | Recognised | RecordingOver | Ended
Event = Key | Verb | Polled | Tick | Here | Settle | InsertionEnded | HeldBefore | Woke | TakeEvent


# -- what it asks for --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """Begin a take: remember the target first (``Aimed``), then record and recognise."""

    take: int
    mode: TalkMode


@dataclass(frozen=True)
class Aim:
    """Find out where a segment's text is to go (``Aimed``)."""

    take: int
    segment: int


@dataclass(frozen=True)
class AimHere:
    """Find out where the focus is now (``Here``). ``leaves``: our own window is about to lose it."""

    take: int
    leaves: bool = False


@dataclass(frozen=True)
class StopRecording:
    """After what was spoken until now."""

    take: int


@dataclass(frozen=True)
class Discard:
    """The take never was: stop everything, delete it."""

    take: int


@dataclass(frozen=True)
class PutAside:
    """Too many takes wait: stop with this one. Its recording stays, to be sent again."""

    take: int


@dataclass(frozen=True)
class PassOn:
    """Send a short tap of a suppressed key to the program that has the focus."""

    action: str


@dataclass(frozen=True)
class PollKey:
    """Ask for its real state (``Polled``)."""

    action: str


@dataclass(frozen=True)
class Play:
    """Let something be heard."""

    cue: Cue


@dataclass(frozen=True)
class Insert:
    """Note that it begins, insert (``InsertionEnded``)."""

    ordered: Ordered


@dataclass(frozen=True)
class NoteInserted:
    """These arrived."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class NoteHeld:
    """These are held: recognised, and not inserted."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class NoteDismissed:
    """These were held, and are for the history alone now."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class GiveUp:
    """Nobody wants the take at a cursor any more; it is for the history."""

    take: int


@dataclass(frozen=True)
class Close:
    """Nothing more of the take will be inserted by itself."""

    take: int


@dataclass(frozen=True)
class Renew:
    """Open the microphone anew, and take the keys once more."""


@dataclass(frozen=True)
class Leave:
    """End the program."""


Effect = (
    Record
    | Aim
    | AimHere
    | StopRecording
    | Discard
    | PutAside
    | PassOn
    | PollKey
    | Play
    | Insert
    | NoteInserted
    | NoteHeld
    | NoteDismissed
    | GiveUp
    | Close
    | Renew
    | Leave
)


@dataclass(frozen=True)
class Gauges:
    """What only the shell sees, at the moment when it is drawn. ``unsent_s``: of each take. ``note``: of the
    microphone, the disk or the gateway."""

    level_dbfs: float = LOWEST_DBFS
    device: str = ""
    destination: str = ""
    unsent_s: Mapping[int, float] = field(default_factory=dict)
    note: Note | None = None


NO_GAUGES: Final = Gauges()
