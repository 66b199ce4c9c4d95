"""The thread that writes: on real files, and on disks that are full, slow or broken."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.capture.backlog import Keeping
from app.capture.disk import AUDIO, EVENTS
from app.capture.errors import DiskRefuses, NotKept
from app.capture.writer import Writer
from runtime.logs import logging_to
from tests.app.capture.files import FaultyFile
from tests.helpers.waiting import wait_until_sync

SECOND = bytes(range(256)) * 125  # 32,000 bytes


class Disk:
    """A folder with both files, and what happened to them in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log: list[str] = []
        self.audio = FaultyFile(folder / AUDIO, self.log.append)
        self.events = FaultyFile(folder / EVENTS, self.log.append)

    def writer(self, most: int = 60 * len(SECOND), sync_s: float = 0.02) -> Writer:
        return Writer(self.audio, self.events, most, sync_s, seal=lambda line, number: line)

    def room(self, size: int | None) -> None:
        self.audio.room = self.events.room = size

    @property
    def pcm(self) -> bytes:
        return (self.folder / AUDIO).read_bytes()

    @property
    def lines(self) -> bytes:
        return (self.folder / EVENTS).read_bytes()


@pytest.fixture(autouse=True)
def as_in_main() -> Iterator[None]:
    with logging_to("test", None, terminal=False):
        yield


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    yield Disk(tmp_path)
    assert not [thread for thread in threading.enumerate() if thread.name == "journal/writer"]


def test_audio_is_written_and_synced_without_being_asked(disk: Disk) -> None:
    writer = disk.writer()
    writer.hear(SECOND)
    wait_until_sync(lambda: disk.audio.synced == len(SECOND), "the audio is synced")
    assert disk.pcm == SECOND
    writer.hear(b"more")
    wait_until_sync(lambda: disk.audio.synced == len(SECOND) + 4, "the rest is synced")
    writer.close()
    assert writer.written == writer.synced == writer.heard == len(SECOND) + 4


def test_an_idle_writer_leaves_the_disk_alone(disk: Disk) -> None:
    writer = disk.writer(sync_s=0.001)
    writer.hear(b"ab")
    wait_until_sync(lambda: writer.synced == 2, "it is synced")
    writer.hear(b"cd")
    wait_until_sync(lambda: writer.synced == 4, "it is synced")
    assert disk.log.count("sync audio.pcm16") == 2
    writer.close()


def test_an_event_is_on_disk_after_the_audio_before_it(disk: Disk) -> None:
    writer = disk.writer(sync_s=1_000)
    writer.hear(b"ab")
    writer.record(b"one\n")
    assert disk.log == ["write audio.pcm16 2", "sync audio.pcm16", "write events.jsonl 4", "sync events.jsonl"]
    writer.record(b"two\n", durable=False)
    assert disk.log[4:] == ["write events.jsonl 4"]
    writer.close()
    assert disk.lines == b"one\ntwo\n"


def test_flush_means_on_disk(disk: Disk) -> None:
    writer = disk.writer(sync_s=1_000)
    writer.hear(SECOND)
    writer.flush()
    assert disk.audio.synced == len(SECOND)
    writer.close()


def test_writer_syncs_both_files_when_it_closes(disk: Disk) -> None:
    writer = disk.writer(sync_s=1_000)
    writer.record(b"one\n", durable=False)
    writer.hear(b"ab")
    writer.close()
    assert disk.log[-3:] == ["write audio.pcm16 2", "sync audio.pcm16", "sync events.jsonl"]
    assert (disk.audio.synced, disk.events.synced) == (2, 4)


def test_a_full_disk_leaves_audio_in_memory_until_there_is_room(disk: Disk) -> None:
    writer = disk.writer()
    disk.room(1001)
    writer.hear(SECOND)
    wait_until_sync(lambda: writer.keeping is Keeping.WAITING, "the state is told")
    assert disk.pcm == SECOND[:1001]
    assert writer.unwritten(0, 1_101) == SECOND[1001:1101]
    writer.hear(b"more")
    disk.room(None)
    wait_until_sync(lambda: writer.keeping is Keeping.WRITING, "it is written")
    wait_until_sync(lambda: disk.audio.synced == len(SECOND) + 4, "it is synced")
    assert disk.pcm == SECOND + b"more"
    writer.close()


def test_memory_has_a_bound_and_refuses_what_is_over_it(disk: Disk) -> None:
    writer = disk.writer(most=2 * len(SECOND))
    disk.room(0)
    writer.hear(SECOND)
    wait_until_sync(lambda: writer.keeping is Keeping.WAITING, "the disk is full")
    writer.hear(SECOND)
    assert writer.keeping is Keeping.FULL
    with pytest.raises(NotKept, match=r"takes nothing \(No space left on device\).* 2 s"):
        writer.hear(b"ab")
    disk.room(None)
    wait_until_sync(lambda: writer.keeping is Keeping.WRITING, "there is room")
    writer.hear(b"ab")
    writer.close()
    assert disk.pcm == SECOND + SECOND + b"ab"


def test_an_event_that_does_not_fit_is_refused_and_leaves_no_half_line(disk: Disk) -> None:
    writer = disk.writer()
    writer.record(b"one\n")
    disk.events.room = 2
    with pytest.raises(NotKept, match="No space left on device"):
        writer.record(b"lost\n")
    disk.events.room = None
    writer.record(b"two\n")
    writer.close()
    assert disk.lines == b"one\ntwo\n"


def test_a_refusal_stands_until_the_disk_has_taken_something(disk: Disk) -> None:
    writer = disk.writer()
    disk.room(0)
    with pytest.raises(DiskRefuses):
        writer.record(b"lost\n")
    writer.flush()  # has nothing to write
    assert writer.keeping is Keeping.WAITING
    disk.room(None)
    writer.record(b"one\n")
    wait_until_sync(lambda: writer.keeping is Keeping.WRITING, "the disk has taken it")
    writer.close()


def test_no_event_overtakes_audio_that_does_not_fit(disk: Disk) -> None:
    writer = disk.writer()
    disk.audio.room = 0
    writer.hear(b"ab")
    with pytest.raises(NotKept):
        writer.record(b"one\n")
    assert disk.lines == b""
    disk.room(None)
    writer.close()
    assert disk.pcm == b"ab"


def test_a_disk_that_cannot_sync_is_not_believed(disk: Disk) -> None:
    writer = disk.writer()
    disk.audio.broken = True
    writer.hear(b"ab")
    wait_until_sync(lambda: writer.keeping is Keeping.WAITING, "the state is told")
    with pytest.raises(NotKept, match="Input/output error"):
        writer.record(b"one\n")
    disk.audio.broken = False
    writer.record(b"two\n")
    writer.close()
    assert (disk.pcm, disk.lines) == (b"ab", b"two\n")


def test_closing_on_a_full_disk_says_that_something_is_lost(disk: Disk) -> None:
    writer = disk.writer()
    disk.room(0)
    writer.hear(b"ab")
    with pytest.raises(NotKept):
        writer.close()
    writer.close()


def test_nothing_is_taken_after_the_end(disk: Disk) -> None:
    writer = disk.writer()
    writer.close()
    writer.close()
    with pytest.raises(NotKept, match="closed"):
        writer.hear(b"ab")
    with pytest.raises(NotKept, match="closed"):
        writer.record(b"x\n")
    with pytest.raises(NotKept, match="closed"):
        writer.flush()
