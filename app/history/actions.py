"""What a person may ask of the history's window. ``serial``: of a search, a higher one for each newer search."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from app.formats import Format
from app.history.view import Wish

MOST_WAITING: Final = 8
"""Pages of rows that are asked for and not there yet: older ones are not wanted any more."""


@dataclass(frozen=True)
class SearchHistory:
    """List what has all that the query names; without one, everything. It comes as ``HistoryList``."""

    query: str
    serial: int


@dataclass(frozen=True)
class RowsWanted:
    """These places of the list of this search are to be seen. They come as ``HistoryRows``."""

    serial: int
    start: int
    count: int


@dataclass(frozen=True)
class EditTake:
    """What it is to say from now on; empty for what was recognised."""

    session: UUID
    text: str


@dataclass(frozen=True)
class DeleteTakes:
    """For good. Whoever asks has asked twice."""

    sessions: tuple[UUID, ...]


@dataclass(frozen=True)
class ExportTakes:
    """Write them into the folder ``place``; what is there already only with ``overwrite``."""

    sessions: tuple[UUID, ...]
    form: Format
    place: Path
    overwrite: bool = False


@dataclass(frozen=True)
class LookAtTake:
    """All of this take is to be seen, now and whenever it changes; ``None``: of none. It comes as ``TakeDetails``.

    ``run``: which of the times that it was recognised once more is compared; ``None``: the last.
    """

    session: UUID | None
    run: int | None = None


@dataclass(frozen=True)
class ModelsWanted:
    """With which models can a take be recognised now? They come as ``HistoryModels``."""


@dataclass(frozen=True)
class RecogniseAgain:
    """For comparison: the take stays as it is. ``Rerunning`` tells how far it is, ``TakeDetails`` what came."""

    session: UUID
    wish: Wish


@dataclass(frozen=True)
class StopRecognising:
    """This take is not to be recognised once more after all."""

    session: UUID


@dataclass(frozen=True)
class PlayTake:
    """Let it be heard from ``ms`` on. ``Playing`` tells where it is."""

    session: UUID
    ms: int = 0


@dataclass(frozen=True)
class SeekTake:
    """While it is heard: go on from ``ms``."""

    session: UUID
    ms: int


@dataclass(frozen=True)
class PausePlaying:
    """Silence; ``Playing`` tells where it was."""


@dataclass(frozen=True)
class StopPlaying:
    """Nobody listens any more."""


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
