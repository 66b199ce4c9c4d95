"""Rows for tests of the history."""

from uuid import UUID

from app.history.index import IndexedTake, IndexRow
from app.journal.library import TakeStamp
from app.journal.take import TakeState

KNOWN = IndexedTake(TakeStamp(1, 2), True)


def row(number: int, text: str = "text", started_s: float | None = None, **values: object) -> IndexRow:
    """Return the row of a take that started in second ``number`` and says ``text``."""
    fields = {"seconds": 1.0, "size": 100, "state": TakeState.DONE, **values}
    started_s = float(number) if started_s is None else started_s
    return IndexRow(UUID(int=number), started_s, text=text, **fields)  # type: ignore[arg-type]  # passed by name
