"""Test that outages of broker or database neither lose nor repeat entries."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from backend.core.errors import BrokerUnreachable, HistoryRefused, HistoryUnavailable
from backend.history.feeder import BATCH, Feeder
from backend.history.history_thread import AsyncHistory, open_history
from backend.history.inbox import Inbox, InboxBacklog, InboxEntry
from backend.history.records import FeedEntry, HistoryLimits
from backend.history.store import Store, open_store
from runtime.tasks import Tasks
from tests.backend.history.feed import final
from tests.helpers.logs import capture_logs
from tests.helpers.waiting import wait_until


class Stream(Inbox):
    """Fake of the broker's stream; ``troubles`` are raised instead of the next replies."""

    def __init__(self, entries: Sequence[FeedEntry | None]) -> None:
        self.new = [InboxEntry(str(number), entry) for number, entry in enumerate(entries)]
        self.taken: list[InboxEntry] = []
        self.settled: list[str] = []
        self.troubles: list[Exception] = []
        self.left: list[InboxEntry] = []
        self.endless = False
        self.waiting = 0  # in addition to ``new``
        self.left_out = 0
        self.checks = 0

    async def take(self, most: int) -> list[InboxEntry]:
        """Return the next letters."""
        self._trouble()
        if self.endless:
            await asyncio.sleep(0)
            return [InboxEntry("endless", None)] * most
        letters, self.new = self.new[:most], self.new[most:]
        self.taken += letters
        return letters

    async def take_over(self, most: int) -> list[InboxEntry]:
        """Return the letters that another gateway left."""
        letters, self.left = self.left, []
        return letters

    async def settle(self, letters: Sequence[InboxEntry]) -> None:
        """Note that these letters are settled."""
        self._trouble()
        self.settled += [letter.id for letter in letters]

    async def backlog(self) -> InboxBacklog:
        """Return the configured backlog."""
        self.checks += 1
        return InboxBacklog(len(self.new) + self.waiting, self.left_out)

    async def backlog_checked(self) -> None:
        """Wait until the feeder has checked the current backlog."""
        known = self.checks
        await wait_until(lambda: self.checks > known + 1, "the backlog is checked")

    async def forget_others(self) -> None:
        """Do nothing: no other consumers exist."""

    def _trouble(self) -> None:
        if self.troubles:
            raise self.troubles.pop(0)


class FaultyStore(Store):
    """Real store that raises ``troubles`` before it records, and ``after`` once it has recorded."""

    troubles: list[Exception]
    after: list[Exception]
    refuses: str = ""
    most: int = BATCH

    def record(self, entries: Sequence[FeedEntry]) -> list[FeedEntry]:
        """Record the entries, or raise the next error."""
        if self.troubles:
            raise self.troubles.pop(0)
        if len(entries) > self.most:
            raise HistoryUnavailable("it takes too long")
        if any(entry.session == self.refuses for entry in entries):
            raise HistoryRefused("not this one")
        news = super().record(entries)
        if self.after:
            raise self.after.pop(0)
        return news


class FeederRun:
    """Running feeder with its stream and its store."""

    def __init__(self, stream: Stream, history: AsyncHistory) -> None:
        self.stream = stream
        self.news: list[FeedEntry] = []
        self.feeder = Feeder(stream, history, self.news.extend, 0.01, (0.01,))
        self._history = history

    async def segments(self) -> int:
        """Return how many segments are recorded."""
        return await self._history.ask(lambda store: store.size().segments)

    async def settled(self, count: int) -> None:
        """Wait until this many letters are settled."""
        await wait_until(lambda: len(self.stream.settled) >= count, f"{count} are settled")


Begin = Callable[..., Awaitable[FeederRun]]


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    """Return a function that runs a feeder with the given entries and errors."""
    troubles: dict[str, list[Exception]] = {"before": [], "after": []}
    refuses, most = "", BATCH

    def opening(_: str) -> Store:
        store = open_store(f"sqlite:///{tmp_path}/history.sqlite")
        store.__class__ = FaultyStore
        assert isinstance(store, FaultyStore)
        store.troubles, store.after, store.refuses = troubles["before"], troubles["after"], refuses
        store.most = most
        return store

    @asynccontextmanager
    async def world(stream: Stream) -> AsyncIterator[FeederRun]:
        async with open_history("", HistoryLimits(0, 0), opening) as history, Tasks("test") as tasks:
            made = FeederRun(stream, history)
            tasks.start(made.feeder.run(), "feeder")
            tasks.start(made.feeder.watch(), "backlog")
            yield made

    async with AsyncExitStack() as stack:

        async def begin_world(
            entries: Sequence[FeedEntry | None],
            before: Sequence[Exception] = (),
            after: Sequence[Exception] = (),
            broker: Sequence[Exception] = (),
            refused: str = "",
            at_once: int = BATCH,
            left_out: int = 0,
        ) -> FeederRun:
            nonlocal refuses, most
            most = at_once
            troubles["before"][:], troubles["after"][:], refuses = before, after, refused
            stream = Stream(entries)
            stream.troubles, stream.left_out = list(broker), left_out
            return await stack.enter_async_context(world(stream))

        yield begin_world


