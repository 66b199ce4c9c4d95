"""From the broker into the database, whatever is away, nothing missing and nothing twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from backend.errors import BrokerUnreachable, HistoryRefused, HistoryUnavailable
from backend.history.feeder import BATCH, Feeder
from backend.history.inbox import Backlog, Inbox, Letter
from backend.history.keeper import History, open_history
from backend.history.records import Entry, Limits
from backend.history.store import Store, open_store
from runtime.tasks import Tasks
from tests.backend.history.feed import final
from tests.helpers.waiting import wait_until


class Stream(Inbox):
    """As the broker's; ``troubles``: what is raised instead of the next answers."""

    def __init__(self, entries: Sequence[Entry | None]) -> None:
        self.new = [Letter(str(number), entry) for number, entry in enumerate(entries)]
        self.given: list[Letter] = []
        self.settled: list[str] = []
        self.troubles: list[Exception] = []
        self.left: list[Letter] = []
        self.endless = False
        self.waiting = 0  # besides these
        self.left_out = 0
        self.looks = 0

    async def take(self, most: int) -> list[Letter]:
        """The next ones."""
        self._trouble()
        if self.endless:
            await asyncio.sleep(0)
            return [Letter("endless", None)] * most
        letters, self.new = self.new[:most], self.new[most:]
        self.given += letters
        return letters

    async def take_over(self, most: int) -> list[Letter]:
        """What is left."""
        letters, self.left = self.left, []
        return letters

    async def settle(self, letters: Sequence[Letter]) -> None:
        """These are done."""
        self._trouble()
        self.settled += [letter.id for letter in letters]

    async def backlog(self) -> Backlog:
        """How it is said to be."""
        self.looks += 1
        return Backlog(len(self.new) + self.waiting, self.left_out)

    async def looked(self) -> None:
        """Wait until it is known how it is now."""
        known = self.looks
        await wait_until(lambda: self.looks > known + 1, "it has been looked")

    async def forget_others(self) -> None:
        """There are none."""

    def _trouble(self) -> None:
        if self.troubles:
            raise self.troubles.pop(0)


class FaultyStore(Store):
    """Made of a real one; ``troubles`` come before it records, ``after`` when it has."""

    troubles: list[Exception]
    after: list[Exception]
    refuses: str = ""
    most: int = BATCH

    def record(self, entries: Sequence[Entry]) -> list[Entry]:
        """Unless there is trouble."""
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


class World:
    """A feeder at work."""

    def __init__(self, stream: Stream, history: History) -> None:
        self.stream = stream
        self.news: list[Entry] = []
        self.feeder = Feeder(stream, history, self.news.extend, 0.01, (0.01,))
        self._history = history

    async def segments(self) -> int:
        """That are recorded."""
        return await self._history.ask(lambda store: store.held().segments)

    async def settled(self, count: int) -> None:
        """Wait for so many."""
        await wait_until(lambda: len(self.stream.settled) >= count, f"{count} are settled")


Begin = Callable[..., Awaitable[World]]


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    """Make a feeder of these entries and troubles, and have it run."""
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
    async def world(stream: Stream) -> AsyncIterator[World]:
        async with open_history("", Limits(0, 0), opening) as history, Tasks("test") as tasks:
            made = World(stream, history)
            tasks.start(made.feeder.run(), "feeder")
            tasks.start(made.feeder.watch(), "backlog")
            yield made

    async with AsyncExitStack() as stack:

        async def begun(
            entries: Sequence[Entry | None],
            before: Sequence[Exception] = (),
            after: Sequence[Exception] = (),
            broker: Sequence[Exception] = (),
            refused: str = "",
            at_once: int = BATCH,
            left_out: int = 0,
        ) -> World:
            nonlocal refuses, most
            most = at_once
            troubles["before"][:], troubles["after"][:], refuses = before, after, refused
            stream = Stream(entries)
            stream.troubles, stream.left_out = list(broker), left_out
            return await stack.enter_async_context(world(stream))

        yield begun


