"""Counts that ``docs/clicks.md`` states, before and after the redesign of the windows. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.clicks.tasks import TASKS

ALL: Final = "**all**"
"""Name of the row with the sums."""
_NONE: Final = "—"
_ROW: Final = re.compile(r"^\| (.+?) \| (\d+) \| (\d+|—) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Stated:
    """Clicks of one task; ``after`` is ``None`` until the redesign is done."""

    before: int
    after: int | None

    @property
    def now(self) -> int:
        """Clicks that the windows as they are should need."""
        return self.before if self.after is None else self.after


def stated(text: str) -> dict[str, Stated]:
    """Return what the table in a document states, by the task as a user says it."""
    rows = _ROW.findall(text)
    return {says: Stated(int(before), None if after == _NONE else int(after)) for says, before, after in rows}


def table(before: Mapping[str, Stated], now: Mapping[str, int]) -> str:
    """Return a table of the tasks and their sums.

    ``before``: what the document states. ``now``: the clicks by the names of the tasks.
    """
    rows = [(task.says, before[task.says].before, now[task.name]) for task in TASKS]
    rows.append((ALL, sum(row[1] for row in rows), sum(row[2] for row in rows)))
    lines = [f"| {says} | {first} | {second} |" for says, first, second in rows]
    return "\n".join(("| task | before | now |", "|---|---|---|", *lines))
