"""Whether a gateway keeps a history, where, and how much of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.errors import SettingsError
from backend.history.records import Limits

FILE: Final = "history.sqlite"
JOURNAL: Final = "asr_history.jsonl"
_OFF: Final = ("", "off")
_URLS: Final = ("sqlite:///", "postgresql://", "postgresql+psycopg://")


@dataclass(frozen=True)
class HistorySettings:
    """``url`` empty: none is kept. ``journal``: where each text is a line, too; ``None``: nowhere."""

    url: str = ""
    limits: Limits = Limits()
    journal: Path | None = None


def history_settings(said: str | None, limits: Limits, lines: bool, data: Path) -> HistorySettings:
    """``said``: ``off``, ``on`` or the URL of a database; ``lines``: a journal too. Raises ``SettingsError``."""
    wanted = (said or "").strip()
    if wanted in _OFF:
        if lines:
            raise SettingsError('history_jsonl needs a history: history = "on"')
        return HistorySettings()
    if wanted != "on" and not wanted.startswith(_URLS):
        raise SettingsError("history is off, on, or the URL of a database: postgresql://… or sqlite:///FILE")
    url = f"sqlite:///{data / FILE}" if wanted == "on" else wanted
    return HistorySettings(url, limits, data / JOURNAL if lines else None)
