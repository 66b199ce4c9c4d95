"""Print lists as tables for people and as JSON for programs, and end commands that fail."""

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

from app.core.errors import AppError
from runtime.command_line import exit_on
from runtime.terminal import printable, say

_GAP: Final = "  "
_INDENT: Final = "    "
_ELLIPSIS: Final = "…"

exit_on_error = partial(exit_on, AppError)
"""Context that ends the command on an ``AppError`` or an error of the given types."""


def print_json(content: Any) -> None:
    """Print one JSON document."""
    say(json.dumps(content, ensure_ascii=False, indent=2))


def print_table(rows: Sequence[Sequence[str]], *, cut: bool = False) -> None:
    """Print rows of equal length in aligned columns.

    If the terminal is too narrow, the last column moves to lines of its own, or each line is ``cut``.
    """
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    for line in table_lines(rows, width, cut=cut):
        say(line)


def table_lines(rows: Sequence[Sequence[str]], width: int = sys.maxsize, *, cut: bool = False) -> Iterable[str]:
    """Yield the lines that ``print_table`` prints. Wide characters take two cells of ``width``."""
    from rich.cells import cell_len, set_cell_size  # late: programs that read JSON need no rich

    clean = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*clean, strict=True)]
    aligned = [[set_cell_size(cell, size) for cell, size in zip(row, widths, strict=True)] for row in clean]
    fits = sum(widths) + len(_GAP) * (len(widths) - 1) <= width
    for row in aligned:
        line = _GAP.join(row).rstrip()
        if fits or (cut and cell_len(line) <= width):
            yield line
        elif cut:
            yield set_cell_size(line, width - 1).rstrip() + _ELLIPSIS
        else:
            yield _GAP.join(row[:-1]).rstrip()
            yield f"{_INDENT}{row[-1]}".rstrip()
