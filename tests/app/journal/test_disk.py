"""Files and locks of a take, with real processes."""

import errno
import io
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.journal.disk import AUDIO, DISK, LOCK, DiskFile, TakeLock, is_locked
from app.journal.errors import TakeBusy
from runtime.locking import try_lock
from tests.app.journal.files import NotingDisk

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

HOLD = """
import sys
from pathlib import Path
from app.journal.disk import TakeLock
lock = TakeLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_file_is_private_and_appended_to(tmp_path: Path) -> None:
    file = DiskFile(tmp_path / AUDIO)
    assert file.write(b"abc") == 3
    file.sync()
    file.truncate(1)
    file.write(b"xy")
    assert file.size == 3
    file.close()
    file.close()
    assert (tmp_path / AUDIO).read_bytes() == b"axy"
    assert stat.S_IMODE((tmp_path / AUDIO).stat().st_mode) == 0o600
    again = DiskFile(tmp_path / AUDIO)
    assert again.size == 3
    again.close()


class PageCache:
    """The writes of this process, as Linux keeps them: a sync that ``fails`` drops unsynced writes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.disk = bytearray()
        self.fails = False
        self._dirty: list[tuple[int, bytes]] = []
        dirty, pwrite = self._dirty, os.pwrite

        class Page(io.FileIO):
            def write(self, data: "Buffer") -> int:
                dirty.append((self.tell(), bytes(data)))
                return super().write(data)

        def append(descriptor: int, data: bytes) -> int:
            dirty.append((os.fstat(descriptor).st_size, data))
            return pwrite(descriptor, data, 0)  # the file is open for appending

        monkeypatch.setattr(os, "write", append)
        monkeypatch.setattr(os, "fdatasync", self._sync)
        monkeypatch.setattr(Path, "open", lambda path, mode, buffering=-1: Page(path, mode.replace("b", "")))

    def _sync(self, descriptor: int) -> None:
        pages, self._dirty[:] = list(self._dirty), []
        if self.fails:
            raise OSError(errno.EIO, "Input/output error")
        for at, data in pages:
            self.disk.extend(bytes(max(0, at + len(data) - len(self.disk))))
            self.disk[at : at + len(data)] = data


def test_sync_writes_again_what_a_failed_sync_may_have_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the error Linux counts the pages as written: only writing them again brings them to the disk."""
    cache, file = PageCache(monkeypatch), DiskFile(tmp_path / AUDIO)
    file.write(b"ab")
    file.sync()
    cache.fails = True
    for data in (b"cd", b"ef"):
        file.write(data)
        with pytest.raises(OSError, match="Input/output"):
            file.sync()
    cache.fails = False
    file.write(b"gh")
    file.sync()
    assert cache.disk == (tmp_path / AUDIO).read_bytes() == b"abcdefgh"
    cache.disk[:] = b""
    file.write(b"ij")
    file.sync()
    assert cache.disk == bytes(8) + b"ij", "what is on the disk is not written again"
    file.close()


def test_sync_after_a_failure_keeps_an_earlier_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, file = PageCache(monkeypatch), DiskFile(tmp_path / AUDIO)
    file.write(b"abc")
    file.sync()
    file.truncate(1)
    file.write(b"xyz")
    cache.fails = True
    with pytest.raises(OSError, match="Input/output"):
        file.sync()
    cache.fails = False
    file.sync()
    assert cache.disk == (tmp_path / AUDIO).read_bytes() == b"axyz"
    file.close()


def test_take_lock_has_a_single_holder(tmp_path: Path) -> None:
    assert not is_locked(tmp_path)
    lock = TakeLock(tmp_path)
    assert is_locked(tmp_path)
    with pytest.raises(TakeBusy, match=tmp_path.name):
        TakeLock(tmp_path)
    lock.release()
    lock.release()
    assert not is_locked(tmp_path)
    assert stat.S_IMODE((tmp_path / LOCK).stat().st_mode) == 0o600


def test_lock_can_be_taken_while_another_process_checks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.journal.disk._CHECK_S", 10.0)  # the timer is late on a busy machine
    TakeLock(tmp_path).release()
    looking = os.open(tmp_path / LOCK, os.O_RDWR)
    assert try_lock(looking, shared=True)
    assert not is_locked(tmp_path), "another one may look at the same time"
    soon = threading.Timer(0.05, os.close, (looking,))
    soon.start()
    TakeLock(tmp_path).release()
    soon.join()


def test_take_lock_ends_with_its_process(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        assert is_locked(tmp_path)
        process.kill()
        process.wait()
        assert not is_locked(tmp_path)


def test_missing_folder_is_not_locked(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "none")
    assert not is_locked(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_sync_reaches_the_system() -> None:
    """``/dev/null`` has no disk: the system refuses to sync it."""
    file = DISK.open(Path(os.devnull))
    with pytest.raises(OSError, match="Invalid argument"):
        file.sync()
    file.close()
    with pytest.raises(OSError, match="Invalid argument"):
        DISK.sync_folder(Path(os.devnull))


def test_new_parent_folders_are_synced_from_the_top(tmp_path: Path) -> None:
    disk = NotingDisk()
    disk.make_root(tmp_path / "home" / "data" / "takes")
    assert disk.log == [f"sync {tmp_path.name}/", "sync home/", "sync data/"]
    disk.make_root(tmp_path / "home" / "data" / "takes")
    assert len(disk.log) == 3


def test_take_without_locks_counts_as_in_use_and_leaves_no_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file server may lose its locks while an app records there."""

    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    TakeLock(tmp_path).release()
    monkeypatch.setattr("fcntl.flock", refuse)
    before = os.listdir("/proc/self/fd")
    with pytest.raises(OSError, match="no locks"):
        TakeLock(tmp_path)
    assert is_locked(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == len(before)
