"""Define the user's actions on the history, and the views of it that windows display. Pure.

``serial``: number of a search; newer searches have higher ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID

from app.core.difference import TextPiece
from app.core.errors import Note
from app.core.format import Format
from app.core.word_times import TimedRange
from app.history.index import IndexRow


@dataclass(frozen=True)
class HistoryList:
    """Takes that the search ``serial`` found, by their keys, newest first.

    ``days``: local days with their numbers of takes. ``version``: changes when rows may have changed. ``done`` of
    ``total``: progress of reading takes. ``problem``: why the list may be incomplete.
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
    """Rows from position ``start`` on; ``None`` for a take that is gone."""

    serial: int
    start: int
    rows: tuple[IndexRow | None, ...]


@dataclass(frozen=True)
class HistoryMessage:
    """Message about the progress or the outcome of an action."""

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
    """Models that workers have loaded; ``note``: why they are unknown."""

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
    """Comparison of the take's text with the ``text`` of ``run``, the index of a repeated recognition.

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


@dataclass(frozen=True)
class EditStored:
    """Outcome of ``EditTake``: the edited text, stored in ``revision``, which may also have added texts."""

    session: UUID
    text: str
    revision: int


HistoryValue = (
    HistoryList
    | HistoryRows
    | HistoryMessage
    | HistoryModels
    | TakeDetails
    | RerunView
    | PlaybackView
    | EditStored
)


MOST_WAITING: Final = 8
"""Most requests for rows that may be outstanding; older ones are dropped."""


@dataclass(frozen=True)
class SearchHistory:
    """List the takes that match the query; an empty query matches all.

    The answer is ``HistoryList``. ``unfinished``: only those that failed, are damaged, or have text to paste.
    """

    query: str
    serial: int
    unfinished: bool = False


@dataclass(frozen=True)
class RowsWanted:
    """Request rows of this search's list by position.

    The answer is ``HistoryRows``.
    """

    serial: int
    start: int
    count: int


@dataclass(frozen=True)
class EditTake:
    """Replace the text of a take; an empty text restores the recognised one.

    ``seen``: the revision that the user edited; texts that came later are added. ``None``: nothing is added.

    The answer is ``EditStored``.
    """

    session: UUID
    text: str
    seen: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class DeleteTakes:
    """Delete these takes unless ``RestoreTakes`` follows within ``UNDO_S``; the user has confirmed it.

    ``keys``: their keys, which the list hides at once.
    """

    sessions: tuple[UUID, ...]
    keys: frozenset[int] = field(default=frozenset(), compare=False)


UNDO_S: Final = 10.0


@dataclass(frozen=True)
class RestoreTakes:
    """Undo the last deletion of takes."""


@dataclass(frozen=True)
class ExportTakes:
    """Write takes into the folder ``place``; ``overwrite`` replaces existing files."""

    sessions: tuple[UUID, ...]
    form: Format
    place: Path
    overwrite: bool = False


@dataclass(frozen=True)
class StopExporting:
    """Cancel the exports that have not begun to write files."""


@dataclass(frozen=True)
class FollowTake:
    """Request the details of a take now and after each change; ``None`` ends this.

    The answer is ``TakeDetails``.

    ``run``: index of the repeated recognition to compare with; ``None``: the last.
    """

    session: UUID | None
    run: int | None = None


@dataclass(frozen=True)
class ModelsWanted:
    """Request the models that can recognise a take now.

    The answer is ``HistoryModels``.
    """


@dataclass(frozen=True)
class RecogniseAgain:
    """Recognise a take again for comparison, without changing it.

    ``RerunView`` reports the progress, ``TakeDetails`` the result.
    """

    session: UUID
    options: RerunOptions


@dataclass(frozen=True)
class StopRecognising:
    """Stop recognising this take again."""

    session: UUID


@dataclass(frozen=True)
class PlayTake:
    """Play a take from ``ms`` on.

    ``PlaybackView`` reports the position.
    """

    session: UUID
    ms: int = 0


@dataclass(frozen=True)
class SeekTake:
    """Jump to ``ms`` if this take is playing."""

    session: UUID
    ms: int


@dataclass(frozen=True)
class PausePlaying:
    """Pause playing; ``PlaybackView`` reports the position."""


@dataclass(frozen=True)
class StopPlaying:
    """Stop playing and return to the beginning."""


PlayAction = PlayTake | SeekTake | PausePlaying | StopPlaying
HistoryAction = (
    SearchHistory
    | RowsWanted
    | EditTake
    | DeleteTakes
    | RestoreTakes
    | ExportTakes
    | StopExporting
    | FollowTake
    | ModelsWanted
    | RecogniseAgain
    | StopRecognising
    | PlayAction
)
