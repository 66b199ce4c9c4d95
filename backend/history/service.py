"""Run a gateway's history: the database and the loop that feeds it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

from msgspec import Struct

from backend.core.errors import BrokerError, HistoryError
from backend.history.feeder import RECORD_S, Feeder
from backend.history.history_thread import AsyncHistory, open_history
from backend.history.inbox import Administer, Inbox
from backend.history.journal import TextJournal
from backend.history.records import FeedEntry
from backend.history.settings import HistorySettings
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


class RunningHistory:
    """A running history with its feeder. Made by ``kept_history``. Use ``history`` for queries."""

    def __init__(self, history: AsyncHistory, feeder: Feeder) -> None:
        self.history = history
        self._feeder = feeder

    def state(self) -> HistoryState:
        """Return the current state of the history."""
        waiting, left_out = self._feeder.backlog
        counted = self._feeder.left_out, self._feeder.recorded, self._feeder.refused
        return HistoryState(self.history.up, waiting, left_out, *counted)


@asynccontextmanager
async def kept_history(
    settings: HistorySettings,
    administer: Administer,
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
    inbox = Inbox(administer, gateway)
    if not settings.url:
        await _drop(inbox, owns)
        async with Tasks("history") as tasks:
            tasks.start(_keep_empty(inbox, owns, drop_s), "drop")
            yield None
        return
    journal = TextJournal(settings.journal, settings.limits.days) if settings.journal else None
    async with open_history(settings.url, settings.limits, clock=clock) as history, Tasks("history") as tasks:
        feeder = Feeder(inbox, history, journal.write if journal else _nothing)
        tasks.start(feeder.run(), "feeder")
        if journal:
            tasks.start(_clean(journal, history), "journal")
        tasks.start(feeder.watch(), "backlog")
        yield RunningHistory(history, feeder)


async def _drop(inbox: Inbox, owns: Callable[[], bool]) -> None:
    if owns():
        with suppress(BrokerError):
            await inbox.drop()


async def _keep_empty(inbox: Inbox, owns: Callable[[], bool], drop_s: float) -> None:
    while True:
        await asyncio.sleep(drop_s)
        await _drop(inbox, owns)


async def _clean(journal: TextJournal, history: AsyncHistory) -> None:
    """Clean the journal once a minute, in small steps, until cancelled. Uses the history's trusted clock."""
    while True:
        more, now = False, history.now()
        with suppress(HistoryError):
            more = await history.ask(partial(journal.clean, now_s=now[0], aged=now[1]), RECORD_S)
        await asyncio.sleep(_PAUSE_S if more else _CLEAN_S)


def _nothing(entries: Sequence[FeedEntry]) -> None:
    """Ignore the entries, because no journal is kept."""
