"""The journal in an event loop: events are on disk before the gateway sees them, and the loop never blocks."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from app.core.outlet import pass_on
from app.journal.async_journal import AsyncJournal, JournaledOutlet, opened_in_thread
from app.journal.backlog import DiskState
from app.journal.disk import AUDIO, EVENTS
from app.journal.errors import DiskRefuses, NotKept
from app.journal.events import (
    Begin,
    Cancelled,
    End,
    Event,
    Finished,
    Inserted,
    Inserting,
    Opened,
    Replaced,
    decode_lines,
)
from app.journal.journal import Journal
from client.connection import Address, fixed_locator
from client.events import ClientEvent
from client.gateway import GatewayClient
from client.settings import ClientSettings
from loadtest.core.checksum import checksum
from protocol.audio import SAMPLE_RATE
from protocol.recognition import Options
from protocol.session import PLAIN, Final, Queued, SegmentDetails
from speech.segmenter import SegmentAudio, SegmentClosed, SegmentOpened, SegmentPaused
from tests.app.journal.files import FaultyFile, opened_in, tone
from tests.helpers.scripted_gateway import oblige, scripted
from tests.helpers.waiting import wait_until

ID = UUID(int=5)


@pytest.fixture
async def faulty(tmp_path: Path) -> AsyncIterator[tuple[Journal, dict[str, FaultyFile]]]:
    Journal.create(tmp_path, ID, Options(), 0).close()
    files: dict[str, FaultyFile] = {}
    with Journal.reopen(tmp_path, ID, lambda path: opened_in(files, path)) as journal:
        yield journal, files


def on_disk(journal: Journal) -> list[Event]:
    events = decode_lines((journal.folder / EVENTS).read_bytes())
    return [event for event in events if not isinstance(event, Opened)]


@pytest.mark.parametrize("times", [1, 3])
async def test_journal_that_opens_after_a_cancellation_is_closed_again(tmp_path: Path, times: int) -> None:
    Journal.create(tmp_path, ID, Options(), 0).close()
    begun, free = threading.Event(), threading.Event()

    def opening() -> Journal:
        begun.set()
        free.wait(10)
        return Journal.reopen(tmp_path, ID)

    task = asyncio.create_task(opened_in_thread(opening))
    await wait_until(begun.is_set, "the thread opens it")
    for _ in range(times):  # its owner cancels again every half second
        task.cancel()
        await asyncio.sleep(0)
    free.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    Journal.reopen(tmp_path, ID).close()  # else it is in use


async def test_insertion_events_are_on_disk_when_the_call_returns(tmp_path: Path) -> None:
    with Journal.create(tmp_path, ID, Options(), 0) as journal:
        store = AsyncJournal(journal)
        await store.begin(0, 0)
        await store.keep(journal.inserting, 0)
        await store.keep(journal.inserting, 0)
        assert on_disk(journal) == [Begin(0, 0), Inserting(0)]
        await store.keep(journal.record_inserted, 0)
        assert on_disk(journal)[-1] == Inserted(0)


async def test_segment_reaches_journal_and_gateway(tmp_path: Path) -> None:
    pcm = tone(0, SAMPLE_RATE)
    settings = ClientSettings(retry=lambda failures, chance, asked: 0.0)
    with Journal.create(tmp_path, ID, Options(), 0) as journal:
        store = AsyncJournal(journal)
        async with scripted(oblige) as gateway:
            async with GatewayClient(fixed_locator(Address(gateway.url)), ID, store, settings=settings) as client:
                outlet = JournaledOutlet(store, client)
                journal.append(pcm)
                await pass_on(SegmentOpened(0, 100), outlet)
                assert on_disk(journal) == [Begin(0, 100)]
                await pass_on(SegmentAudio(0, 0, pcm[100:900]), outlet)
                await pass_on(SegmentPaused(0, 800), outlet)
                await pass_on(SegmentClosed(0, 800), outlet)
                assert End(0, 800) in on_disk(journal)
                await outlet.finish()
                await outlet.close()
                events = [event async for event in outlet.events()]
            assert gateway.memory.received == [0]
        text = checksum(pcm[100:900].tobytes())
        assert events[-2:] == [Queued(0), Final(0, text)]
        assert {Queued(0), Final(0, text), Finished(SAMPLE_RATE)} <= set(on_disk(journal))


async def test_cancelled_segment_keeps_its_length_in_the_journal(tmp_path: Path) -> None:
    with Journal.create(tmp_path, ID, Options(), 0) as journal:
        store = AsyncJournal(journal)
        async with (
            scripted(oblige) as gateway,
            GatewayClient(fixed_locator(Address(gateway.url)), ID, store) as client,
        ):
            outlet = JournaledOutlet(store, client)
            journal.append(tone(0, SAMPLE_RATE))
            await outlet.begin(0, 100)
            await outlet.audio(0, tone(100, 800))
            await outlet.audio(0, tone(900, 200))
            await client.cancel(0)
        assert on_disk(journal) == [Begin(0, 100), Cancelled(0, 1_000)]
        with pytest.raises(TypeError, match="segment 0 already"):
            store.append(0, b"12")


class Looking(GatewayClient):
    """A client that reads the journal's file whenever it gets a boundary."""

    journal: Journal
    seen: list[Event]

    async def begin(self, segment: int, at_ms: int, details: SegmentDetails = PLAIN) -> None:
        self.seen = on_disk(self.journal)

    async def end(self, segment: int) -> None:
        self.seen = on_disk(self.journal)


