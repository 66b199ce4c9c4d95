"""The streaming worker beside this computer's worker."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.child_process import Child
from app.local_services import local_worker as module
from app.local_services.local_worker import installed_live_model, live_text
from runtime.folders import folders
from tests.helpers.waiting import wait_until


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Return a function that lets a shell script be the worker, and returns the file of its output."""

    def write(script: str) -> Path:
        monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
        folders().logs.mkdir(parents=True)
        program = tmp_path / "program"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)
        monkeypatch.setattr(module, "find_program", lambda name: str(program))
        return folders().logs / "kikipounamu-worker-stream.out"

    return write


async def test_streaming_worker_runs_during_the_context(stand_in: Callable[[str], Path]) -> None:
    output = stand_in('echo "$@"\nexec sleep 600')
    async with live_text(lambda: "a-model") as child:
        assert child is not None
        await wait_until(lambda: output.exists() and output.read_text().strip(), "it runs")
        assert output.read_text().split() == ["stream", "--model", "a-model"] and child.pid
    assert child.pid is None


async def test_streaming_worker_that_ends_slowly_is_killed_although_its_user_is_cancelled_again(
    stand_in: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Switching a worker off cancels it every half second, and the streaming worker may take longer to end."""
    monkeypatch.setattr(module, "_LIVE_STOP_S", 0.2)
    output, children = stand_in("trap '' TERM\necho begun\nwhile :; do sleep 0.1; done"), list[Child]()

    async def use() -> None:
        async with live_text(lambda: "a-model") as child:
            assert child is not None
            children.append(child)
            await asyncio.Event().wait()

    using = asyncio.create_task(use())
    await wait_until(lambda: output.exists() and output.read_text() == "begun\n", "it runs")
    for _ in range(3):
        using.cancel()
        await asyncio.sleep(0)
    await asyncio.wait({using})
    assert [child.pid for child in children] == [None]


async def test_streaming_worker_needs_an_installed_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    assert installed_live_model() == ""
    async with live_text() as child:
        assert child is None
