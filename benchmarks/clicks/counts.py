"""Clicks of the tasks in the present windows, and those that ``docs/clicks.md`` states."""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final
from unittest.mock import patch

from PySide6.QtWidgets import QApplication

from app.ui.widgets.dialogs import Dialogs
from benchmarks.clicks.example_app import example_app, example_home, example_theme
from benchmarks.clicks.mouse import Mouse
from benchmarks.clicks.steps import STEPS, Steps
from benchmarks.clicks.tasks import FILE, TASKS, Task

PATIENCE_MS: Final = 10_000
ALL: Final = "**all**"
"""Name of the row with the sums."""
_NONE: Final = "—"
_ROW: Final = re.compile(r"^\| (.+?) \| (\d+) \| (\d+|—) \|$", re.MULTILINE)


class NotDoneError(Exception):
    """Task that is not done after its steps, or done before them."""


def counts(application: QApplication) -> dict[str, int]:
    """Return the clicks that each task needs, by its name."""
    return {task.name: clicks(task, STEPS[task.name], application) for task in TASKS}


def clicks(task: Task, steps: Steps, application: QApplication, patience_ms: int = PATIENCE_MS) -> int:
    """Do a task, starting with the main window just opened, and return its clicks.

    Raises ``OutOfReachError`` for a click that a person could not do, ``NotDoneError`` if the task is not done.
    """
    with ExitStack() as stack:
        home = stack.enter_context(example_home())
        theme = stack.enter_context(example_theme(application))
        app = stack.enter_context(example_app(application, theme))
        mouse = Mouse(app.settle)
        files, folder = lambda *_: [mouse.answers(str(home / FILE))], lambda *_: mouse.answers(str(home))
        stack.enter_context(patch.object(Dialogs, "files", files))
        stack.enter_context(patch.object(Dialogs, "folder", folder))
        application.clipboard().clear()
        if task.done(app):
            raise NotDoneError(f"{task.name}: done before the first click")
        steps(app.windows.pages, mouse)
        if not app.comes(task.done, patience_ms):
            raise NotDoneError(f"{task.name}: not done after {mouse.clicks} clicks")
        return mouse.clicks


@dataclass(frozen=True)
class Stated:
    """Clicks of one task; ``after`` is ``None`` until the redesign is done."""

    before: int
    after: int | None

    @property
    def now(self) -> int:
        """Clicks that the present windows should need."""
        return self.before if self.after is None else self.after


def stated(text: str) -> dict[str, Stated]:
    """Return the counts in a document's table, by the name of the task."""
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
