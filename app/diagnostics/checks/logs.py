"""Check of the logs for errors of the last day: how many per program, and the latest one. Blocks.

For this program's lines it reports only the event, which is a fixed text; for a library's lines, only the
library's name.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.diagnostics.checks.finding import Finding, Topic, advice, ok
from app.diagnostics.report.log_lines import LogFilter, LogLine, as_object, parse
from app.diagnostics.report.redaction import PACKAGES
from app.diagnostics.timeline.log_search import found_in, logs_of, pieces, refusal_of

DAY_S: Final = 86_400.0
_READS_S: Final = 10.0
_LONGEST: Final = 120
_ERRORS: Final = LogFilter(level="error")
_MARKS: Final = (b'"error"', b'"critical"', b'"exception"', b'"fatal"')


@dataclass
class _Errors:
    """Count of errors by program.

    Errors before ``since_s`` do not count.
    """

    since_s: float
    programs: Counter[str] = field(default_factory=Counter)
    last: LogLine | None = None

    def take_in(self, raw: bytes, program: str) -> None:
        line = parse(raw.decode(errors="replace"), program, 0.0)
        if line.at_s < self.since_s or not (line.level and _ERRORS.lets_through(line)):
            return
        self.programs[program] += 1
        if self.last is None or line.at_s >= self.last.at_s:
            self.last = line


def logs(
    folder: Path, now_s: float, reads_s: float = _READS_S, clock: Callable[[], float] = time.monotonic
) -> list[Finding]:
    """Return the errors of the last day, or of as much of it as ``reads_s`` allows, newest files first."""
    if refused := refusal_of(folder):
        return [advice(Topic.LOG, "log-refused", folder=str(folder), reason=str(refused.strerror))]
    errors, late_s = _Errors(now_s - DAY_S), clock() + reads_s
    unread_s = _read_files(_changed_since(folder, errors.since_s), errors, lambda: clock() >= late_s)
    since = "" if unread_s is None else time.strftime("%H:%M", time.localtime(unread_s))
    if errors.last is None and since:
        return [ok(Topic.LOG, "log-quiet-since", since=since, folder=str(folder))]
    if errors.last is None:
        return [ok(Topic.LOG, "log-quiet", folder=str(folder))]
    programs = ", ".join(f"{name} {count}" for name, count in errors.programs.most_common())
    count, event = errors.programs.total(), event_of(errors.last)
    found = advice(Topic.LOG, "log-errors", count=count, programs=programs, event=event, folder=str(folder))
    return [found, ok(Topic.LOG, "log-unread", since=since)] if since else [found]


def event_of(line: LogLine) -> str:
    """Return the line's event, or for a library its name."""
    logger = str((as_object(line.raw) or {}).get("logger", ""))
    package = logger.partition(".")[0]
    return line.event[:_LONGEST] if package in PACKAGES else package[:_LONGEST] or "?"


def _changed_since(folder: Path, since_s: float) -> list[tuple[float, Path]]:
    """Return the log files changed since then with their change times, newest first."""
    found: list[tuple[float, Path]] = []
    for path in logs_of(folder):
        with suppress(OSError):  # the file is being rotated
            found.append((path.stat().st_mtime, path))
    return sorted((one for one in found if one[0] >= since_s), reverse=True)


def _read_files(files: Iterable[tuple[float, Path]], errors: _Errors, late: Callable[[], bool]) -> float | None:
    """Read files until ``late``; then return the change time of the file that was not read completely."""
    for changed_s, path in files:
        program = path.name.partition(".jsonl")[0]
        for piece in pieces(path):
            if late():
                return changed_s
            for raw in found_in(piece, _MARKS):
                errors.take_in(raw, program)
    return None
