"""Queue of takes to recognise again: one at a time, with a bounded number waiting.

Everything here belongs to one loop, and returns at once.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from app.core.errors import AppError, Note
from app.core.problem_notes import note_of, unexpected
from app.history.rerecognition import Told
from app.history.view import Rerunning, RerunOptions, RerunState
from app.journal.events import Reran
from client.errors import GatewayError, SessionLost
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Closing, Tasks

log = loggers.APP_HISTORY_AGAIN

MOST_WAITING: Final = 8

Rerun = Callable[[UUID, RerunOptions, Told], Awaitable[Reran]]
"""Signature of ``app.history.history.History.rerun``."""


class RerecognitionQueue(Closing):
    """Queue of takes to recognise again.

    ``tell`` receives the states, ``came`` the results.
    """

    def __init__(
        self, rerun: Rerun, tell: Callable[[Rerunning], None], came: Callable[[UUID, Reran], None]
    ) -> None:
        self._rerun, self._tell, self._came = rerun, tell, came
        self._tasks = Tasks("again")
        self._waiting: OrderedDict[UUID, RerunOptions] = OrderedDict()
        self._running: tuple[UUID, asyncio.Task[None]] | None = None
        self._stood: dict[UUID, Rerunning] = {}

    async def close(self) -> None:
        """Cancel all work, which withdraws unrecognised pieces from the gateway."""
        self._waiting.clear()
        await self._tasks.close()

    def ask(self, session: UUID, options: RerunOptions) -> None:
        """Queue a take, unless it is queued or running already."""
        if session in self._stood:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._tell(Rerunning(session, RerunState.FAILED, note=Note("again-full")))
            return
        self._waiting[session] = options
        self._show(Rerunning(session, RerunState.WAITING))
        self._next()

    def stop(self, session: UUID) -> None:
        """Stop or dequeue a take; repeated calls are harmless."""
        if self._running is not None and self._running[0] == session:
            self._running[1].cancel()
        elif self._waiting.pop(session, None) is not None:
            self._over(Rerunning(session, RerunState.STOPPED))

    def _next(self) -> None:
        if self._running is None and self._waiting:
            session, options = self._waiting.popitem(last=False)
            task = self._tasks.start(self._one(session, options), "rerun")
            self._running = session, task
            task.add_done_callback(lambda _: self._ended(session))

    async def _one(self, session: UUID, options: RerunOptions) -> None:
        self._show(Rerunning(session, RerunState.RUNNING))

        def told(ended: int, pieces: int) -> None:
            self._show(Rerunning(session, RerunState.RUNNING, ended, pieces))

        try:
            run = await self._rerun(session, options, told)
        except (AppError, GatewayError) as error:
            log.info(LogEvent.TAKE_RERECOGNITION_FAILED, session=str(session), reason=str(error))
            self._over(Rerunning(session, RerunState.FAILED, note=_note(error)))
        except Exception as error:
            self._over(Rerunning(session, RerunState.FAILED, note=unexpected(error)))
            raise
        else:
            self._came(session, run)
            self._over(Rerunning(session, RerunState.DONE))

    def _ended(self, session: UUID) -> None:
        """Start the next take after a run, even after one stopped before its first step."""
        self._running = None
        if session in self._stood:
            self._over(Rerunning(session, RerunState.STOPPED))
        self._next()

    def _show(self, stands: Rerunning) -> None:
        self._stood[stands.session] = stands
        self._tell(stands)

    def _over(self, stands: Rerunning) -> None:
        self._stood.pop(stands.session, None)
        self._tell(stands)


def _note(error: AppError | GatewayError) -> Note:
    return Note("again-silent") if isinstance(error, SessionLost) else note_of(error)
