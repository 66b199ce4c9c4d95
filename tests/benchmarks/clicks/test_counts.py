"""Do the twenty tasks in the real windows: ``docs/clicks.md`` states their counts."""

import pytest
from PySide6.QtWidgets import QApplication

from app.ui.shell.pages import Pages
from benchmarks.clicks.__main__ import DOCUMENT
from benchmarks.clicks.counts import ALL, NotDoneError, Stated, clicks, stated, table
from benchmarks.clicks.mouse import Mouse
from benchmarks.clicks.steps import STEPS
from benchmarks.clicks.tasks import TASKS, Task

TABLE = stated(DOCUMENT.read_text("utf-8"))


@pytest.mark.parametrize("task", TASKS, ids=[task.name for task in TASKS])
def test_task_needs_the_clicks_that_the_document_states(task: Task, qapp: QApplication) -> None:
    assert clicks(task, STEPS[task.name], qapp) == TABLE[task.says].now


def test_document_states_twenty_tasks_and_their_sums() -> None:
    every = [TABLE[task.says] for task in TASKS]
    assert len(TASKS) == 20 and TABLE.keys() == {*(task.says for task in TASKS), ALL}
    assert TABLE[ALL].before == sum(row.before for row in every)
    assert len({row.after is None for row in TABLE.values()}) == 1, "after: all of the counts, or none"
    assert TABLE[ALL].now == sum(row.now for row in every)


def test_task_counts_only_when_its_clicks_did_it(qapp: QApplication) -> None:
    def opens_settings(pages: Pages, mouse: Mouse) -> None:
        mouse.click(pages.shell.entries["settings"])

    done = Task("done", "Nothing", lambda app: True)
    never = Task("never", "Too much", lambda app: False)
    with pytest.raises(NotDoneError, match="before the first click"):
        clicks(done, opens_settings, qapp)
    with pytest.raises(NotDoneError, match="not done after 1 clicks"):
        clicks(never, opens_settings, qapp, patience_ms=1)


def test_table_is_read_with_and_without_counts_of_after() -> None:
    text = "# Title\n\n| task | before | after |\n|---|---|---|\n| Copy | 3 | — |\n| Paste | 2 | 1 |\n"
    assert stated(text) == {"Copy": Stated(3, None), "Paste": Stated(2, 1)}
    assert [row.now for row in stated(text).values()] == [3, 1]


def test_printed_table_has_every_task_and_the_sums() -> None:
    before = {task.says: Stated(3, None) for task in TASKS}
    printed = stated(table(before, dict.fromkeys((task.name for task in TASKS), 2)))
    assert printed.pop(ALL) == Stated(3 * len(TASKS), 2 * len(TASKS))
    assert printed == {task.says: Stated(3, 2) for task in TASKS}
