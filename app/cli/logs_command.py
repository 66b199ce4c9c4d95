"""Implement ``kikipounamu logs``: print the timeline of a session, from the logs of all programs involved."""

import os
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from app.cli.completion import complete_take
from app.cli.output import exit_on_error, print_json
from runtime.command_line import AsJson
from runtime.terminal import printable

if TYPE_CHECKING:
    from rich.table import Table

    from app.diagnostics.timeline.session_timeline import SegmentRow, SessionTimeline

_TABLE_WIDTH: Final = 100
_MOST_NAMED: Final = 20
_TIMES: Final = frozenset({"began", "ended"})  # seconds since the beginning; the rest is in ms
_COLUMNS: Final = (
    ("spoken", "began"),
    ("ended", "ended"),
    ("uploaded", "uploaded"),
    ("queued", "queued"),
    ("decoded", "decoded"),
    ("delivered", "delivered"),
    ("typed", "typed"),
    ("whole", "whole"),
    ("unexplained", "unexplained"),
)
_FOLDER: Final = typer.Option(
    "--folder",
    metavar="DIR",
    exists=True,
    file_okay=False,
    readable=True,
    resolve_path=True,
    help="Folder with logs of another computer; repeatable.",
)


def logs(
    session: Annotated[
        str,
        typer.Option(
            "--session",
            metavar="ID",
            autocompletion=complete_take,
            help="Id of a recording, its beginning, or `last`.",
        ),
    ] = "last",
    segment: Annotated[
        int | None, typer.Option("--segment", min=0, max=10_000_000, metavar="N", help="Show only this segment.")
    ] = None,
    folder: Annotated[list[Path] | None, _FOLDER] = None,
    as_json: AsJson = False,
) -> None:
    """Show where the time between speech and text went.

    The logs of this computer are always read. Other computers have logs of their own.
    """
    from app.diagnostics.timeline.log_search import SessionNotFound, find, oldest_line
    from app.diagnostics.timeline.session_timeline import timeline_of
    from runtime.folders import folders

    own = Path(os.path.realpath(folders().logs))  # Path.resolve raises RuntimeError for a loop of links
    places = list(dict.fromkeys((own, *(folder or []))))  # without duplicates
    with exit_on_error():
        found = find(session, places)
        if not any(line.session for line in found.lines):
            oldest = oldest_line(places)
            since = f"they reach back to {_day(oldest.at_ms / 1000)}" if oldest else "they are empty"
            raise SessionNotFound(f"the logs have nothing of session {found.session}: {since}")
        timeline = timeline_of(found.session, found.lines, [str(place) for place in places])
        if segment is not None:
            timeline = _limited_to_segment(segment, timeline)
    if as_json:
        print_json(_as_json(timeline, found.left_out))
    else:
        _print(timeline, found.left_out)


def _limited_to_segment(segment: int, timeline: "SessionTimeline") -> "SessionTimeline":
    """Return the timeline without rows and entries of other segments. Raises ``SessionNotFound``."""
    from app.diagnostics.timeline.log_search import SessionNotFound

    rows = tuple(row for row in timeline.rows if row.segment == segment)
    if not rows:
        known = ", ".join(str(row.segment) for row in timeline.rows[:_MOST_NAMED]) or "none"
        more = ", …" if len(timeline.rows) > _MOST_NAMED else ""
        raise SessionNotFound(f"session {timeline.session} has no segment {segment}; it has: {known}{more}")
    entries = tuple(one for one in timeline.entries if one.segment in (segment, None))
    return replace(timeline, entries=entries, rows=rows)


def _print(timeline: "SessionTimeline", left_out: int) -> None:
    from app.core.console import Console

    console = Console(soft_wrap=True)
    narrow = console.is_terminal and console.width < _TABLE_WIDTH
    if not narrow:
        console.width = max(console.width, _TABLE_WIDTH)
    console.print(f"session {timeline.session}, {_day(timeline.began_s)}")
    widest = max((len(one.who) for one in timeline.entries), default=0)
    for one in timeline.entries:
        console.print(f"{one.at_ms / 1000:9.3f}  {one.who:{widest}}  {one.what}")
    if narrow:
        for row in timeline.rows:
            console.print(row_text(row), soft_wrap=False)
    else:
        console.print(_table(timeline.rows))
    whole = f"from the end of speech to its text: {timeline.whole_ms:.0f} ms in all"
    console.print(f"{whole}; unexplained: {timeline.unexplained_ms:.0f} ms")
    for note in timeline.notes:
        console.print(f"note: {note}")
    if left_out:
        console.print(f"{left_out} older lines of this session are left out")


def _table(rows: Iterable["SegmentRow"]) -> "Table":
    from rich import box
    from rich.table import Table

    legend = "spoken, ended: s since the beginning; the rest: ms"
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), caption=legend, caption_justify="left")
    table.add_column("segment", justify="right")
    for title, _ in _COLUMNS:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("outcome")
    for row in rows:
        cells = [_figure(getattr(row, name), name in _TIMES) for _, name in _COLUMNS]
        table.add_row(str(row.segment), *cells, printable(row.outcome))
    return table


def row_text(row: "SegmentRow") -> str:
    """Return a segment's row as a sentence, for a terminal that is too narrow for the table."""
    figures = [(title, getattr(row, name), name in _TIMES) for title, name in _COLUMNS]
    parts = [
        f"{title} {_figure(ms, timed)} {'s' if timed else 'ms'}" for title, ms, timed in figures if ms is not None
    ]
    return f"segment {row.segment}: {', '.join(parts)}; {printable(row.outcome)}"


def _figure(ms: float | None, as_time: bool) -> str:
    if ms is None:
        return "-"
    return f"{ms / 1000:.3f}" if as_time else f"{ms:.0f}"


def _as_json(timeline: "SessionTimeline", left_out: int) -> dict[str, object]:
    return {
        "session": timeline.session,
        "began": datetime.fromtimestamp(timeline.began_s, UTC).isoformat(timespec="milliseconds"),
        "entries": [asdict(one) for one in timeline.entries],
        "segments": [asdict(row) for row in timeline.rows],
        "whole_ms": round(timeline.whole_ms),
        "unexplained_ms": round(timeline.unexplained_ms),
        "left_out": left_out,
        "notes": list(timeline.notes),
    }


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds")