async def test_boundaries_are_on_disk_before_the_gateway_gets_them(tmp_path: Path) -> None:
    with Journal.create(tmp_path, ID, Options(), 0) as journal:
        store = AsyncJournal(journal)
        client = Looking(fixed_locator(Address("http://127.0.0.1:9")), ID, store)
        client.journal = journal
        outlet = JournaledOutlet(store, client)
        await pass_on(SegmentOpened(0, 100), outlet)
        assert client.seen == [Begin(0, 100)]
        await pass_on(SegmentClosed(0, 50), outlet)
        assert client.seen == [Begin(0, 100), End(0, 50)]


async def test_known_boundaries_are_not_written_again(tmp_path: Path) -> None:
    with Journal.create(tmp_path, ID, Options(), 0) as journal:
        store = AsyncJournal(journal)
        for _ in range(2):
            await store.begin(0, 10)
            await store.end(0, 5)
        assert on_disk(journal) == [Begin(0, 10), End(0, 5)]


async def test_event_loop_keeps_running_while_the_disk_is_slow(
    faulty: tuple[Journal, dict[str, FaultyFile]],
) -> None:
    journal, files = faulty
    released, entered = threading.Event(), threading.Event()
    sync = files[EVENTS].sync

    def slow() -> None:
        entered.set()
        assert released.wait(30)
        sync()

    files[EVENTS].sync = slow  # type: ignore[method-assign] # a fault
    beginning = asyncio.create_task(AsyncJournal(journal).begin(0, 0))
    await wait_until(entered.is_set, "the disk is asked")
    assert not beginning.done()
    released.set()
    await beginning
    assert journal.take.segments[0].at == 0


async def test_journal_completes_an_operation_whose_caller_was_cancelled(
    faulty: tuple[Journal, dict[str, FaultyFile]],
) -> None:
    journal, _ = faulty
    store = AsyncJournal(journal)
    await store.begin(0, 0)
    settling = asyncio.create_task(store.settle(0, Final(0, "said")))
    await asyncio.sleep(0)
    settling.cancel()
    await wait_until(lambda: journal.take.segments[0].settled, "the text is kept")
    assert on_disk(journal)[-1] == Final(0, "said")


async def test_replacement_rules_apply_once_when_the_text_arrives(
    faulty: tuple[Journal, dict[str, FaultyFile]],
) -> None:
    journal, _ = faulty
    for word in ("one", "two"):
        store = AsyncJournal(journal, rewrite=f"{{}} {word}".format)
        if word == "one":
            await store.begin(0, 0)
        await store.settle(0, Final(0, " said "))
    assert on_disk(journal)[-2:] == [Final(0, " said "), Replaced(0, "said one")]
    unchanged = AsyncJournal(journal, rewrite=str.strip)
    await unchanged.begin(1, 0)
    await unchanged.settle(1, Final(1, " said "))
    assert on_disk(journal)[-1] == Final(1, " said ")


async def test_result_in_memory_only_is_not_acknowledged(
    faulty: tuple[Journal, dict[str, FaultyFile]],
) -> None:
    """A crash would lose it: its lines reach the disk only once the disk is writable again."""
    journal, files = faulty
    store = AsyncJournal(journal)
    for number in range(3):
        await store.begin(number, 800 * number)
    assert await store.settle(0, Final(0, "on disk"))
    for file in files.values():
        file.read_only = True
    assert not await store.settle(1, Final(1, "in memory"))
    assert not await store.settle(1, Final(1, "in memory"))
    for file in files.values():
        file.read_only = False
    assert await store.settle(2, Final(2, "on disk"))
    assert on_disk(journal)[-2:] == [Final(1, "in memory"), Final(2, "on disk")]


class Refusing(Journal):
    """A journal that refuses ``begin`` once for each error in ``refusals``."""

    refusals: list[NotKept]

    def begin(self, segment: int, at: int, details: SegmentDetails = PLAIN) -> None:
        if self.refusals:
            raise self.refusals.pop()
        super().begin(segment, at, details)


async def test_journal_retries_a_refused_write_while_its_state_is_writing(tmp_path: Path) -> None:
    with Refusing.create(tmp_path, ID, Options(), 0) as journal:
        journal.refusals = [DiskRefuses("full")]
        assert journal.disk_state is DiskState.WRITING
        await AsyncJournal(journal, 60.0).begin(0, 0)
        assert on_disk(journal) == [Begin(0, 0)]
        journal.refusals = [NotKept("it does not answer")]
        with pytest.raises(NotKept, match="answer"):
            await AsyncJournal(journal, 60.0).begin(1, 0)


class Telling(GatewayClient):
    """A client with one event."""

    async def events(self) -> AsyncIterator[ClientEvent]:
        yield Queued(0)


@pytest.mark.parametrize("patient", [False, True])
async def test_begin_waits_for_room_on_a_full_disk_only_with_patience(
    patient: bool, faulty: tuple[Journal, dict[str, FaultyFile]]
) -> None:
    journal, files = faulty
    store = AsyncJournal(journal, 60.0 if patient else 0.0)
    files[AUDIO].room = files[EVENTS].room = 0
    journal.append(tone(0, 1_000))
    beginning = asyncio.create_task(store.begin(0, 0))
    outlet = JournaledOutlet(store, Telling(fixed_locator(Address("http://127.0.0.1:9")), ID, store))
    assert [event async for event in outlet.events()] == [Queued(0)], "it is informational: no error"
    await wait_until(lambda: journal.disk_state is DiskState.WAITING, "the state is told")
    if not patient:
        with pytest.raises(NotKept):
            await beginning
    files[AUDIO].room = files[EVENTS].room = None
    if patient:
        await beginning
        assert await store.read(0, 10, 20) == tone(10, 20).tobytes()
        assert on_disk(journal) == [Begin(0, 0)]
