"""From the broker into the history: a batch is taken, recorded, and only then deleted in the broker.

Nothing waits for it. While the database is away the entries wait in the broker; while the broker is away there is
nothing to take.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import structlog

from backend.errors import BrokerError, HistoryBusy, HistoryRefused, HistoryUnavailable
from backend.history.inbox import Backlog, Inbox, Letter
from backend.history.keeper import History
from backend.history.records import Entry

if TYPE_CHECKING:
    from backend.history.store import Store

log = structlog.get_logger(__name__)

BATCH: Final = 500
RECORD_S: Final = 60.0
_IDLE_S: Final = 0.25
_RETRY_S: Final = (0.25, 0.5, 1.0, 2.0, 5.0)
_LOOK_S: Final = 2.0

Also = Callable[[Sequence[Entry]], None]
"""What else is done with the news of a batch once it is recorded, in the store's thread. Must not raise."""


class Feeder:
    """``backlog`` is what the last look said; ``recorded`` counts entries since this process began."""

    def __init__(self, inbox: Inbox, history: History, also: Also) -> None:
        self._inbox = inbox
        self._history = history
        self._also = also
        self._failures = 0
        self.backlog = Backlog()
        self.recorded = 0
        self.refused = 0

    async def run(self) -> None:
        """Feed until cancelled."""
        looked = float("-inf")
        loop = asyncio.get_running_loop()
        while True:
            try:
                letters = await self._inbox.take(BATCH)
                if not letters and loop.time() - looked >= _LOOK_S:
                    looked = loop.time()
                    letters = await self._look()
            except BrokerError as error:
                await self._pause("the broker does not give what the history is to hold", error)
                continue
            self._failures = 0
            if letters:
                await self._deliver(letters)
            if len(letters) < BATCH:
                await asyncio.sleep(_IDLE_S)

    async def _look(self) -> list[Letter]:
        """Now and then: what others have left behind, and how much waits."""
        letters = await self._inbox.take_over(BATCH)
        self.backlog = await self._inbox.backlog()
        await self._inbox.forget_others()
        return letters

    async def _deliver(self, letters: Sequence[Letter]) -> None:
        """Until they are recorded and settled; whatever ends this before, they are given out again."""
        await self._record([letter.entry for letter in letters if letter.entry is not None])
        while True:
            try:
                await self._inbox.settle(letters)
                return
            except BrokerError as error:
                await self._pause("the broker does not take what the history has", error)

    async def _record(self, entries: Sequence[Entry]) -> None:
        """One by one where the database refuses one of them: that one alone is left out."""
        if not entries:
            return
        try:
            await self._keep(entries)
        except HistoryRefused as error:
            if len(entries) > 1:
                middle = len(entries) // 2
                await self._record(entries[:middle])
                await self._record(entries[middle:])
                return
            self.refused += 1
            about = {"session": entries[0].session, "segment": entries[0].segment}
            log.error("the history does not take a segment", **about, reason=str(error))

    async def _keep(self, entries: Sequence[Entry]) -> None:
        """Wait until the database has them. Raises ``HistoryRefused``."""
        while True:
            try:
                await self._history.ask(lambda store: self._write(store, entries), RECORD_S)
                self._failures = 0
                return
            except (HistoryUnavailable, HistoryBusy):  # the keeper says so, once
                await asyncio.sleep(_RETRY_S[min(self._failures, len(_RETRY_S) - 1)])
                self._failures += 1

    def _write(self, store: "Store", entries: Sequence[Entry]) -> None:
        """In the store's thread."""
        self._also(store.record(entries))
        self.recorded += len(entries)

    async def _pause(self, what: str, error: Exception) -> None:
        if not self._failures:
            log.warning(what, reason=str(error))
        await asyncio.sleep(_RETRY_S[min(self._failures, len(_RETRY_S) - 1)])
        self._failures += 1
