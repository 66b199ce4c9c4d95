"""The writer thread on real files, and on full, slow or broken disks."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from app.journal.backlog import DiskState
from app.journal.disk import AUDIO, EVENTS
from app.journal.errors import DiskRefuses, NotKept
from app.journal.writer import TakeWriter, _Request
from tests.app.journal.files import FaultyFile
from tests.helpers.waiting import wait_until_sync

SECOND = bytes(range(256)) * 125  # 32,000 bytes


class Disk:
    """A folder with both files, and a log of their operations in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log: list[str] = []
        self.audio = FaultyFile(folder / AUDIO, self.log.append)
        self.events = FaultyFile(folder / EVENTS, self.log.append)

    def writer(self, most: int = 60 * len(SECOND), sync_s: float = 0.02) -> TakeWriter:
        return TakeWriter(self.audio, self.events, most, sync_s, seal=lambda line, number: line)

    def room(self, size: int | None) -> None:
        self.audio.room = self.events.room = size

    def read_only(self, refuses: bool = True) -> None:
        self.audio.read_only = self.events.read_only = refuses

    @property
    def pcm(self) -> bytes:
        return (self.folder / AUDIO).read_bytes()

    @property
    def lines(self) -> bytes:
        return (self.folder / EVENTS).read_bytes()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    before = set(threading.enumerate())
    yield Disk(tmp_path)
    assert not [one for one in set(threading.enumerate()) - before if one.name == "journal/writer"]


def test_writer_writes_and_syncs_audio_on_its_own(disk: Disk) -> None:
    writer = disk.writer()
    writer.append(SECOND)
    wait_until_sync(lambda: disk.audio.synced == len(SECOND), "the audio is synced")
    assert disk.pcm == SECOND
    writer.append(b"more")
    wait_until_sync(lambda: disk.audio.synced == len(SECOND) + 4, "the rest is synced")
    writer.close()
    assert writer.written == writer.synced == writer.heard == len(SECOND) + 4


def test_idle_writer_does_not_touch_the_disk(disk: Disk) -> None:
    writer = disk.writer(sync_s=0.001)
    writer.append(b"ab")
    wait_until_sync(lambda: writer.synced == 2, "it is synced")
    writer.append(b"cd")
    wait_until_sync(lambda: writer.synced == 4, "it is synced")
    assert disk.log.count("sync audio.pcm16") == 2
    writer.close()


def test_writer_puts_an_event_on_disk_after_the_audio_before_it(disk: Disk) -> None:
    writer = disk.writer(sync_s=1_000)
    writer.append(b"ab")
    writer.record(b"one\n")
    assert disk.log == ["write audio.pcm16 2", "sync audio.pcm16", "write events.jsonl 4", "sync events.jsonl"]
    writer.record(b"two\n", durable=False)
    assert disk.log[4:] == ["write events.jsonl 4"]
    writer.close()
    assert disk.lines == b"one\ntwo\n"


def test_record_without_a_line_returns_after_audio_is_synced(disk: Disk) -> None:
    writer = disk.writer(sync_s=1_000)
    writer.append(SECOND)
    writer.record()
    assert disk.audio.synced == len(SECOND)
    writer.close()


def test_writer_syncs_both_files_when_it_closes(disk: Disk) -> None:
    writer = disk.writer(sync_s=1_000)
    writer.record(b"one\n", durable=False)
    writer.append(b"ab")
    writer.close()
    assert disk.log[-3:] == ["write audio.pcm16 2", "sync audio.pcm16", "sync events.jsonl"]
    assert (disk.audio.synced, disk.events.synced) == (2, 4)


def test_writer_keeps_audio_in_memory_while_the_disk_is_full(disk: Disk) -> None:
    writer = disk.writer()
    disk.room(1001)
    writer.append(SECOND)
    wait_until_sync(lambda: writer.disk_state is DiskState.WAITING, "the state is told")
    assert disk.pcm == SECOND[:1001]
    assert writer.unwritten(0, 1_101) == SECOND[1001:1101]
    writer.append(b"more")
    disk.room(None)
    wait_until_sync(lambda: writer.disk_state is DiskState.WRITING, "it is written")
    wait_until_sync(lambda: disk.audio.synced == len(SECOND) + 4, "it is synced")
    assert disk.pcm == SECOND + b"more"
    writer.close()


