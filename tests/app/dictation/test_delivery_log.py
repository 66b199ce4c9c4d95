"""Tests that outcomes of texts reach the journals, in order, whether these are open or not."""

import asyncio
import threading
from contextlib import nullcontext
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from app.core.segment_observer import SegmentEvent, SegmentStep
from app.dictation import delivery_log
from app.dictation.delivery_log import DeliveryLog
from app.dictation.insertion_queue import SegmentId
from app.dictation.recordings import held_in
from app.journal.disk import EVENTS, is_locked
from app.journal.events import Dismissed, Inserted, Inserting, decode_lines
from app.journal.journal import Journal
from app.journal.library import Library
from app.journal.take import TakeState
from protocol.recognition import Options
from protocol.session import Final
from tests.app.journal.files import FragileDisk
from tests.helpers.waiting import wait_until

ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_log, "_AGAIN_S", 0.01)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def begun(library: Library, session: UUID, segments: int = 2) -> Journal:
    journal = library.create(session, Options(), 0)
    recognise(journal, segments)
    return journal


def recognise(journal: Journal, segments: int = 2) -> None:
    journal.append(np.zeros(segments, np.int16))
    for segment in range(segments):
        journal.begin(segment, segment)
        journal.end(segment, 1)
        journal.settle(segment, Final(segment, "text"))
    journal.finish()


def told(library: Library, session: UUID) -> list[tuple[str, int]]:
    events = decode_lines((library.root / str(session) / "events.jsonl").read_bytes())
    return [
        (type(event).__name__.lower(), event.segment)
        for event in events
        if isinstance(event, Inserting | Inserted | Dismissed)
    ]


async def test_log_records_outcomes_once_and_in_order(library: Library) -> None:
    log, journal = DeliveryLog(library), begun(library, ONE)
    journal.set_wanted(inserted=True)
    await log.add(1, journal)
    pieces = (SegmentId(1, 0), SegmentId(1, 1))
    await asyncio.gather(
        log.inserting(pieces),
        log.record_inserted(pieces[:1]),
        log.inserting(pieces),
        log.close(1),
    )
    assert told(library, ONE) == [("inserting", 0), ("inserting", 1), ("inserted", 0)]
    assert library.find(ONE).state is TakeState.HELD
    await log.close(1)


async def test_edited_text_is_known_while_the_take_is(library: Library) -> None:
    log = DeliveryLog(library)
    pieces, texts = (SegmentId(1, 0), SegmentId(1, 1)), ("one", " two")
    assert await log.edited_text(pieces, texts) is None, "unknown"
    journal = begun(library, ONE)
    await log.add(1, journal)
    assert await log.edited_text(pieces, texts) is None, "as recognised"
    journal.edit("my text")
    assert await log.edited_text(pieces, texts) == "my text"
    await log.discard(1)
    log.number_earlier(ONE)
    assert await log.edited_text((SegmentId(0, 0),), ("one",)) is None, "deleted"


async def test_log_records_program_of_held_text_when_it_is_pasted(library: Library) -> None:
    log = DeliveryLog(library)
    await log.add(1, begun(library, ONE))
    pieces = (SegmentId(1, 0), SegmentId(1, 1))
    await log.record_held(pieces)
    assert library.find(ONE).take.program == ""
    assert await log.inserting(pieces, "some-editor")
    await log.record_inserted(pieces)
    await log.close(1)
    assert library.find(ONE).take.program == "some-editor"


async def test_log_reopens_closed_journal_when_text_is_pasted_later(library: Library) -> None:
    log = DeliveryLog(library)
    for take, session in ((1, ONE), (2, TWO)):
        await log.add(take, begun(library, session))
    pieces = (SegmentId(1, 0), SegmentId(1, 1), SegmentId(2, 0))
    await log.inserting(pieces)
    await log.close(1)
    await log.record_inserted(pieces)
    assert library.find(ONE).state is TakeState.DONE
    assert told(library, TWO) == [("inserting", 0), ("inserted", 0)]
    await log.close_all()
    assert library.find(TWO).state is TakeState.DONE


async def test_log_records_paste_of_text_held_by_earlier_run(library: Library) -> None:
    with begun(library, ONE) as journal:
        journal.set_wanted(inserted=True)
    assert library.find(ONE).state is TakeState.HELD
    log = DeliveryLog(library)
    assert log.number_earlier(ONE) == 0
    await log.inserting((SegmentId(0, 0), SegmentId(0, 1)))
    await log.record_inserted((SegmentId(0, 0), SegmentId(0, 1)))
    assert library.find(ONE).state is TakeState.DONE


async def test_log_records_dismissal_of_held_text(library: Library) -> None:
    with begun(library, ONE) as journal:
        journal.set_wanted(inserted=True)
    log = DeliveryLog(library)
    assert log.number_earlier(ONE) == 0
    await log.record_dismissed((SegmentId(0, 0), SegmentId(0, 1)))
    assert library.find(ONE).state is TakeState.DONE
    assert [kind for kind, _ in told(library, ONE)] == ["dismissed", "dismissed"]