AWAY = HistoryUnavailable("it is away")
GONE = BrokerUnreachable("nobody answers")
MANY = [final(f"text {number}", f"s{number % 7}", number) for number in range(BATCH + 100)]


async def test_feeder_records_all_entries_and_then_settles_them(begin: Begin) -> None:
    world = await begin(MANY)
    await world.settled(len(MANY))
    assert await world.segments() == len(MANY) == world.feeder.recorded
    assert world.news == MANY


async def test_feeder_loses_no_entry_while_database_is_away(
    begin: Begin,
) -> None:
    world = await begin(MANY, before=[AWAY] * 2)
    await world.settled(len(MANY))
    assert await world.segments() == len(MANY)
    assert world.news == MANY


async def test_batch_is_recorded_once_when_database_fails_after_commit(begin: Begin) -> None:
    world = await begin(MANY, after=[AWAY])
    await world.settled(len(MANY))
    assert await world.segments() == len(MANY)
    assert world.news == MANY[BATCH:]


async def test_feeder_waits_while_broker_is_away(begin: Begin) -> None:
    world = await begin(MANY, broker=[GONE, GONE])
    await world.settled(len(MANY))
    assert await world.segments() == len(MANY)


async def test_refused_entry_is_skipped_and_others_are_recorded(begin: Begin) -> None:
    odd = final("odd", "odd", 0)
    world = await begin([*MANY[:30], odd, *MANY[30:60]], refused="odd")
    await world.settled(61)
    assert await world.segments() == 60
    assert world.feeder.refused == 1


async def test_unreadable_letter_is_settled(begin: Begin) -> None:
    world = await begin([None, final(), None])
    await world.settled(3)
    assert await world.segments() == 1


async def test_feeder_can_be_cancelled_while_database_is_away(begin: Begin) -> None:
    world = await begin(MANY, before=[AWAY] * 1000)
    await wait_until(lambda: world.stream.taken, "something is taken")
    await asyncio.sleep(0)
    assert world.stream.settled == []


async def test_backlog_is_known_while_database_is_away(begin: Begin) -> None:
    world = await begin(MANY, before=[AWAY] * 1000)
    await wait_until(lambda: world.feeder.backlog.waiting == 100, "the backlog is checked")


async def test_dropped_entries_are_logged_once_until_backlog_is_worked_off(begin: Begin) -> None:
    with capture_logs() as logs:
        world = await begin([])
        stream = world.stream
        stream.waiting = BATCH
        counts = list[int]()
        for left_out in (0, 3, 5, 5, 6):
            stream.left_out = left_out
            await stream.backlog_checked()
            counts.append(sum(line["event"] == "history.backlog_trimmed" for line in logs))
        assert counts == [0, 1, 1, 1, 1] and world.feeder.left_out == 6
        stream.waiting = 0
        await stream.backlog_checked()
        stream.left_out, stream.waiting = 9, BATCH
        await stream.backlog_checked()
        assert [line["left_out"] for line in logs if line["event"] == "history.backlog_trimmed"] == [3, 9]
        stream.left_out = 0  # the broker's counter restarts
        await stream.backlog_checked()
        assert world.feeder.left_out == 0


async def test_entries_dropped_before_start_are_not_logged(begin: Begin) -> None:
    with capture_logs() as logs:
        world = await begin([], left_out=7)
        await world.stream.backlog_checked()
    assert (world.feeder.left_out, world.feeder.backlog.left_out) == (0, 7)
    assert not any(line["event"] == "history.backlog_trimmed" for line in logs)


async def test_left_letters_are_taken_over_despite_endless_new_ones(begin: Begin) -> None:
    world = await begin([])
    world.stream.endless = True
    await world.settled(BATCH)
    world.stream.left = [InboxEntry("left", final())]
    await wait_until(lambda: "left" in world.stream.settled, "it is taken over")
    assert await world.segments() == 1


async def test_batch_that_takes_too_long_is_recorded_in_parts(begin: Begin) -> None:
    world = await begin(MANY[:4], at_once=2)
    await world.settled(4)
    assert await world.segments() == 4
    assert world.news == MANY[:4]
