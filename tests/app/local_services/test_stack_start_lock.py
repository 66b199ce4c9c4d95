"""Tests that only one process at a time starts a gateway."""

import asyncio
import errno
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core.errors import StackFailed
from app.local_services.stack import starting_alone
from tests.helpers.waiting import wait_until

HOLDER = """
import asyncio
from app.local_services.stack import starting_alone
async def hold():
    async with starting_alone(5):
        print("held", flush=True)
        await asyncio.Event().wait()
asyncio.run(hold())
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))


async def test_start_lock_admits_one_holder_at_a_time() -> None:
    order: list[str] = []
    inside = asyncio.Event()

    async def second() -> None:
        await inside.wait()
        order.append("second waits")
        async with starting_alone(30):
            order.append("second")

    waiting = asyncio.create_task(second())
    async with starting_alone(5):
        inside.set()
        await wait_until(lambda: order, "the second one waits")
        order.append("first")
    await waiting
    assert order == ["second waits", "first", "second"]


@contextmanager
def holding() -> Iterator[None]:
    """Hold the lock in another process within the context."""
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    with holder.stdout:
        try:
            assert holder.stdout.readline() == b"held\n"
            yield
        finally:
            holder.kill()
            holder.wait()


async def test_start_lock_is_freed_by_kill_and_wait_ends_at_deadline() -> None:
    with holding(), pytest.raises(StackFailed, match=r"another process has been starting a gateway for 0\.2 s"):
        async with starting_alone(0.2):
            pass
    async with starting_alone(5):
        pass


async def test_folder_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "file"))
    with pytest.raises(StackFailed, match=r"file/run cannot be used \(Not a directory\): move away the file"):
        async with starting_alone(5):
            pass


async def test_file_system_without_locks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(StackFailed, match=r"starting.lock cannot be used .*no locks.*set KIKIPOUNAMU_HOME"):
        async with starting_alone(5):
            pass
