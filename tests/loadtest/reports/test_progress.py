"""Progress display while a scenario runs."""

import io

from rich.console import Console

from client.connection import Address, fixed_locator
from loadtest.measurement.processes import GATEWAY, ProcessUsage
from loadtest.measurement.tally import RefusalCount, Tally
from loadtest.reports.progress import progress, table
from loadtest.reports.run import Run, RunEvent
from tests.loadtest.measurement.test_tally import ended


def run() -> Run:
    """Return a run in progress."""
    one = Run("chaos", {"events": [{}, {}]}, fixed_locator(Address("http://127.0.0.1:9")))
    one.marks = [RunEvent(1.0, 2.0, "pause worker 1")]
    one.tally = Tally(
        sessions=5, finished=1, segments=4, right=1, wrong=1, samples=16_000, ended=[ended(0.0, 42.0)]
    )
    one.tally.refused["503 busy"] = RefusalCount(3)
    one.counts = lambda: {"messages": 12_345.0}
    one.usages = [ProcessUsage(0.0, {GATEWAY: 12.4}, {})]
    return one


def shown(terminal: bool) -> str:
    """Return what is written to the console."""
    written = io.StringIO()
    with progress(Console(file=written, force_terminal=terminal, width=100)) as show:
        show(run())
    return written.getvalue()


def test_progress_table_shows_current_figures() -> None:
    written = io.StringIO()
    Console(file=written, width=100).print(table(run()))
    for expected in (
        "4 of 5 open",
        "1 right of 4, 2 open, 1 wrong",
        "p50 42 ms",
        "3 x 503 busy",
        "12,345",
        "12 %",
        "1 of 2, last: pause worker 1",
    ):
        assert expected in written.getvalue(), expected


def test_progress_is_written_only_to_a_terminal() -> None:
    assert "42 ms" in shown(terminal=True)
    assert shown(terminal=False) == ""
