"""``report.json`` and ``report.html``: the same figures for programs and people. The page is self-contained."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

import msgspec

from loadtest.core.errors import LoadTestError
from loadtest.measurement.figures import Figures, IntervalFigures, Percentiles
from loadtest.measurement.processes import ProcessUsage
from loadtest.reports.plots import PlotSpan, Series, bars, lines
from loadtest.reports.run import Report, RunEvent, ScenarioCounts
from runtime.terminal import reason

_STYLE: Final = """
:root{color-scheme:light dark;--back:#fcfcfb;--card:#fff;--text:#1d1d1b;--dim:#66645f;--grid:#e4e2dc;
--good:#1a7f4b;--bad:#b3261e;--s0:#1f6fc4;--s1:#c2571a;--s2:#1a8a6b;--s3:#8a4fbd;--s4:#a87f00;--s5:#5f6b7a}
@media(prefers-color-scheme:dark){:root{--back:#171716;--card:#20201f;--text:#ecebe7;--dim:#a3a099;--grid:#383733;
--good:#5fcf95;--bad:#ff8a80;--s0:#6fb1f5;--s1:#f09a62;--s2:#58cfae;--s3:#c59bf0;--s4:#e0bd4c;--s5:#a5b0bd}}
body{margin:0 auto;padding:24px 16px 48px;max-width:960px;background:var(--back);color:var(--text);
font:15px/1.5 system-ui,sans-serif}
h1{font-size:24px;margin:0}h2{font-size:17px;margin:32px 0 8px}
p,code{color:var(--dim)}code{font-size:13px;overflow-wrap:anywhere}
.verdict{display:inline-block;margin:12px 0;padding:2px 10px;border-radius:6px;border:1px solid currentColor}
.good{color:var(--good)}.bad{color:var(--bad)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:4px 10px 4px 0;text-align:right;border-bottom:1px solid var(--grid);vertical-align:top}
.w{text-align:left}th{font-weight:600;color:var(--dim)}
figure{margin:0 0 16px;padding:12px;background:var(--card);border:1px solid var(--grid);border-radius:8px}
figcaption{font-weight:600}figcaption small,.key{font-weight:400;color:var(--dim)}
.key{margin-right:14px;font-size:13px}.key i{display:inline-block;width:12px;height:3px;margin:0 5px 3px 0}
svg{display:block;width:100%;height:auto}svg text{font-size:11px;fill:var(--dim)}.end{text-anchor:end}
.middle{text-anchor:middle}.grid{stroke:var(--grid);fill:none}.line{fill:none;stroke-width:1.8}
.line.s0{stroke:var(--s0)}.line.s1{stroke:var(--s1)}.line.s2{stroke:var(--s2)}.line.s3{stroke:var(--s3)}
.line.s4{stroke:var(--s4)}.line.s5{stroke:var(--s5)}.bar.s0{fill:var(--s0)}.bar.s1{fill:var(--s1)}
i.s0{background:var(--s0)}i.s1{background:var(--s1)}i.s2{background:var(--s2)}i.s3{background:var(--s3)}
i.s4{background:var(--s4)}i.s5{background:var(--s5)}
.span{fill:var(--bad);opacity:.16}
"""

_COUNTS: Final = (
    "sessions", "segments", "right", "wrong", "failed", "missing", "twice", "lost_sessions", "retried", "refusals"
)  # fmt: skip
_FUNASR: Final = (
    "aggregate_audio_per_wall",
    "first_update_ms_p50",
    "first_update_ms_p95",
    "final_after_stop_ms_p50",
    "final_after_stop_ms_p95",
    "final_after_stop_ms_p99",
    "final_after_stop_ms_most",
    "client_response_lag_ms_p95_max",
    "partial_messages",
    "final_messages",
    "errors",
)
_KEPT: Final = {True: "yes", False: "no", None: "not measured"}
_STAGES: Final = ("added_ms", "queue_ms", "decode_ms", "deliver_ms", "upload_ms", "late_ms")

STRAINED: Final = (
    "The load maker itself was too busy: these figures describe it rather than the gateway. Simulate fewer "
    "speakers, distribute them (streams: --processes), or use another computer."
)
LATE: Final = (
    "The load maker sent late, though it was not busy: other programs used this computer's processor, and these "
    "figures describe that rather than the gateway. End those programs, or use another computer."
)

Row = Sequence[object]


@contextmanager
def _translate_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LoadTestError(
            f"no report can be written to {folder}: {reason(error)}. Name another folder."
        ) from error


def prepare(folder: Path) -> None:
    """Create the folder if it is missing, and check that it is writable. Raises ``LoadTestError``."""
    with _translate_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass


def write_report(folder: Path, report: Report) -> None:
    """Write both report files. Raises ``LoadTestError``."""
    with _translate_errors(folder):
        (folder / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))
        (folder / "report.html").write_text(page(report), encoding="utf-8")


def page(report: Report) -> str:
    """Return the HTML page of a report."""
    title = escape(f"kikipounamu-loadtest {report.scenario}")
    where = f"{escape(report.started)} · {escape(report.machine)}<br><code>{escape(report.command)}</code>"
    body = f"<h1>{title}</h1>{_verdict(report)}<p>{where}</p>{_promises(report)}"
    body += _tables(report.figures)
    meanings = f"<h2>What the names mean</h2>{_table(('name', 'meaning'), report.meanings.items())}"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    return (
        f'<!doctype html><html lang="en"><head>{head}<style>{_STYLE}</style></head>'
        f"<body>{body}{_plots(report)}{_events(report.marks)}{meanings}</body></html>\n"
    )


def _verdict(report: Report) -> str:
    if not report.complete:
        return f'<p class="verdict bad">Partial: {escape(report.note or "not finished")}</p>'
    if report.passed and report.promises:
        return '<p class="verdict good">Every promise was kept</p>'
    if report.passed:
        return '<p class="verdict good">Flawless: every segment was answered once and correctly</p>'
    if broken := [promise.name for promise in report.promises if promise.kept is False]:
        return f'<p class="verdict bad">Not kept: {escape("; ".join(broken))}</p>'
    found = report.figures
    wrong = f"{found.errors} errors, {found.refusals} refusals, {found.early} attempts too early"
    return f'<p class="verdict bad">Not flawless: {wrong}</p>'


def _promises(report: Report) -> str:
    rows = [(promise.name, _KEPT[promise.kept], promise.found) for promise in report.promises]
    return f"<h2>Promises</h2>{_table(('promise', 'kept', 'found'), rows)}" if rows else ""


def doubt(found: Figures) -> str:
    """Return why these figures hardly describe the gateway, and what to do; empty if they describe it."""
    return STRAINED if found.strained else LATE if found.late else ""


def _tables(found: Figures) -> str:
    parts = (
        f'<p class="bad">{escape(why)}</p>' if (why := doubt(found)) else "",
        "<h2>Segments</h2>",
        _table(_COUNTS, [[getattr(found, name) for name in _COUNTS]]),
        "<h2>Figures</h2>",
        _table(("FunASR's name", "value"), [(name, getattr(found, name)) for name in _FUNASR]),
        "<h2>Where the time went, ms</h2>",
        _table(("", "p50", "p95", "p99", "longest"), [_percentiles(name, found) for name in _STAGES]),
        *_back(found),
        "<h2>CPU and memory under full load</h2>",
        _table(
            ("process", "CPU mean, % of a core", "most", "memory, MB"),
            [(kind, used.cpu_mean, used.cpu_most, used.memory_most_mb) for kind, used in found.used.items()],
        ),
        f"<p>The load maker took {_cell_text(found.load_maker_percent)} % of the machine, its busiest process "
        f"{_cell_text(found.load_maker_core_percent)} % of a core.</p>",
        *_count_table("Refusals: count, Retry-After from, to", _refusal_rows(found)),
        *_count_table("Connections that ended", found.disconnects.items()),
        *_count_table("Busy messages", found.busy.items()),
        *_count_table("Complaints", [(complaint,) for complaint in found.complaints]),
    )
    return "".join(parts)


def _back(found: Figures) -> Iterable[str]:
    back = found.back
    if back is None:
        return
    names = tuple(back.__struct_fields__)
    yield "<h2>After every connection was cut</h2>"
    yield _table(names, [[getattr(back, name) for name in names]])


def _refusal_rows(found: Figures) -> Iterable[Row]:
    for kind, refused in found.refused.items():
        yield kind, refused.count, refused.least_s, refused.most_s


def _percentiles(name: str, found: Figures) -> Row:
    values: Percentiles = getattr(found, name)
    return name.removesuffix("_ms"), values.p50, values.p95, values.p99, values.most


def _count_table(title: str, rows: Iterable[Row]) -> Iterable[str]:
    listed = list(rows)
    if listed:
        yield f"<h2>{escape(title)}</h2>"
        yield _table((), listed)


def _plots(report: Report) -> str:
    found = report.moments
    latency = (
        _series("final after stop, p50", found, "after_stop_p50"),
        _series("final after stop, p95", found, "after_stop_p95"),
        _series("added by the chain, p95", found, "added_p95"),
    )
    bins = [[(one.at_most_ms, one.count) for one in side] for side in (report.after_stop, report.added)]
    refusals = [_series("refusals", found, "refusals_per_s")] if report.figures.refusals else []
    spans = [PlotSpan(mark.at_s, mark.ended_s, mark.what) for mark in report.marks if not mark.outcome]
    rates = (_series("audio", found, "audio_per_s"), _series("segments", found, "finals_per_s"))
    return "".join(
        (
            "<h2>Over time</h2>",
            lines("From the end of a segment to its text", latency, "ms", spans),
            bars("How long it took", ("final after stop", "added by the chain"), bins, "segments"),
            lines("Answered", rates, "s of audio, and segments, per s", spans),
            lines("CPU", _by_kind(report.usages, "cpu_percent"), "% of one core"),
            lines("Memory", _by_kind(report.usages, "memory_mb"), "MB"),
            lines("Refused", refusals, "per s"),
            *(lines(one.name, [one], "") for one in _counts(report.counted)),
        )
    )


def _events(marks: Sequence[RunEvent]) -> str:
    if not marks:
        return ""
    counts = Counter(mark.what.rpartition(" ")[0] for mark in marks if not mark.outcome)
    missed = sum(bool(mark.outcome) for mark in marks)
    head = ("from, s", "to, s", "event", "did not take place because")
    listed = _table(head, [(mark.at_s, mark.ended_s, mark.what, mark.outcome) for mark in marks])
    return (
        f"<h2>Events</h2><p>{len(marks) - missed} took place, {missed} did not.</p>"
        f"{_table((), sorted(counts.items()))}<details><summary>Each of them</summary>{listed}</details>"
    )


def _series(name: str, found: Sequence[IntervalFigures], field: str) -> Series:
    return Series(name, [(moment.at_s, getattr(moment, field)) for moment in found])


def _by_kind(usages: Sequence[ProcessUsage], field: str) -> list[Series]:
    kinds = sorted({kind for usage in usages for kind in getattr(usage, field)})
    return [Series(kind, [(usage.at_s, getattr(usage, field).get(kind)) for usage in usages]) for kind in kinds]


def _counts(counted: Sequence[ScenarioCounts]) -> list[Series]:
    names = list(dict.fromkeys(name for counts in counted for name in counts.values))
    return [Series(name, [(counts.at_s, counts.values.get(name)) for counts in counted]) for name in names]


def _table(head: Row, rows: Iterable[Row]) -> str:
    """Return a table: columns of words are aligned left, columns of numbers right, with their headings."""
    listed = list(rows)
    words = [isinstance(cell, str) for cell in listed[0]] if listed else []
    lines = [_line("th", words, head)] if head else []
    lines += (_line("td", words, row) for row in listed)
    return f'<div class="wide"><table>{"".join(lines)}</table></div>'


def _line(tag: str, words: Sequence[bool], cells: Row) -> str:
    shown = zip(words, cells, strict=False)
    inner = (f"<{tag}{' class=w' if left else ''}>{_cell_text(cell)}</{tag}>" for left, cell in shown)
    return f"<tr>{''.join(inner)}</tr>"


def _cell_text(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, int | float):
        return f"{cell:,g}" if abs(cell) < 1e6 and cell != int(cell) else f"{cell:,.0f}"
    return escape(str(cell).replace("_", "_\u200b"))
