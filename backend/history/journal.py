"""``asr_history.jsonl``: one line for each text, for ``jq`` and whoever else reads lines. Used from one thread.

A convenience beside the history: what cannot be written is said once and left out.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from backend.history.records import Entry
from protocol.audio import samples_to_seconds
from protocol.job import Result
from runtime.folders import private_folder

log = structlog.get_logger(__name__)

_MOST_BYTES: Final = 20_000_000
_OLD: Final = 5


class Journal:
    """``most_bytes``: then it becomes ``asr_history.jsonl.1``, of which there are five; all of mode 0600."""

    def __init__(self, place: Path, most_bytes: int = _MOST_BYTES) -> None:
        self._place = place
        self._most_bytes = most_bytes
        self._works = True

    def write(self, entries: Iterable[Entry]) -> None:
        """A line for each text among them."""
        lines = [_line(entry, entry.outcome) for entry in entries if isinstance(entry.outcome, Result)]
        if not lines:
            return
        try:
            self._append(b"".join(lines))
            self._works = True
        except OSError as error:
            if self._works:
                log.warning("the file of recognised texts cannot be written", reason=str(error))
            self._works = False

    def _append(self, lines: bytes) -> None:
        private_folder(self._place.parent)
        if self._place.exists() and self._place.stat().st_size + len(lines) > self._most_bytes:
            self._rotate()
        with open(self._place, "ab", opener=_private) as file:
            file.write(lines)

    def _rotate(self) -> None:
        places = [self._place, *(self._place.with_name(f"{self._place.name}.{n}") for n in range(1, _OLD + 1))]
        for older, newer in zip(reversed(places[1:]), reversed(places[:-1]), strict=True):
            if newer.exists():
                newer.replace(older)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _line(entry: Entry, result: Result) -> bytes:
    line: dict[str, Any] = {
        "at": datetime.fromtimestamp(entry.at_ms / 1000, UTC).isoformat(timespec="milliseconds"),
        "session": entry.session,
        "segment": entry.segment,
        "text": result.text,
        "language": result.language,
        "seconds": round(samples_to_seconds(entry.samples), 3),
        "queue_ms": result.queue_ms,
        "decode_ms": result.decode_ms,
        "model": result.model,
        "worker": result.worker,
        "device": entry.about.device,
        "tenant": entry.about.tenant,
        "words": result.words,
    }
    return msgspec.json.encode(line) + b"\n"