async def test_given_up_takes_become_cancelled(library: Library) -> None:
    log = DeliveryLog(library)
    for take, session in ((1, ONE), (2, TWO)):
        journal = begun(library, session)
        journal.set_wanted(inserted=True)
        await log.add(take, journal)
    await log.close(2)
    await log.cancel(1)
    await log.cancel(2)
    await log.close_all()
    assert [found.state for found in library.all()] == [TakeState.CANCELLED] * 2


async def test_take_given_up_before_its_journal_opens_becomes_cancelled(library: Library) -> None:
    """The user may press Esc while the disk is still creating the journal."""
    log = DeliveryLog(library)
    await log.cancel(1)
    for take, session in ((1, ONE), (2, TWO)):
        journal = begun(library, session)
        journal.set_wanted(inserted=True)
        await log.add(take, journal)
    await log.close_all()
    assert [library.find(session).take.wanted for session in (ONE, TWO)] == [False, True]


async def test_log_tolerates_journal_that_cannot_be_opened(library: Library) -> None:
    log = DeliveryLog(library)
    await log.add(1, begun(library, ONE))
    await log.close(1)
    with library.reopen(ONE):  # the take is in use: it is being resent
        await log.record_inserted((SegmentId(1, 0), SegmentId(9, 0)))
    assert told(library, ONE) == []


