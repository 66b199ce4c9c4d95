"""What a person sees of the history, as values. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.history.difference import Piece
from app.history.index import Row
from app.history.timing import Spoken
from app.view import Note


class HistoryNote(StrEnum):
    """What may be told, as keys of the texts."""

    EXPORTED = "exported"
    EXIST = "exist"
    NOT_DONE = "not-done"


@dataclass(frozen=True)
class HistoryList:
    """How many takes the search ``serial`` has. Another ``version``: its rows may be others now.

    ``done`` of ``total``: takes that are being read, if any. ``problem``: why it may not be complete.
    """

    serial: int = 0
    query: str = ""
    count: int = 0
    problem: Note | None = None
    done: int = 0
    total: int = 0
    version: int = 0


@dataclass(frozen=True)
class HistoryRows:
    """The rows from place ``start`` on; ``None`` for one that is gone."""

    serial: int
    start: int
    rows: tuple[Row | None, ...]


@dataclass(frozen=True)
class HistoryTold:
    """What came of something that was asked."""

    note: Note


@dataclass(frozen=True)
class Wish:
    """How to recognise a take once more.

    By which ``model``, empty for any; with the ``vad``: where the take was cut, or without: all of it.
    """

    model: str = ""
    vad: bool = True


@dataclass(frozen=True)
class HistoryModels:
    """The models that somebody has loaded. ``note``: why none is known."""

    names: tuple[str, ...] = ()
    note: Note | None = None


@dataclass(frozen=True)
class Run:
    """A take was recognised once more. ``missing``: pieces that got no text."""

    started_s: float
    model: str
    vad: bool
    missing: int = 0


@dataclass(frozen=True)
class Compared:
    """What ``run`` says, as the take's text becomes it; ``words``: how many differ."""

    run: int
    text: str
    pieces: tuple[Piece, ...]
    words: int


@dataclass(frozen=True)
class TakeDetails:
    """All of one take. ``spoken``: what of ``text`` is said when. ``runs``: as they came."""

    session: UUID
    text: str = ""
    of_ms: int = 0
    spoken: tuple[Spoken, ...] = ()
    runs: tuple[Run, ...] = ()
    compared: Compared | None = None


class RerunState(StrEnum):
    """How it stands with recognising a take once more."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class Rerunning:
    """How far it is: pieces that have ended, and in all. ``note``: why it failed."""

    session: UUID
    state: RerunState
    ended: int = 0
    pieces: int = 0
    note: Note | None = None


class PlayState(StrEnum):
    """``stopped``: at the beginning, at the end, or not at all."""

    PLAYING = "playing"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Playing:
    """A take is heard: where it is, and how long it is. ``note``: why it is not heard."""

    session: UUID
    state: PlayState
    ms: int = 0
    of_ms: int = 0
    note: Note | None = None


HistoryValue = HistoryList | HistoryRows | HistoryTold | HistoryModels | TakeDetails | Rerunning | Playing
