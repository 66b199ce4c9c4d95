"""Tests of how a command ends: exit statuses, signals, messages."""

import asyncio
import errno
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import typer

from app.core.errors import AppError
from app.core.process import FAILED, INTERRUPTED, TERMINATED, run
from client.errors import Unreachable
from runtime.logger import Logger
from speech.errors import AudioEmpty


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    return tmp_path


def status_of(work: Callable[[], Coroutine[Any, Any, int]], prepare: Callable[[], None] = lambda: None) -> int:
    with pytest.raises(typer.Exit) as left:
        run("test", work, prepare)
    return left.value.exit_code


async def gives(status: int) -> int:
    Logger("test").info("given", status=status)
    return status


def test_result_of_work_becomes_exit_status(home: Path) -> None:
    assert status_of(lambda: gives(0)) == 0
    assert status_of(lambda: gives(7)) == 7
    assert (home / "logs" / "test.jsonl").read_text().count('"given"') == 2


@pytest.mark.parametrize("error", [AppError("do this"), Unreachable("do this"), AudioEmpty("do this")])
def test_expected_errors_are_printed_without_traceback(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail() -> int:
        raise error

    def fail_before() -> None:
        raise error

    assert status_of(fail) == FAILED
    assert status_of(lambda: gives(0), fail_before) == FAILED
    assert capsys.readouterr().err == "do this\ndo this\n"


def test_refused_folder_is_named_with_its_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    async def write() -> int:
        raise OSError(errno.EROFS, "Read-only file system", "/home/me/x")

    assert status_of(write) == FAILED
    assert capsys.readouterr().err.startswith("/home/me/x cannot be used (Read-only file system): make its disk")


def test_unexpected_error_keeps_its_traceback() -> None:
    async def bug() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run("test", bug)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, INTERRUPTED), (signal.SIGTERM, TERMINATED)])
def test_signals_cancel_work_and_let_it_clean_up(number: signal.Signals, status: int) -> None:
    cleaned = []

    async def work() -> int:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(number)
        return 0

    assert status_of(work) == status
    assert cleaned == [number]
