"""Search of the recordings on this computer, and their texts. Nothing is written.

The index is in memory, so that a deleted text is in no second file. It follows the journals before each search.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from app.core.errors import UsageMistake
from app.core.format import Format
from app.dictation.view import state_of
from app.history.index import Index, IndexRow
from app.history.indexed_takes import IndexUpdater
from app.history.search_terms import excerpt
from app.journal.library import Library
from app.journal.take import TRANSCRIBED
from runtime.tasks import Closing

T = TypeVar("T")

MOST_FOUND: Final = 100
_LARGEST_KEY: Final = str(2**63 - 1)


@dataclass(frozen=True)
class FoundRecording:
    """A recording in a list. ``started``: local time. ``program``: what received its text."""

    id: str
    started: str
    seconds: float
    state: str
    language: str
    program: str
    excerpt: str


@dataclass(frozen=True)
class FoundRecordings:
    """Recordings, newest first. ``older``: where a search for older ones goes on; empty: there are none."""

    recordings: list[FoundRecording]
    older: str = ""


@dataclass(frozen=True)
class RecordingText:
    """The text of a recording. ``complete``: no speech waits for its text, and none failed."""

    id: str
    started: str
    seconds: float
    state: str
    complete: bool
    text: str


class RecordingReader(Closing):
    """Recordings of this user, read in a thread of their own. Methods raise ``AppError``."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mcp/recordings")
        self._opened: Index | None = None

    async def close(self) -> None:
        """End all work. Safe to call twice."""
        await self._in_thread(self._close)
        self._thread.shutdown(wait=False)

    async def search(self, query: str, limit: int, older: str = "") -> FoundRecordings:
        """Return the newest recordings whose text has every word of the query; an empty query: all of them."""
        return await self._in_thread(partial(self._search, query, limit, older))

    async def text(self, name: str, form: Format) -> RecordingText:
        """Return the text of the recording whose id begins with ``name``."""
        return await self._in_thread(partial(self._text, name, form))

    async def count(self) -> int:
        """Count the recordings on this computer."""
        return len(await self._in_thread(self._library.newest_sessions))

    def _search(self, query: str, limit: int, older: str) -> FoundRecordings:
        if older and not (older.isdecimal() and (len(older), older) <= (len(_LARGEST_KEY), _LARGEST_KEY)):
            raise UsageMistake(f"{older!r} is not the `older` of an answer: leave it out to begin with the newest")
        if not 1 <= limit <= MOST_FOUND:
            raise UsageMistake(f"limit may be 1 to {MOST_FOUND}")
        rows = self._index().page(limit + 1, int(older) if older else None, query)
        shown = rows[:limit]
        return FoundRecordings(
            [_found_recording(row, query) for row in shown], str(shown[-1].key) if rows[limit:] else ""
        )

    def _text(self, name: str, form: Format) -> RecordingText:
        found = self._library.find(self._library.session_named(name))
        return RecordingText(
            str(found.session),
            _local(found.take.started_s),
            round(found.seconds, 1),
            state_of(found.state, cancelled=found.take.cancelled),
            found.state in TRANSCRIBED,
            found.render(form).strip(),
        )

    def _index(self) -> Index:
        index = self._opened = self._opened or Index(None)
        for _ in IndexUpdater(self._library, index).refresh():
            pass
        return index

    def _close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _found_recording(row: IndexRow, query: str) -> FoundRecording:
    state = state_of(row.state, cancelled=row.cancelled)
    began, text = _local(row.started_s), excerpt(row.text, query).text
    return FoundRecording(str(row.session), began, round(row.seconds, 1), state, row.language, row.program, text)


def _local(started_s: float) -> str:
    return datetime.fromtimestamp(started_s).astimezone().isoformat(timespec="seconds")
