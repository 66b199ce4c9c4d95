"""What a person may ask of the history's window. ``serial``: of a search, a higher one for each newer search."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from app.formats import Format

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


HistoryAction = SearchHistory | RowsWanted | EditTake | DeleteTakes | ExportTakes