async def test_journal_is_closed_at_the_end_when_its_close_was_cancelled(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, journal, close, free = DeliveryLog(library), begun(library, ONE), Journal.close, threading.Event()
    await log.add(1, journal)
    begins = threading.Event()

    def slowly(closed: Journal) -> None:
        begins.set()
        free.wait(10)
        close(closed)

    monkeypatch.setattr(Journal, "close", slowly)
    cancelled = asyncio.create_task(log.close(1))
    await wait_until(begins.is_set, "it is being closed")
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    ending = asyncio.create_task(log.close_all())
    asyncio.get_running_loop().call_later(0.1, free.set)
    await ending
    library.reopen(ONE).close()


async def test_discarded_take_leaves_no_files(library: Library) -> None:
    log = DeliveryLog(library)
    await log.add(1, begun(library, ONE))
    await log.discard(1)
    await log.discard(1)
    await log.discard(2)
    assert library.all() == []
    assert not list(library.root.iterdir())


async def test_observer_is_notified_of_outcomes(library: Library) -> None:
    heard: list[SegmentEvent] = []
    log = DeliveryLog(library, heard.append)
    await log.add(1, begun(library, ONE))
    pieces = (SegmentId(1, 0), SegmentId(9, 0), SegmentId(1, 1))
    await log.inserting(pieces)
    assert heard == []
    await log.record_held(pieces[:1])
    await log.record_inserted(pieces[1:])
    await log.close(1)
    await log.discard(1)
    await log.close(9)
    assert heard == [
        SegmentEvent(SegmentStep.HELD, ONE, 0),
        SegmentEvent(SegmentStep.INSERTED, ONE, 1),
        SegmentEvent(SegmentStep.CLOSED, ONE),
        SegmentEvent(SegmentStep.DISCARDED, ONE),
    ]
    assert library.all() == []


@pytest.mark.parametrize(("segments", "repaired", "lost"), [(2, False, True), (2, True, False), (0, False, False)])
async def test_incompletely_stored_recording_is_reported_once(
    tmp_path: Path, segments: int, repaired: bool, lost: bool
) -> None:
    disk, heard = FragileDisk(), list[SegmentEvent]()
    log = DeliveryLog(Library(tmp_path), heard.append)
    journal = Journal.create(tmp_path, ONE, Options(), 0, disk=disk)
    await log.add(1, journal)
    disk.read_only(True)
    for segment in range(segments):
        journal.append(np.zeros(1, np.int16))
        journal.begin(segment, segment)
    disk.read_only(not repaired)
    await log.close(1)
    await log.close(1)
    assert (SegmentEvent(SegmentStep.NOT_KEPT, ONE) in heard) is lost
    assert [event.step for event in heard].count(SegmentStep.NOT_KEPT) == lost


@pytest.mark.parametrize(("texts_are_on_disk", "recorded"), [(True, False), (False, True)])
async def test_insertion_on_read_only_disk_is_recorded_only_if_no_restart_offers_its_text(
    tmp_path: Path, texts_are_on_disk: bool, recorded: bool
) -> None:
    disk, library = FragileDisk(), Library(tmp_path)
    log = DeliveryLog(library)
    journal = Journal.create(tmp_path, ONE, Options(), 0, disk=disk)
    journal.set_wanted(inserted=True)
    await log.add(1, journal)
    disk.read_only(not texts_are_on_disk)
    recognise(journal)
    disk.read_only(True)
    assert await log.inserting((SegmentId(1, 0),)) is recorded
    await log.close(1)
    assert bool(held_in(library.find(ONE))) is not recorded


async def test_outcome_is_recorded_once_a_read_only_disk_is_repaired(tmp_path: Path) -> None:
    """Otherwise a text that the user has pasted or dismissed meanwhile would be offered again."""
    library, disk = Library(tmp_path), FragileDisk()
    log = DeliveryLog(library)
    begun(library, ONE).close()
    await log.add(1, Journal.reopen(tmp_path, ONE, disk.open))
    disk.read_only(True)
    await log.record_inserted((SegmentId(1, 0),))
    await log.record_dismissed((SegmentId(1, 1),))
    await log.close(1)
    assert told(library, ONE) == []
    disk.read_only(False)
    recording = asyncio.create_task(log.retry_refused())
    await wait_until(lambda: told(library, ONE) == [("inserted", 0), ("dismissed", 1)], "both are recorded")
    recording.cancel()
    await asyncio.gather(recording, return_exceptions=True)


@pytest.mark.parametrize("trouble", ["in use", "full"])
async def test_outcome_is_recorded_later_when_the_journal_refuses_it(tmp_path: Path, trouble: str) -> None:
    """Otherwise a text that was inserted would be offered again after a crash."""
    library, disk = Library(tmp_path), FragileDisk()
    log = DeliveryLog(library)
    journal = begun(library, ONE)
    journal.close()
    await log.add(1, Journal.reopen(tmp_path, ONE, disk.open))
    await log.add(2, begun(library, TWO))
    if trouble == "in use":
        await log.close(1)
    with Journal.reopen(tmp_path, ONE) if trouble == "in use" else nullcontext():
        disk.files[EVENTS].room = 0
        assert not await log.inserting((SegmentId(1, 0),))
        await log.record_inserted((SegmentId(1, 0),))
        assert told(library, ONE) == []
        disk.files[EVENTS].room = None
    recording = asyncio.create_task(log.retry_refused())  # no take is closed: the app may crash before
    await wait_until(lambda: told(library, ONE) == [("inserting", 0), ("inserted", 0)], "it is recorded")
    assert library.find(ONE).take.held == {}
    recording.cancel()
    await asyncio.gather(recording, return_exceptions=True)
    await log.close_all()


@pytest.mark.parametrize("end", ["close", "close_all", "discard"])
async def test_unrecorded_outcome_is_recorded_at_the_end(tmp_path: Path, end: str) -> None:
    library, disk = Library(tmp_path), FragileDisk()
    log = DeliveryLog(library)
    begun(library, ONE).close()
    await log.add(1, Journal.reopen(tmp_path, ONE, disk.open))
    disk.files[EVENTS].room = 0
    await log.record_inserted((SegmentId(1, 0),))
    disk.files[EVENTS].room = None
    if end == "discard":
        await log.discard(1)
        await log.close_all()
        assert library.all() == []
        return
    await (log.close(1) if end == "close" else log.close_all())
    assert told(library, ONE) == [("inserted", 0)]
    await log.close_all()


async def test_journal_that_another_task_has_open_is_used_while_it_is_shared(library: Library) -> None:
    log = DeliveryLog(library)
    begun(library, ONE).close()
    pieces = (SegmentId(log.number_earlier(ONE), 0),)
    with library.reopen(ONE) as journal:
        async with log.sharing(journal):
            await log.inserting(pieces)
            assert told(library, ONE) == [("inserting", 0)]
        await log.record_inserted(pieces)
        assert told(library, ONE) == [("inserting", 0)]
    await log.close_all()
    assert told(library, ONE) == [("inserting", 0), ("inserted", 0)]


async def test_held_text_can_be_inserted_when_its_journal_has_lost_the_segment(library: Library) -> None:
    """The disk was read-only when the text was recognised, and is writable again."""
    log = DeliveryLog(library)
    await log.add(1, begun(library, ONE, segments=1))
    await log.close(1)
    await log.inserting((SegmentId(1, 7), SegmentId(1, 0)))
    assert told(library, ONE) == [("inserting", 0)]


async def test_take_in_use_delays_no_text_of_another_take(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening a take in use fails only after 0.2 s, and each text waits for its own record."""
    log, asked, looked = DeliveryLog(library), list[UUID](), list[Path]()
    begun(library, ONE).close()
    first = log.number_earlier(ONE)
    await log.add(2, begun(library, TWO))
    reopen = library.reopen

    def ask(session: UUID) -> Journal:
        asked.append(session)
        return reopen(session)

    def look(folder: Path) -> bool:
        looked.append(folder)
        return is_locked(folder)

    with library.reopen(ONE):
        await log.inserting((SegmentId(first, 0),))
        monkeypatch.setattr(library, "reopen", ask)
        monkeypatch.setattr(delivery_log, "is_locked", look)
        recording = asyncio.create_task(log.retry_refused())
        await log.inserting((SegmentId(2, 0),))
        await log.close(2)
        await wait_until(lambda: looked, "the take is still in use")
        assert not asked and told(library, TWO) == [("inserting", 0)]
    await wait_until(lambda: told(library, ONE) == [("inserting", 0)], "it is recorded")
    recording.cancel()
    await asyncio.gather(recording, return_exceptions=True)
