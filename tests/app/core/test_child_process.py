"""Tests with real processes that children are restarted, stopped and never left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.core.child_process import Child, find_program, lasting_program, restart_pause, useless_pause
from app.core.errors import StackFailed
from app.local_services.local_gateway import alive
from tests.helpers.logs import capture_logs
from tests.helpers.tmpfs import fill, small_disk
from tests.helpers.waiting import DEADLINE_S, wait_until, wait_until_sync

FOREVER = "import signal; print('up', flush=True); signal.pause()"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\n"
    "while True: signal.pause()"
)


def child(program: str, output: Path, final: frozenset[int] = frozenset()) -> Child:
    return Child("test", [sys.executable, "-c", program], output, final, pause=lambda failures: 0.0)


@asynccontextmanager
async def kept(one: Child) -> AsyncIterator[asyncio.Task[None]]:
    keeping = asyncio.create_task(one.keep_running())
    try:
        yield keeping
    finally:
        await one.stop(5)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def up(one: Child, output: Path) -> int:
    await wait_until(lambda: one.pid and output.exists() and "up" in output.read_text(), "the child runs")
    assert one.pid is not None
    return one.pid


async def test_killed_child_is_restarted(tmp_path: Path) -> None:
    one = child(FOREVER, tmp_path / "out")
    async with kept(one):
        first = await up(one, tmp_path / "out")
        os.kill(first, signal.SIGKILL)
        await wait_until(lambda: one.pid not in (None, first), "it is started again")
        assert one.status == -signal.SIGKILL
        assert one.starts == 2


async def test_child_that_is_stopped_while_it_starts_ends(tmp_path: Path) -> None:
    one = child(FOREVER, tmp_path / "out")
    keeping = asyncio.create_task(one.keep_running())
    await asyncio.sleep(0)  # it is being started
    assert (one.starts, one.pid) == (1, None)
    await one.stop(5)
    await asyncio.wait_for(keeping, 30)
    assert (one.status, one.starts) == (-signal.SIGKILL, 1)


async def test_child_that_cannot_start_is_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    output = tmp_path / "logs" / "out"
    output.parent.write_text("no folder can be made here")
    failures: list[int] = []

    def pause(count: int) -> float:
        failures.append(count)
        return 0.01

    one = Child("test", [sys.executable, "-c", FOREVER], output, pause=pause)
    with capture_logs() as logs:
        async with kept(one):
            await wait_until(lambda: len(failures) >= 2, "it was tried twice")
            assert (one.pid, one.last_words()) == (None, "")
            output.parent.unlink()
            await up(one, output)
    assert failures[:2] == [1, 2]
    assert {line["event"] for line in logs} == {"child.start_failed"} and all(line["reason"] for line in logs)


async def test_pause_counts_consecutive_failures(tmp_path: Path) -> None:
    failures: list[int] = []

    def pause(count: int) -> float:
        failures.append(count)
        return 0.0

    one = Child("test", [sys.executable, "-c", "raise SystemExit(1)"], tmp_path / "out", pause=pause)
    async with kept(one):
        await wait_until(lambda: len(failures) >= 3, "three failures")
    assert failures[:3] == [1, 2, 3]


def test_restart_pause_doubles_up_to_ten_seconds() -> None:
    assert [restart_pause(failures) for failures in (1, 2, 3, 7, 99)] == [0.25, 0.5, 1.0, 10.0, 10.0]


async def test_final_exit_raises_error_with_last_output(tmp_path: Path) -> None:
    program = "import sys; print('no such model'); sys.exit(3)"
    async with kept(child(program, tmp_path / "out", frozenset({3}))) as keeping:
        with pytest.raises(StackFailed, match=r"(?s)exit status 3.*no such model"):
            await asyncio.wait_for(keeping, 30)


@pytest.mark.parametrize("error", [BlockingIOError("no process"), RuntimeError("can't start new thread")])
async def test_child_is_started_again_once_the_system_has_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    begin, left = asyncio.create_subprocess_exec, [error]

    async def begin_at_last(*words: str, **options: Any) -> asyncio.subprocess.Process:
        if left:
            raise left.pop()
        return await begin(*words, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", begin_at_last)
    one = child(FOREVER, tmp_path / "out", frozenset({3}))
    one.status = 3  # of an earlier try
    async with kept(one):
        await up(one, tmp_path / "out")


async def test_persistent_child_is_restarted_after_final_exit(tmp_path: Path) -> None:
    mended = tmp_path / "mended"
    program = f"import pathlib, signal, sys\nif not pathlib.Path({str(mended)!r}).exists(): sys.exit(3)\n{FOREVER}"
    one, pauses = child(program, tmp_path / "out", frozenset({3})), list[int]()

    def pause(failures: int) -> float:
        pauses.append(failures)
        if failures == 3:
            mended.touch()
        return 0.01

    trying = asyncio.create_task(one.keep_trying(pause=pause))
    try:
        await up(one, tmp_path / "out")
        assert (pauses, one.given_up) == ([1, 2, 3], None)
    finally:
        await one.stop(5)
        await asyncio.wait_for(trying, DEADLINE_S)


async def test_persistent_child_stops_during_pause_and_keeps_its_error(tmp_path: Path) -> None:
    one = child("raise SystemExit(3)", tmp_path / "out", frozenset({3}))
    trying = asyncio.create_task(one.keep_trying())
    await wait_until(lambda: one.given_up, "it pauses")
    assert one.given_up is not None and one.given_up.status == 3
    await one.stop(5)
    await asyncio.wait_for(trying, DEADLINE_S)


async def test_persistent_child_ends_with_status_in_for_good(tmp_path: Path) -> None:
    one = child("raise SystemExit(4)", tmp_path / "out", frozenset({3, 4}))
    with pytest.raises(StackFailed, match="exit status 4"):
        await asyncio.wait_for(one.keep_trying(frozenset({4})), 30)


def test_useless_pause_doubles_up_to_five_minutes() -> None:
    assert [useless_pause(failures) for failures in (1, 2, 5, 6, 99)] == [10.0, 20.0, 160.0, 300.0, 300.0]


async def test_child_stops_on_request(tmp_path: Path) -> None:
    one = child(FOREVER, tmp_path / "out")
    async with kept(one) as keeping:
        pid = await up(one, tmp_path / "out")
        await one.stop(10)
        await one.stop(10)
        await asyncio.wait_for(keeping, DEADLINE_S)
        assert not alive(pid)
        assert one.starts == 1


async def test_child_that_ignores_sigterm_is_killed_at_deadline(tmp_path: Path) -> None:
    one = child(STUBBORN, tmp_path / "out")
    async with kept(one) as keeping:
        pid = await up(one, tmp_path / "out")
        await one.stop(0.1)
        await asyncio.wait_for(keeping, DEADLINE_S)
        assert not alive(pid)


async def test_cancelled_keeper_leaves_no_process(tmp_path: Path) -> None:
    one = child(FOREVER, tmp_path / "out")
    async with kept(one) as keeping:
        pid = await up(one, tmp_path / "out")
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await wait_until(lambda: not alive(pid), "the child is gone")


def test_child_ends_when_parent_is_killed(tmp_path: Path) -> None:
    parent = f"""
