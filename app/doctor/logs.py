"""What went wrong lately, as the logs say: how often, where, and what the last line is about. Blocks.

Of a line only its event is told, which is a text of this program; of one by a library only which that is.
"""

from collections import Counter
from pathlib import Path
from typing import Final

from app.doctor.finding import Area, Finding, advice, ok
from app.help.log_lines import LogFilter, LogLine, as_object
from app.help.log_reading import LogReading
from app.help.own_code import PACKAGES

DAY_S: Final = 86_400.0
_LONGEST: Final = 120
_ERRORS: Final = LogFilter(level="error")


def logs(folder: Path, now_s: float) -> list[Finding]:
    """Of the last day."""
    reading = LogReading(folder)
    reading.read()
    lines = [line for line in reading.lines if line.level and _ERRORS.lets_through(line)]
    recent = [line for line in lines if now_s - line.at_s <= DAY_S]
    if not recent:
        return [ok(Area.LOG, "log-quiet", folder=str(folder))]
    programs = ", ".join(
        f"{name} {count}" for name, count in Counter(line.program for line in recent).most_common()
    )
    return [
        advice(
            Area.LOG,
            "log-errors",
            count=len(recent),
            programs=programs,
            event=event_of(recent[-1]),
            folder=str(folder),
        )
    ]


def event_of(line: LogLine) -> str:
    """What it is about."""
    logger = str((as_object(line.raw) or {}).get("logger", ""))
    package = logger.partition(".")[0]
    return line.event[:_LONGEST] if package in PACKAGES else package[:_LONGEST] or "?"
