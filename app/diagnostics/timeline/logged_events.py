"""Events of a session, read from log lines. Pure.

``runtime.logs`` writes the lines. Each event records which computer's clock its time is from: clocks of two
computers are never compared directly.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from app.diagnostics.report.log_lines import seconds_of

_PROCESS: Final = re.compile(r"-\d+-[0-9a-f]{8}$")
_EVENT: Final = re.compile(r"[a-z]+(\.[a-z_]+)+")
_decoder: Final = msgspec.json.Decoder(dict[str, Any])


@dataclass(frozen=True, eq=False, slots=True)
class LoggedEvent:
    """Event of a log line.

    ``at_ms``: since 1970, on the clock of ``computer``, the number of a folder of logs.
    """

    at_ms: float
    computer: int
    event: str
    who: str
    fields: Mapping[str, Any]

    @property
    def named(self) -> bool:
        """True if the event is a name.

        Lines of libraries and of older versions contain prose, which is not read.
        """
        return bool(_EVENT.fullmatch(self.event))

    @property
    def session(self) -> str:
        """Session of the line; empty for lines of the whole process."""
        return self.text("session")

    @property
    def segment(self) -> int | None:
        """Segment of the line, if any."""
        found = self.fields.get("segment")
        return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None

    def text(self, name: str) -> str:
        """Return a text field; empty if missing."""
        found = self.fields.get(name)
        return found if isinstance(found, str) else ""

    def ms(self, name: str) -> float | None:
        """Return a number field; ``None`` if missing."""
        found = self.fields.get(name)
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def logged_event(raw: bytes, computer: int) -> LoggedEvent | None:
    """Return the event of a line; ``None`` if it is not one of ours."""
    try:
        fields = _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    at_s, logger = seconds_of(fields.get("timestamp")), fields.get("logger")
    if at_s is None or logger is None:
        return None
    return LoggedEvent(at_s * 1000, computer, str(fields.get("event", "")), _who(str(logger), fields), fields)


def host_of(worker: str) -> str:
    """Return the computer's name within a worker's name."""
    return _PROCESS.sub("", worker)


def _who(logger: str, fields: Mapping[str, Any]) -> str:
    package = logger.partition(".")[0]
    if package == "worker":
        return f"worker {host_of(str(fields.get('worker', '')))}".strip()
    return "gateway" if package == "backend" else "app"
