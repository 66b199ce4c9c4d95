"""Move entries from the broker into the history: take a batch, record it, then delete it in the broker.

No other part of the gateway waits for this. While the database is away, the entries stay in the broker. While the
broker is away, the feeder waits for it.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from backend.core.errors import BrokerError, HistoryBusy, HistoryRefused, HistoryUnavailable
from backend.history.history_thread import AsyncHistory
from backend.history.inbox import Inbox, InboxBacklog, InboxEntry
from backend.history.records import FeedEntry
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import loop_time

log = loggers.BACKEND_HISTORY_FEEDER


if TYPE_CHECKING:
    from backend.history.store import Store


BATCH: Final = 500
RECORD_S: Final = 60.0
_IDLE_S: Final = 0.25
_RETRY_S: Final = (0.25, 0.5, 1.0, 2.0, 5.0)
_LOOK_S: Final = 2.0
_HALVE_AFTER: Final = 3

Also = Callable[[Sequence[FeedEntry]], None]
"""A callback in the store's thread with the new entries of each recorded batch. Must not raise."""


class Feeder:
    """The loop that records the broker's entries in the history.

    ``backlog`` is the result of the last check. ``recorded``, ``refused`` and ``left_out`` count since this
    feeder started.
    """

    def __init__(
        self,
        inbox: Inbox,
        history: AsyncHistory,
        also: Also,
        look_s: float = _LOOK_S,
        retry_s: Sequence[float] = _RETRY_S,
    ) -> None:
        self._inbox = inbox
        self._history = history
        self._also = also
        self._look_s = look_s
        self._retry_s = retry_s
        self._failures = 0
        self._left_out_before: int | None = None
        self._is_losing = False
        self.backlog = InboxBacklog()
        self.recorded = 0
        self.refused = 0

    @property
    def left_out(self) -> int:
        """Number of entries that the broker dropped for lack of room since the first check."""
        return self.backlog.left_out - (self._left_out_before or 0)

    async def run(self) -> None:
        """Feed the history until cancelled."""
        while True:
            try:
                await self._feed()
            except Exception:
                log.exception(LogEvent.HISTORY_FEED_FAILED)
                await asyncio.sleep(self._retry_s[-1])

    async def watch(self) -> None:
        """Check periodically how many entries wait, independently of the feeding, until cancelled."""
        while True:
            try:
                self._warn_of_dropped(await self._inbox.backlog())
                await self._inbox.forget_others()
            except BrokerError:
                pass  # ``_feed`` logs it
            except Exception:
                log.exception(LogEvent.HISTORY_BACKLOG_UNKNOWN)
            await asyncio.sleep(self._look_s)

    def _warn_of_dropped(self, backlog: InboxBacklog) -> None:
        """Warn when the broker drops entries for lack of room: once, until the backlog is worked off."""
        known, self.backlog = self.backlog, backlog
        if self._left_out_before is None or backlog.left_out < known.left_out:  # first check, or counter reset
            self._left_out_before = backlog.left_out
        elif backlog.left_out > known.left_out and not self._is_losing:
            self._is_losing = True
            log.warning(LogEvent.HISTORY_BACKLOG_TRIMMED, **backlog._asdict())
        elif backlog.waiting < BATCH:
            self._is_losing = False

    async def _feed(self) -> None:
        looked = float("-inf")
        while True:
            letters: list[InboxEntry] = []
            try:
                if loop_time() - looked >= self._look_s:  # letters left by other gateways are older than new ones
                    looked = loop_time()
                    letters = await self._inbox.take_over(BATCH)
                letters = letters or await self._inbox.take(BATCH)
            except BrokerError as error:
                await self._pause(LogEvent.HISTORY_FEED_UNREAD, error)
                continue
            self._failures = 0
            if letters:
                await self._deliver(letters)
            if len(letters) < BATCH:
                await asyncio.sleep(_IDLE_S)

    async def _deliver(self, letters: Sequence[InboxEntry]) -> None:
        """Record and settle these letters. If interrupted, the broker delivers them again."""
        await self._record([letter.entry for letter in letters if letter.entry is not None])
        while True:
            try:
                await self._inbox.settle(letters)
                return
            except BrokerError as error:
                await self._pause(LogEvent.HISTORY_FEED_UNSETTLED, error)

    async def _record(self, entries: Sequence[FeedEntry]) -> None:
        """Record entries, in halves if the database refuses an entry or takes too long.

        A refused entry is left out alone; all others are recorded.
        """
        if not entries:
            return
        try:
            if await self._keep(entries):
                return
        except HistoryRefused as error:
            if len(entries) == 1:
                self.refused += 1
                (one,) = entries
                session, segment = one.session, one.segment
                log.error(LogEvent.HISTORY_SEGMENT_REFUSED, session=session, segment=segment, reason=str(error))
                return
        middle = len(entries) // 2
        await self._record(entries[:middle])
        await self._record(entries[middle:])

    async def _keep(self, entries: Sequence[FeedEntry]) -> bool:
        """Wait until the database has recorded the entries.

        Return False if the database is up but fails repeatedly with these entries. Raises ``HistoryRefused``.
        """
        failed = 0
        while failed < _HALVE_AFTER or len(entries) == 1:
            was_up = self._history.up
            try:
                await self._history.ask(lambda store: self._write(store, entries), RECORD_S)
                self._failures = 0
                return True
            except (HistoryUnavailable, HistoryBusy) as error:  # the keeper logs it once
                failed += was_up and isinstance(error, HistoryUnavailable)
                await self._wait()
        return False

    def _write(self, store: "Store", entries: Sequence[FeedEntry]) -> None:
        """Record the entries. Runs in the store's thread."""
        self._also(store.record(entries))
        self.recorded += len(entries)

    async def _pause(self, event: LogEvent, error: Exception) -> None:
        if not self._failures:
            log.warning(event, reason=str(error))
        await self._wait()

    async def _wait(self) -> None:
        """Wait longer after each failure in a row."""
        await asyncio.sleep(self._retry_s[min(self._failures, len(self._retry_s) - 1)])
        self._failures += 1
