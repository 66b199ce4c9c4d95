"""Print lists for people, as tables, and for programs, as JSON."""

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

from runtime.terminal import printable, say

_GAP: Final = "  "
_ELLIPSIS: Final = "…"


def print_json(content: Any) -> None:
    """Print one JSON document."""
    say(json.dumps(content, ensure_ascii=False, indent=2))


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of equal length in aligned columns; on a terminal, long lines are cut at its width."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in table_lines(rows, width):
        say(line)


def table_lines(rows: Sequence[Sequence[str]], width: int | None = None) -> Iterable[str]:
    """Yield the lines of a table. Wide characters count twice; ``width``: cells that a line may take."""
    from rich.cells import cell_len, set_cell_size  # late: programs that read JSON need no rich

    clean = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*clean, strict=True)]
    for row in clean:
        cells = (set_cell_size(cell, size) for cell, size in zip(row, widths, strict=True))
        line = _GAP.join(cells).rstrip()
        fits = width is None or cell_len(line) <= width
        yield line if fits or width is None else set_cell_size(line, width - 1).rstrip() + _ELLIPSIS
