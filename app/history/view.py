"""What a person sees of the history, as values. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from app.history.index import Row
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
    problem: str = ""
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


HistoryValue = HistoryList | HistoryRows | HistoryTold
