"""Read and print the table of clicks."""

from benchmarks.clicks.document import ALL, Stated, stated, table
from benchmarks.clicks.tasks import TASKS


def test_table_is_read_with_and_without_counts_of_after() -> None:
    text = "# Title\n\n| task | before | after |\n|---|---|---|\n| Copy | 3 | — |\n| Paste | 2 | 1 |\n"
    assert stated(text) == {"Copy": Stated(3, None), "Paste": Stated(2, 1)}
    assert [row.now for row in stated(text).values()] == [3, 1]


def test_printed_table_has_every_task_and_the_sums() -> None:
    before = {task.says: Stated(3, None) for task in TASKS}
    printed = stated(table(before, dict.fromkeys((task.name for task in TASKS), 2)))
    assert printed.pop(ALL) == Stated(3 * len(TASKS), 2 * len(TASKS))
    assert printed == {task.says: Stated(3, 2) for task in TASKS}
