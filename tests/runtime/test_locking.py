import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.folders import refusal
from runtime.locking import try_lock
from tests.helpers.waiting import wait_until_sync

_HOLDER = """
import os, sys
from runtime.locking import try_lock
print(try_lock(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)), flush=True)
sys.stdin.read()
"""


@contextmanager
def opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def test_lock_is_free_when_its_file_is_closed(tmp_path: Path) -> None:
    with opened(tmp_path / "lock") as second:
        with opened(tmp_path / "lock") as first:
            assert try_lock(first) and not try_lock(second)
        assert try_lock(second)


@pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: shared locks")
def test_shared_lock_excludes_only_exclusive_holders(tmp_path: Path) -> None:
    with (
        opened(tmp_path / "lock") as first,
        opened(tmp_path / "lock") as second,
        opened(tmp_path / "lock") as third,
    ):
        assert try_lock(first, shared=True) and try_lock(second, shared=True)
        assert not try_lock(third)


def test_lock_is_free_when_its_process_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "True\n"
        with opened(tmp_path / "lock") as ours:
            assert not try_lock(ours)
            holder.kill()
            wait_until_sync(lambda: try_lock(ours), "the lock is free")


@pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: locks of whole files")
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_file_system_without_locks_is_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    with opened(tmp_path / "lock") as descriptor, pytest.raises(OSError, match="no locks") as refused:
        try_lock(descriptor)
    assert refused.value.errno == errno.ENOLCK and "set KIKIPOUNAMU_HOME" in refusal(refused.value, tmp_path)