def test_writer_reports_that_the_disk_stalls(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes and syncs neither return nor fail."""
    goes_on, sync = threading.Event(), disk.audio.sync
    monkeypatch.setattr(disk.audio, "sync", lambda: (goes_on.wait(), sync()))
    writer = disk.writer()
    writer.append(SECOND)
    wait_until_sync(lambda: writer.written == len(SECOND), "it is written, and not synced")
    for _ in range(3):
        writer.append(SECOND)
    received = [writer.disk_state]
    writer.append(b"ab")
    assert [*received, writer.disk_state] == [DiskState.WRITING, DiskState.WAITING]
    goes_on.set()
    wait_until_sync(lambda: writer.disk_state is DiskState.WRITING, "the disk takes data again")
    writer.close()
    assert disk.pcm == SECOND * 4 + b"ab"


def test_writer_refuses_audio_when_memory_is_full(disk: Disk) -> None:
    writer = disk.writer(most=2 * len(SECOND))
    disk.room(0)
    writer.append(SECOND)
    wait_until_sync(lambda: writer.disk_state is DiskState.WAITING, "the disk is full")
    writer.append(SECOND)
    assert writer.disk_state is DiskState.FULL
    with pytest.raises(NotKept, match=r"takes nothing \(No space left on device\).* 2 s"):
        writer.append(b"ab")
    disk.room(None)
    wait_until_sync(lambda: writer.disk_state is DiskState.WRITING, "there is room")
    writer.append(b"ab")
    writer.close()
    assert disk.pcm == SECOND + SECOND + b"ab"


def test_refused_event_leaves_no_half_line(disk: Disk) -> None:
    writer = disk.writer()
    writer.record(b"one\n")
    disk.events.room = 2
    with pytest.raises(NotKept, match="No space left on device"):
        writer.record(b"lost\n")
    disk.events.room = None
    writer.record(b"two\n")
    writer.close()
    assert disk.lines == b"one\ntwo\n"


def test_writer_stays_waiting_until_the_disk_accepts_data(disk: Disk) -> None:
    writer = disk.writer()
    disk.room(0)
    with pytest.raises(DiskRefuses):
        writer.record(b"lost\n")
    writer.record(outcome=True)  # nothing to write
    assert writer.disk_state is DiskState.WAITING
    disk.room(None)
    writer.record(b"one\n")
    wait_until_sync(lambda: writer.disk_state is DiskState.WRITING, "the disk has taken it")
    writer.close()


def test_event_is_refused_while_earlier_audio_does_not_fit(disk: Disk) -> None:
    writer = disk.writer()
    disk.audio.room = 0
    writer.append(b"ab")
    with pytest.raises(NotKept):
        writer.record(b"one\n")
    assert disk.lines == b""
    disk.room(None)
    writer.close()
    assert disk.pcm == b"ab"


def test_writer_refuses_events_when_sync_fails(disk: Disk) -> None:
    writer = disk.writer()
    disk.audio.broken = True
    writer.append(b"ab")
    wait_until_sync(lambda: writer.disk_state is DiskState.WAITING, "the state is told")
    with pytest.raises(NotKept, match="Input/output error"):
        writer.record(b"one\n")
    disk.audio.broken = False
    writer.record(b"two\n")
    writer.close()
    assert (disk.pcm, disk.lines) == (b"ab", b"two\n")


def test_writer_keeps_events_in_memory_when_the_disk_became_read_only(disk: Disk) -> None:
    writer = disk.writer()
    writer.record(b"one\n")
    disk.read_only()
    writer.append(b"ab")
    wait_until_sync(lambda: writer.disk_state is DiskState.READ_ONLY, "the state is told")
    writer.record(b"two\n")
    writer.record(b"three\n", durable=False)
    assert (writer.unwritten(0, 2), disk.lines) == (b"ab", b"one\n")
    with pytest.raises(DiskRefuses, match="Read-only"):
        writer.record()
    disk.read_only(False)
    writer.record(b"four\n")
    writer.close()
    assert (disk.pcm, disk.lines) == (b"ab", b"one\ntwo\nthree\nfour\n")


def test_close_writes_the_events_of_a_disk_that_was_read_only(disk: Disk) -> None:
    writer = disk.writer()
    disk.read_only()
    writer.record(b"one\n")
    disk.read_only(False)
    writer.close()
    assert disk.lines == b"one\n"


def test_close_fails_when_the_disk_stays_read_only(disk: Disk) -> None:
    writer = disk.writer()
    disk.read_only()
    writer.record(b"one\n")
    with pytest.raises(DiskRefuses, match="Read-only"):
        writer.close()
    assert disk.lines == b""


def test_event_that_a_read_only_disk_took_but_did_not_sync_is_written_once(disk: Disk) -> None:
    writer = disk.writer()
    log = disk.events._log
    disk.events._log = lambda what: disk.read_only(what.startswith("write"))
    writer.record(b"one\n")
    disk.events._log = log
    disk.read_only(False)
    writer.record(b"two\n")
    writer.close()
    assert disk.lines == b"one\ntwo\n"


def test_events_in_memory_have_a_bound(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.journal.writer._MOST_UNSAVED", 1)
    writer = disk.writer()
    disk.read_only()
    writer.record(b"one\n")
    with pytest.raises(DiskRefuses, match="Read-only"):
        writer.record(b"two\n")
    disk.read_only(False)
    writer.close()
    assert disk.lines == b"one\n"


def test_close_fails_when_audio_does_not_fit_the_disk(disk: Disk) -> None:
    writer = disk.writer()
    disk.room(0)
    writer.append(b"ab")
    with pytest.raises(NotKept):
        writer.close()
    writer.close()


def test_writer_refuses_everything_after_close(disk: Disk) -> None:
    writer = disk.writer()
    writer.close()
    writer.close()
    with pytest.raises(NotKept, match="closed"):
        writer.append(b"ab")
    with pytest.raises(NotKept, match="closed"):
        writer.record(b"x\n")
    with pytest.raises(NotKept, match="closed"):
        writer.record()


def test_close_does_not_wait_for_a_thread_that_failed(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.journal.writer._ANSWER_S", 5.0)
    writer = TakeWriter(disk.audio, disk.events, seal=lambda line, number: line[10 // number :])
    with pytest.raises(ZeroDivisionError):
        writer.record(b"x\n")
    with pytest.raises(NotKept, match="closed"):
        writer.close()


def test_request_after_the_close_is_refused(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that has passed the check may send its request after that of ``close``."""
    writer, late = disk.writer(), _Request(lambda: b"", Future())
    monkeypatch.setattr(disk.events, "sync", lambda: writer._inbox.put(late))
    writer.close()
    assert isinstance(late.answer.exception(timeout=0.0), NotKept)


def test_record_raises_when_the_disk_does_not_answer(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.journal.writer._ANSWER_S", 0.0)
    monkeypatch.setattr("app.journal.writer._CATCH_UP_S", 0.05)
    released, writer = threading.Event(), disk.writer()
    monkeypatch.setattr(disk.events, "sync", released.wait)
    with pytest.raises(NotKept, match="the disk does not answer"):
        writer.record(b"one\n")
    released.set()
    wait_until_sync(lambda: disk.lines == b"one\n", "it is written late")
    monkeypatch.setattr("app.journal.writer._ANSWER_S", 60.0)  # otherwise the thread may still run
    writer.close()


def test_process_that_stood_still_gets_the_answer_of_the_disk(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline is over when the process wakes, before the thread of the journal could answer."""
    monkeypatch.setattr("app.journal.writer._ANSWER_S", 0.0)
    monkeypatch.setattr("app.journal.writer._CATCH_UP_S", 60.0)
    writer = disk.writer()
    writer.record(b"one\n")
    writer.record()
    assert disk.lines == b"one\n"
    monkeypatch.setattr("app.journal.writer._ANSWER_S", 60.0)
    writer.close()
