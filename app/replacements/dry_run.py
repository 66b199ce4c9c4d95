"""Trial of rules on the takes of the history in the background, without changing them.

Only the newest request counts. A thread reads takes in small groups, so that a newer request waits for one group
at most.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Final
from uuid import UUID

from app.journal.errors import JournalError
from app.journal.library import Library
from app.journal.take_files import Unreadable, read_events
from app.replacements.tally import ChangeTally
from app.replacements.view import MOST_TAKES, ReplacementsTried, TryReplacements
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Closing, Tasks

log = loggers.APP_REPLACING_DRY_RUN

_TELL_S: Final = 0.2
_SLICE: Final = 100


class DryRun(Closing):
    """Trial of rules; an async context manager of one loop.

    ``post`` gets the progress and then the final result.
    """

    def __init__(self, library: Library, post: Callable[[ReplacementsTried], None]) -> None:
        self._library, self._post = library, post
        self._tasks = Tasks("dry run")
        self._thread = ThreadPoolExecutor(1, "dry-run")
        self._running: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """End all work. Safe to call twice."""
        await self._tasks.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def ask(self, action: TryReplacements) -> None:
        """Start a trial and cancel the previous one; returns at once.

        A request without rules only cancels.
        """
        if self._running is not None:
            self._running.cancel()
            self._running = None
        if action.rules:
            self._running = self._tasks.start(self._try(action), "try")
        else:
            self._post(ReplacementsTried(action.serial, 0, 0))

    async def _try(self, action: TryReplacements) -> None:
        aside, clock = asyncio.get_running_loop().run_in_executor, asyncio.get_running_loop().time
        try:
            tally = await aside(self._thread, ChangeTally, action.rules)
            takes = (await aside(self._thread, self._library.newest))[:MOST_TAKES]
            told = clock()
            for start in range(0, len(takes), _SLICE):
                await aside(self._thread, partial(self._read, tally, takes[start : start + _SLICE]))
                if clock() - told >= _TELL_S:
                    told = clock()
                    self._post(tally.tried(action.serial, min(start + _SLICE, len(takes)), len(takes)))
            self._post(tally.tried(action.serial, len(takes), len(takes)))
        except (OSError, JournalError) as error:
            log.warning(LogEvent.REPLACEMENTS_TRIAL_FAILED, reason=str(error))
            self._post(ReplacementsTried(action.serial, 0, 0))

    def _read(self, tally: ChangeTally, sessions: Sequence[UUID]) -> None:
        """Read the takes that still exist."""
        for session in sessions:
            with suppress(Unreadable):
                tally.add(session, read_events(self._library.root / str(session)))
