"""Files and locks of a take, with real processes."""

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.journal.disk import AUDIO, DISK, LOCK, DiskFile, TakeLock, locked, sync_folder
from app.journal.errors import TakeBusy
from runtime.locking import try_lock
from tests.app.journal.files import NotingDisk

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


def test_take_lock_has_a_single_holder(tmp_path: Path) -> None:
    assert not locked(tmp_path)
    lock = TakeLock(tmp_path)
    assert locked(tmp_path)
    with pytest.raises(TakeBusy, match=tmp_path.name):
        TakeLock(tmp_path)
    lock.release()
    lock.release()
    assert not locked(tmp_path)
    assert stat.S_IMODE((tmp_path / LOCK).stat().st_mode) == 0o600


def test_lock_can_be_taken_while_another_process_checks_it(tmp_path: Path) -> None:
    TakeLock(tmp_path).release()
    looking = os.open(tmp_path / LOCK, os.O_RDWR)
    assert try_lock(looking, shared=True)
    assert not locked(tmp_path), "another one may look at the same time"
    soon = threading.Timer(0.05, os.close, (looking,))
    soon.start()
    TakeLock(tmp_path).release()
    soon.join()


def test_take_lock_ends_with_its_process(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        assert locked(tmp_path)
        process.kill()
        process.wait()
        assert not locked(tmp_path)


def test_missing_folder_is_not_locked(tmp_path: Path) -> None:
    assert not locked(tmp_path / "none")
    assert not locked(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_folder_can_be_synced(tmp_path: Path) -> None:
    sync_folder(tmp_path)
    if sys.platform != "win32":
        with pytest.raises(OSError, match="none"):
            sync_folder(tmp_path / "none")


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_sync_reaches_the_system() -> None:
    """``/dev/null`` has no disk: the system refuses to sync it."""
    file = DISK.open(Path(os.devnull))
    with pytest.raises(OSError, match="Invalid argument"):
        file.sync()
    file.close()
    with pytest.raises(OSError, match="Invalid argument"):
        sync_folder(Path(os.devnull))


def test_new_parent_folders_are_synced_from_the_top(tmp_path: Path) -> None:
    disk = NotingDisk()
    disk.make_root(tmp_path / "home" / "data" / "takes")
    assert disk.log == [f"sync {tmp_path.name}/", "sync home/", "sync data/"]
    disk.make_root(tmp_path / "home" / "data" / "takes")
    assert len(disk.log) == 3
