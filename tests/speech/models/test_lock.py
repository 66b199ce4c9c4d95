"""Locks between processes that end with their holder."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from speech.models.errors import ModelBusy, Stopped
from speech.models.lock import hold_lock, is_locked
from speech.models.stop import Stop

HOLD = """
import sys
from pathlib import Path
from speech.models.lock import hold_lock
with hold_lock(Path(sys.argv[1]), 0, lambda: None):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run another process that holds the lock until its stdin closes."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_second_process_waits_for_the_lock_then_gives_up(tmp_path: Path) -> None:
    calls: list[str] = []
    with (
        holder(tmp_path / "tiny.lock"),
        pytest.raises(ModelBusy, match="tiny"),
        hold_lock(tmp_path / "tiny.lock", 0.2, lambda: calls.append("waiting")),
    ):
        raise AssertionError("two processes hold the lock")
    assert calls == ["waiting"]


def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    with holder(tmp_path / "tiny.lock") as process:
        process.kill()
        process.wait()
        with hold_lock(tmp_path / "tiny.lock", 10, lambda: None):
            pass


def test_lock_is_taken_when_the_holder_releases_it(tmp_path: Path) -> None:
    with holder(tmp_path / "tiny.lock") as process:
        assert process.stdin is not None
        with hold_lock(tmp_path / "tiny.lock", 30, process.stdin.close):
            assert process.wait(10) == 0


def test_free_lock_is_taken_without_waiting(tmp_path: Path) -> None:
    def unexpected() -> None:
        raise AssertionError("waited for a free lock")

    for _ in range(2):
        with hold_lock(tmp_path / "tiny.lock", 0, unexpected):
            pass


def test_held_lock_is_reported_and_its_wait_can_be_stopped(tmp_path: Path) -> None:
    path, stop = tmp_path / "tiny.lock", Stop()
    assert not is_locked(path)
    with hold_lock(path, 0, lambda: None):
        assert is_locked(path)
        with pytest.raises(Stopped), hold_lock(path, 1e6, stop.request, stop):
            raise AssertionError("two hold the lock")
    assert not is_locked(path)
