"""The history of a gateway while it runs: the database, and what feeds it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from msgspec import Struct

from backend.errors import BrokerError
from backend.history.feeder import Feeder
from backend.history.inbox import Administer, Inbox
from backend.history.journal import Journal
from backend.history.keeper import History, open_history
from backend.history.records import Entry
from backend.history.settings import HistorySettings
from runtime.tasks import Tasks


class HistoryState(Struct, frozen=True):
    """``up``: the database can be used. ``waiting``: entries that are still in the broker; ``left_out``: that went
    there for want of room, ever; ``recorded`` and ``refused``: since this gateway began.
    """

    up: bool
    waiting: int = 0
    left_out: int = 0
    recorded: int = 0
    refused: int = 0


class Keeping:
    """Made by ``kept_history``. ``history`` is what can be asked."""

    def __init__(self, history: History, feeder: Feeder) -> None:
        self.history = history
        self._feeder = feeder

    def state(self) -> HistoryState:
        """How it is at this moment."""
        waiting, left_out = self._feeder.backlog
        counted = self._feeder.recorded, self._feeder.refused
        return HistoryState(self.history.up, waiting, left_out, *counted)


@asynccontextmanager
async def kept_history(
    settings: HistorySettings, administer: Administer, gateway: str, embedded: bool
) -> AsyncIterator[Keeping | None]:
    """The history, if one is kept; it is there, or soon will be, whatever becomes of its database.

    ``embedded``: the broker is this gateway's own; what it holds for a history that is off is deleted.
    """
    inbox = Inbox(administer, gateway)
    if not settings.url:
        if embedded:
            with suppress(BrokerError):
                await inbox.drop()
        yield None
        return
    write = Journal(settings.journal).write if settings.journal else _nothing
    async with open_history(settings.url, settings.limits) as history, Tasks("history") as tasks:
        feeder = Feeder(inbox, history, write)
        tasks.start(feeder.run(), "feeder")
        tasks.start(feeder.watch(), "backlog")
        yield Keeping(history, feeder)


def _nothing(entries: Sequence[Entry]) -> None:
    """No journal is kept."""
