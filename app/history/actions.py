"""Actions of a user in the history window.

``serial``: number of a search; newer searches have higher ones.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from app.core.format import Format
from app.history.view import RerunOptions

MOST_WAITING: Final = 8
"""Most pages of rows that may be outstanding; older requests are dropped."""


@dataclass(frozen=True)
class SearchHistory:
    """List the takes that match the query; an empty query matches all.

    The answer is ``HistoryList``.
    """

    query: str
    serial: int


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
    """Replace the text of a take; an empty text restores the recognised one."""

    session: UUID
    text: str


@dataclass(frozen=True)
class DeleteTakes:
    """Delete these takes permanently.

    The user has already confirmed it.
    """

    sessions: tuple[UUID, ...]


@dataclass(frozen=True)
class ExportTakes:
    """Write takes into the folder ``place``; ``overwrite`` replaces existing files."""

    sessions: tuple[UUID, ...]
    form: Format
    place: Path
    overwrite: bool = False


@dataclass(frozen=True)
class LookAtTake:
    """Follow all details of a take, now and whenever it changes; ``None`` ends that.

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
    """Continue playing from ``ms``, if this take is playing."""

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
    | ExportTakes
    | LookAtTake
    | ModelsWanted
    | RecogniseAgain
    | StopRecognising
    | PlayAction
)