AWAY = HistoryUnavailable("it is away")
GONE = BrokerUnreachable("nobody answers")
MANY = [final(f"text {number}", f"s{number % 7}", number) for number in range(BATCH + 100)]


async def test_everything_is_recorded_and_then_settled(begin: Begin) -> None:
    world = await begin(MANY)
    await world.settled(len(MANY))
    assert await world.segments() == len(MANY) == world.feeder.recorded
    assert world.news == MANY


async def test_while_the_database_is_away_everything_waits_and_then_nothing_is_missing(
    begin: Begin,
) -> None:
    world = await begin(MANY, before=[AWAY] * 2)
    await world.settled(len(MANY))
    assert await world.segments() == len(MANY)
    assert world.news == MANY


async def test_what_was_recorded_without_a_word_is_recorded_once(begin: Begin) -> None:
    world = await begin(MANY, after=[AWAY])
    await world.settled(len(MANY))
    assert await world.segments() == len(MANY)
    assert world.news == MANY[BATCH:]


async def test_while_the_broker_is_away_it_waits(begin: Begin) -> None:
    world = await begin(MANY, broker=[GONE, GONE])
    await world.settled(len(MANY))
    assert await world.segments() == len(MANY)


async def test_one_that_the_database_will_never_take_is_left_out_alone(begin: Begin) -> None:
    odd = final("odd", "odd", 0)
    world = await begin([*MANY[:30], odd, *MANY[30:60]], refused="odd")
    await world.settled(61)
    assert await world.segments() == 60
    assert world.feeder.refused == 1


async def test_what_cannot_be_read_is_settled(begin: Begin) -> None:
    world = await begin([None, final(), None])
    await world.settled(3)
    assert await world.segments() == 1


async def test_it_ends_when_it_must_whatever_it_waits_for(begin: Begin) -> None:
    world = await begin(MANY, before=[AWAY] * 1000)
    await wait_until(lambda: world.stream.given, "something is taken")
    await asyncio.sleep(0)
    assert world.stream.settled == []


async def test_what_waits_is_known_while_the_database_is_away(begin: Begin) -> None:
    world = await begin(MANY, before=[AWAY] * 1000)
    await wait_until(lambda: world.feeder.backlog.waiting == 100, "it has been looked")


async def test_that_entries_go_for_want_of_room_is_said_once_until_what_waited_is_there(begin: Begin) -> None:
    with capture_logs() as logs:
        world = await begin([])
        stream = world.stream
        stream.waiting = BATCH
        said = list[int]()
        for left_out in (0, 3, 5, 5, 6):
            stream.left_out = left_out
            await stream.looked()
            said.append(sum("lets go" in line["event"] for line in logs))
        assert said == [0, 1, 1, 1, 1] and world.feeder.left_out == 6
        stream.waiting = 0
        await stream.looked()
        stream.left_out, stream.waiting = 9, BATCH
        await stream.looked()
        assert [line["left_out"] for line in logs if "lets go" in line["event"]] == [3, 9]
        stream.left_out = 0  # the broker counts anew
        await stream.looked()
        assert world.feeder.left_out == 0


async def test_what_went_before_it_began_is_no_news(begin: Begin) -> None:
    with capture_logs() as logs:
        world = await begin([], left_out=7)
        await world.stream.looked()
    assert (world.feeder.left_out, world.feeder.backlog.left_out) == (0, 7)
    assert not any("lets go" in line["event"] for line in logs)


async def test_what_others_left_is_taken_over_however_much_is_new(begin: Begin) -> None:
    world = await begin([])
    world.stream.endless = True
    await world.settled(BATCH)
    world.stream.left = [Letter("left", final())]
    await wait_until(lambda: "left" in world.stream.settled, "it is taken over")
    assert await world.segments() == 1


async def test_what_takes_too_long_at_once_is_recorded_in_parts(begin: Begin) -> None:
    world = await begin(MANY[:4], at_once=2)
    await world.settled(4)
    assert await world.segments() == 4
    assert world.news == MANY[:4]
