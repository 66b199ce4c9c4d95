"""Settings of a gateway's history: its database, its limits and its journal."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.core.errors import InvalidSettings
from backend.history.records import HistoryLimits
from runtime.clocks import WallClock

FILE: Final = "history.sqlite"
JOURNAL: Final = "asr_history.jsonl"
_OFF: Final = ("", "off")
_SQLITE: Final = "sqlite:///"
_URL: Final = re.compile(rf"{_SQLITE}|postgresql(\+psycopg)?://([^@]*@)?(\[[^\]]*\]|[^:/?]*)(:\d+)?([/?]|$)")


@dataclass(frozen=True)
class HistorySettings:
    """The history's settings.

    ``url`` empty: no history. ``journal``: the file with one line per text; ``None``: no such file.
    """

    url: str = ""
    limits: HistoryLimits = HistoryLimits()
    journal: Path | None = None

    def clock(self) -> WallClock:
        """Return the clock for ages, with a memory beside SQLite's file; a PostgreSQL server has its own clock."""
        if not self.url.startswith(_SQLITE):
            return WallClock()
        file = Path(self.url.removeprefix(_SQLITE))
        return WallClock(memory=file.with_name(f"{file.name}.clock"))


def history_settings(said: str | None, limits: HistoryLimits, lines: bool, data: Path) -> HistorySettings:
    """Read the history's settings. Raises ``InvalidSettings``.

    ``said``: ``off``, ``on`` or the URL of a database. ``lines``: also write the journal.
    """
    wanted = (said or "").strip()
    if wanted in _OFF:
        if lines:
            raise InvalidSettings('history_jsonl needs a history: history = "on"')
        return HistorySettings()
    names_folder = os.path.isdir(wanted.removeprefix(_SQLITE) or ".")
    if wanted != "on" and (names_folder or not _URL.match(wanted)):
        raise InvalidSettings(
            "invalid history. Allowed: off, on, or the URL of a database: "
            "postgresql://USER:PASSWORD@HOST:PORT/NAME or sqlite:///FILE"
        )
    url = f"sqlite:///{data / FILE}" if wanted == "on" else wanted
    return HistorySettings(url, limits, data / JOURNAL if lines else None)