import asyncio, sys
from pathlib import Path
from app.core.child_process import Child
asyncio.run(Child("test", [sys.executable, "-c", {FOREVER!r}], Path({str(tmp_path / "out")!r})).keep_running())
"""
    process = subprocess.Popen([sys.executable, "-c", parent])
    try:
        wait_until_sync(lambda: (tmp_path / "out").exists() and (tmp_path / "out").read_text(), "the child runs")
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
    finally:
        process.kill()
        process.wait()
    wait_until_sync(lambda: not any(alive(one.pid) for one in children), "the child is gone")


def test_find_program_prefers_folder_of_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("kikipounamu-worker", "kiki-only-here"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_program("kikipounamu-worker") == str(Path(sys.executable).parent / "kikipounamu-worker")
    assert find_program("kiki-only-here") == str(tmp_path / "kiki-only-here")
    with pytest.raises(StackFailed, match="install"):
        find_program("kiki-nowhere")


def test_last_words_are_empty_without_output(tmp_path: Path) -> None:
    assert child("", tmp_path / "none").last_words() == ""
    assert Child("test", ["x"], None).last_words() == ""


def test_full_disk_is_named_when_it_took_no_last_words(tmp_path: Path) -> None:
    with small_disk(tmp_path / "logs") as disk:
        (disk / "out").touch()
        fill(disk)
        assert child("", disk / "out").last_words() == f": the disk is full: make room in {disk}"


async def test_last_words_are_known_when_their_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way")
    one = child("import sys; sys.exit('the disk is read-only')", tmp_path / "logs" / "out", final=frozenset({1}))
    with pytest.raises(StackFailed, match="the disk is read-only"):
        await one.keep_running()


async def test_secrets_are_passed_in_environment_but_not_on_command_line(tmp_path: Path) -> None:
    one = child(
        "import os, signal; print(os.environ['SECRET'], 'up', flush=True); signal.pause()", tmp_path / "out"
    )
    one.secrets = {"SECRET": "hush"}
    async with kept(one):
        pid = await up(one, tmp_path / "out")
        assert (tmp_path / "out").read_text().startswith("hush")
        assert "hush" not in " ".join(psutil.Process(pid).cmdline())


def test_lasting_program_is_the_file_of_an_app_image(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ours = str(Path(sys.executable).parent / "kikipounamu")
    assert lasting_program("kikipounamu") == ours
    monkeypatch.setenv("APPIMAGE", "/home/me/kikipounamu.AppImage")
    monkeypatch.setenv("APPDIR", str(tmp_path))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert lasting_program("kikipounamu") == ours, "started from another image, a terminal's for example"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "usr" / "lib" / "kikipounamu" / "kikipounamu"))
    assert lasting_program("kikipounamu") == "/home/me/kikipounamu.AppImage"
