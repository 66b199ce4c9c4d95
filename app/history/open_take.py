"""Publisher of the details of the take that the window shows, whenever they change."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self
from uuid import UUID

from app.history.actions import LookAtTake
from app.history.details import details
from app.history.view import TakeDetails
from app.journal.errors import JournalError
from app.journal.events import Reran
from app.journal.library import TakeSnapshot
from runtime.tasks import Tasks


class TakeDetailsPublisher:
    """Publisher of take details.

    Everything here belongs to one loop and returns at once. Never repeats equal values.
    """

    def __init__(
        self, find: Callable[[UUID], Awaitable[TakeSnapshot]], tell: Callable[[TakeDetails], None]
    ) -> None:
        self._find, self._tell = find, tell
        self._tasks = Tasks("looking")
        self._wake = asyncio.Event()
        self._session: UUID | None = None
        self._run: Reran | int | None = None
        self._told: TakeDetails | None = None

    async def __aenter__(self) -> Self:
        self._tasks.start(self._work(), "details")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._tasks.close()

    def look(self, action: LookAtTake) -> None:
        """Follow this take from now on."""
        self._session, self._run, self._told = action.session, action.run, None
        self._wake.set()

    def came(self, session: UUID, run: Reran) -> None:
        """Show a new recognition of the followed take."""
        if session == self._session:
            self._run = run
            self._wake.set()

    def changed(self) -> None:
        """Publish the details again if they have changed."""
        if self._session is not None:
            self._wake.set()

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if (session := self._session) is None:
                continue
            try:
                made = await asyncio.to_thread(details, await self._find(session), self._run)
            except JournalError:  # the take is gone; the list will show that
                continue
            if session == self._session and made != self._told:
                self._told = made
                self._tell(made)
