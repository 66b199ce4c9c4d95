"""Run this computer's gateway and worker while speech is recognised here.

When a remote gateway is chosen, takes that began before are finished here first. Takes that are unfinished after
ten minutes continue there, in the same session.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from app.core.errors import AppError, Note, StackFailed
from app.local_services.local_worker import LocalWorker
from app.local_services.stack import Stack
from app.local_services.worker_view import NOT_NEEDED
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks, holds_within, within

log = loggers.APP_OWN_GATEWAY

AGAIN_S: Final = 5.0
FINISH_S: Final = 600.0


class OwnGateway:
    """Runner of this computer's gateway.

    ``stack`` makes a gateway that runs while entered. ``finished`` waits until takes begun so far are over.
    ``report`` receives the error that keeps the gateway from running, or ``None``.
    """

    def __init__(
        self,
        stack: Callable[[], AbstractAsyncContextManager[Stack]],
        worker: LocalWorker,
        finished: Callable[[], Awaitable[None]],
        report: Callable[[AppError | None], None],
        finish_s: float = FINISH_S,
    ) -> None:
        self._stack, self._worker, self._finished, self._report = stack, worker, finished, report
        self._finish_s = finish_s
        self._here: bool | None = None  # nothing is chosen yet
        self._restarts = False
        self._news = asyncio.Event()
        self._worker_on = False
        self._rest_reason: Note | None = None
        self._serving = False
        self._tasks = Tasks("own gateway")

    def choose(self, *, here: bool, worker: bool) -> None:
        """Set whether speech is recognised on this computer, and whether its worker is switched on."""
        self._here, self._worker_on = here, worker
        self._news.set()
        self._tasks.start(self._switch(), "switch")

    def rest(self, why: Note | None) -> None:
        """Set the reason for the worker to rest, or ``None`` to let it work."""
        self._rest_reason = why
        self._tasks.start(self._switch(), "switch")

    def restart(self) -> None:
        """Restart the gateway with new settings.

        Sessions continue in the new gateway.
        """
        self._restarts = True
        self._news.set()

    async def keep(self) -> None:
        """Run the gateway as requested until cancelled.

        Then the gateway ends, but not the worker.
        """
        async with self._tasks:
            while True:
                if self._here is False:
                    await self._serve(serving=False)
                    self._report(None)
                await holds_within(lambda: bool(self._here), self._news)
                self._restarts = False
                await self._serve(serving=True)
                try:
                    async with self._stack() as stack:
                        self._report(None)
                        await stack.unless_broken(self._until_unneeded())
                        if not self._restarts:  # otherwise the worker waits for the next gateway
                            # The worker stops first: it would search for its broker.
                            await self._serve(serving=False)
                except (StackFailed, OSError) as error:  # such as temporary shortage of processes or files
                    log.error(LogEvent.GATEWAY_START_FAILED, reason=str(error))
                    self._report(error if isinstance(error, StackFailed) else StackFailed(str(error)))
                    await asyncio.sleep(AGAIN_S)

    async def _until_unneeded(self) -> None:
        while True:
            await holds_within(lambda: self._restarts or not self._here, self._news)
            if self._restarts:
                return
            async with within(self._finish_s):
                await self._finished()
            if not self._here:
                return

    async def _serve(self, *, serving: bool) -> None:
        self._serving = serving
        await self._switch()

    async def _switch(self) -> None:
        """Switch the worker, with a reason if it is off.

        No reason is shown if the user switched it off. "Not needed" precedes any rest.
        """
        why = self._rest_reason if self._serving else NOT_NEEDED
        on = self._worker_on and why is None
        await self._worker.switch(on=on, why=why if self._worker_on else None)
