"""Views of the history, as values. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from app.core.errors import Note
from app.history.difference import TextPiece
from app.history.index import IndexRow
from app.history.word_times import TimedRange


class HistoryNote(StrEnum):
    """Keys of the messages about actions."""

    EXPORTED = "exported"
    EXIST = "exist"
    NOT_DONE = "not-done"


@dataclass(frozen=True)
class HistoryList:
    """Takes that the search ``serial`` found, by their keys, newest first.

    ``days``: local days with their numbers of takes. ``version``: changes when rows may have changed. ``done`` of
    ``total``: takes being read. ``problem``: why the list may be incomplete.
    """

    serial: int = 0
    query: str = ""
    keys: Sequence[int] = ()
    problem: Note | None = None
    done: int = 0
    total: int = 0
    version: int = 0
    days: tuple[tuple[date, int], ...] = ()

    @property
    def count(self) -> int:
        """Number of takes found."""
        return len(self.keys)


@dataclass(frozen=True)
class HistoryRows:
    """Rows from position ``start`` on; ``None`` for a row that is gone."""

    serial: int
    start: int
    rows: tuple[IndexRow | None, ...]


@dataclass(frozen=True)
class HistoryMessage:
    """Message about the outcome of an action."""

    note: Note


@dataclass(frozen=True)
class RerunOptions:
    """Options for recognising a take again.

    ``model``: empty for any. ``vad``: use the take's segments; otherwise all of its audio.
    """

    model: str = ""
    vad: bool = True


@dataclass(frozen=True)
class HistoryModels:
    """Models that workers have loaded.

    ``note``: why none is known.
    """

    names: tuple[str, ...] = ()
    note: Note | None = None


@dataclass(frozen=True)
class Rerun:
    """Repeated recognition of a take.

    ``missing``: number of pieces without a text.
    """

    started_s: float
    model: str
    vad: bool
    missing: int = 0


@dataclass(frozen=True)
class Comparison:
    """Comparison of the take's text with that of ``run``.

    ``words``: number of different words.
    """

    run: int
    text: str
    pieces: tuple[TextPiece, ...]
    words: int


@dataclass(frozen=True)
class TakeDetails:
    """All details of one take.

    ``spoken``: times of the parts of ``text``. ``runs``: oldest first.
    """

    session: UUID
    text: str = ""
    of_ms: int = 0
    spoken: tuple[TimedRange, ...] = ()
    runs: tuple[Rerun, ...] = ()
    compared: Comparison | None = None


class RerunState(StrEnum):
    """State of a repeated recognition."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class RerunView:
    """Progress of a repeated recognition: ended and total pieces.

    ``note``: why it failed.
    """

    session: UUID
    state: RerunState
    ended: int = 0
    pieces: int = 0
    note: Note | None = None


class PlayState(StrEnum):
    """State of playback.

    ``STOPPED``: at the beginning, at the end, or never started.
    """

    PLAYING = "playing"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True)
class PlaybackView:
    """Playback of a take: its position and length.

    ``note``: why it failed.
    """

    session: UUID
    state: PlayState
    ms: int = 0
    of_ms: int = 0
    note: Note | None = None


HistoryValue = HistoryList | HistoryRows | HistoryMessage | HistoryModels | TakeDetails | RerunView | PlaybackView
