"""Progress display on the terminal while a scenario runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table

from loadtest.measurement.figures import percentiles
from loadtest.measurement.processes import GATEWAY, LOAD_MAKER
from loadtest.reports.run import Run
from protocol.audio import SAMPLE_RATE

_RECENT_S: Final = 5.0
_MOST_RECENT: Final = 5_000


@contextmanager
def progress(console: Console) -> Iterator[Callable[[Run], None]]:
    """Yield a function that shows the state of a run in place; without a terminal it does nothing."""
    if not console.is_terminal:
        yield lambda run: None
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield lambda run: live.update(table(run), refresh=True)


def table(run: Run) -> Table:
    """Return the current state as a table."""
    tally, grid = run.tally, Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column()
    now = run.took_s
    recent = percentiles(e.after_stop for e in tally.ended[-_MOST_RECENT:] if e.at_s >= now - _RECENT_S)
    grid.add_row(run.scenario, f"{now:.0f} s")
    grid.add_row("sessions", f"{tally.sessions - tally.finished - tally.lost_sessions} of {tally.sessions} open")
    wrong = "".join(
        f", {count} {what}"
        for what in ("wrong", "failed", "twice", "lost_sessions")
        if (count := getattr(tally, what))
    )
    open_ = f", {tally.missing} open" if tally.missing else ""
    grid.add_row("segments", f"{tally.right} right of {tally.segments}{open_}{wrong}")
    grid.add_row("audio", f"{tally.samples / SAMPLE_RATE:,.0f} s")
    grid.add_row("final after stop", f"p50 {_ms(recent.p50)}, p95 {_ms(recent.p95)}")
    if tally.refusals:
        grid.add_row("refusals", ", ".join(f"{kind.count} x {why}" for why, kind in tally.refused.items()))
    for name, value in (run.counts() if run.counts else {}).items():
        grid.add_row(name, f"{value:,.0f}")
    if run.marks:
        grid.add_row("events", f"{len(run.marks)} of {len(run.plan['events'])}, last: {run.marks[-1].what}")
    if run.usages:
        cpu = run.usages[-1].cpu_percent
        shown = (f"{kind} {cpu[kind]:.0f} %" for kind in (GATEWAY, LOAD_MAKER) if kind in cpu)
        grid.add_row("CPU", ", ".join(shown))
    return grid


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f} ms"
