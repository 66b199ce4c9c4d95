"""Run a gateway's history: the database and the loop that feeds it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Final, Protocol

from msgspec import Struct

from backend.core.errors import BrokerError, HistoryError
from backend.history.feeder import RECORD_S, Feeder
from backend.history.history_thread import AsyncHistory, open_history
from backend.history.inbox import Inbox
from backend.history.journal import TextJournal
from backend.history.records import FeedEntry
from backend.history.settings import HistorySettings
from protocol.job import Keys
from runtime.clocks import WallClock
from runtime.tasks import Tasks

_DROP_S: Final = 60.0
_CLEAN_S: Final = 60.0
_PAUSE_S: Final = 0.05


class HistoryState(Struct, frozen=True):
    """The state of the history.

    ``up``: the database is available. ``waiting``: entries that are still in the broker. ``left_out``: entries
    that the broker ever dropped for lack of room. ``left_out_since_start``, ``recorded`` and ``refused`` count
    since this gateway started.
    """

    up: bool
    waiting: int = 0
    left_out: int = 0
    left_out_since_start: int = 0
    recorded: int = 0
    refused: int = 0


class HistoryShard(Protocol):
    """Shard of the broker, as far as the history uses it."""

    keys: Keys

    async def administer(self, *command: str | bytes) -> Any:
        """Run a command. Raises ``BrokerError``."""
        ...


class RunningHistory:
    """A running history with a feeder for each shard. Made by ``run_history``. Use ``history`` for queries."""

    def __init__(self, history: AsyncHistory, feeders: Sequence[Feeder]) -> None:
        self.history = history
        self._feeders = feeders

    def state(self) -> HistoryState:
        """Return the current state of the history."""
        counted = ((*one.backlog, one.left_out, one.recorded, one.refused) for one in self._feeders)
        return HistoryState(self.history.up, *map(sum, zip(*counted, strict=True)))


@asynccontextmanager
async def run_history(
    settings: HistorySettings,
    shards: Sequence[HistoryShard],
    gateway: str,
    owns: Callable[[], bool],
    drop_s: float = _DROP_S,
    clock: WallClock | None = None,
) -> AsyncIterator[RunningHistory | None]:
    """Run the history if the settings ask for one; an unreachable database is retried.

    ``owns``: whether the broker belongs to this gateway at this moment. If so and the history is off, delete the
    broker's history entries repeatedly: sessions that began while the history was on still report their ends.
    ``clock`` decides whether ages can be trusted.
    """
    inboxes = [Inbox(shard.administer, gateway, keys=shard.keys) for shard in shards]
    if not settings.url:
        await _drop(inboxes, owns)
        async with Tasks("history") as tasks:
            tasks.keep(partial(_keep_empty, inboxes, owns, drop_s), "drop")
            yield None
        return
    journal = TextJournal(settings.journal, settings.limits.days) if settings.journal else None
    clock = clock or settings.clock()
    async with open_history(settings.url, settings.limits, clock=clock) as history, Tasks("history") as tasks:
        feeders = [Feeder(inbox, history, journal.write if journal else _nothing) for inbox in inboxes]
        for feeder in feeders:
            tasks.start(feeder.run(), "feeder")
            tasks.start(feeder.watch(), "backlog")
        if journal:
            tasks.keep(partial(_clean, journal, history), "journal")
        yield RunningHistory(history, feeders)


async def _drop(inboxes: Sequence[Inbox], owns: Callable[[], bool]) -> None:
    for inbox in inboxes if owns() else ():
        with suppress(BrokerError):
            await inbox.drop()


async def _keep_empty(inboxes: Sequence[Inbox], owns: Callable[[], bool], drop_s: float) -> None:
    while True:
        await asyncio.sleep(drop_s)
        await _drop(inboxes, owns)


async def _clean(journal: TextJournal, history: AsyncHistory) -> None:
    """Clean the journal once a minute, in small steps, until cancelled. Uses the history's trusted clock."""
    while True:
        more, now = False, history.now()
        with suppress(HistoryError):
            more = await history.ask(partial(journal.clean, now_s=now[0], aged=now[1]), RECORD_S)
        await asyncio.sleep(_PAUSE_S if more else _CLEAN_S)


def _nothing(entries: Sequence[FeedEntry]) -> None:
    """Ignore the entries, because no journal is kept."""
