"""The process that serves the clipboard after insertion has ended."""

import asyncio
import errno
import os
import signal
import sys
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.insertion.wayland.clipboard_keeper import COMMAND, hand_over
from tests.helpers.waiting import DEADLINE_S, wait_until
from tests.helpers.wayland_desktop import WaylandDesktop

CONTENTS = {
    "clipboard": {"text/html": b"<b>b</b>", "image/png": bytes(range(256)) * 4000},
    "primary": {"text/plain;charset=utf-8": b"selected"},
}


def keepers(desktop: WaylandDesktop) -> list[psutil.Process]:
    """Return the keepers of this desktop."""
    place = desktop.environment["XDG_RUNTIME_DIR"]
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if COMMAND[-1] in process.cmdline() and process.environ().get("XDG_RUNTIME_DIR") == place:
                found.append(process)
    return found


async def test_keeper_serves_until_another_program_copies(sway: WaylandDesktop) -> None:
    sway.copy(b"before")
    sway.copy_all({"text/plain": b"before"}, primary=True)
    await wait_until(lambda: not keepers(sway), "no earlier one is left")
    assert await hand_over(sway.environment, lambda: CONTENTS)
    (keeper,) = keepers(sway)
    await wait_until(lambda: asyncio.to_thread(sway.holds, CONTENTS["clipboard"]), "it serves the clipboard")
    await wait_until(
        lambda: asyncio.to_thread(lambda: sway.holds(CONTENTS["primary"], primary=True)),
        "it serves the selected text",
    )
    sway.copy(b"newer")
    assert keeper.is_running(), "it still serves the selected text"
    sway.copy_all({"text/plain": b"newer"}, primary=True)
    await wait_until(lambda: not keepers(sway), "it has ended")
    assert await asyncio.to_thread(sway.copied) == b"newer"


async def test_contents_are_not_handed_over_without_a_compositor(tmp_path: Path) -> None:
    assert not await hand_over(os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}, lambda: CONTENTS)


async def test_contents_are_not_handed_over_without_room_for_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*command: str, **options: object) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr("asyncio.create_subprocess_exec", refuse)
    assert not await hand_over(os.environ, lambda: CONTENTS)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """The processes that were started."""
    found, create = list[Process](), asyncio.create_subprocess_exec

    async def noted(*command: str, **options: Any) -> Process:
        found.append(await create(*command, **options))
        return found[-1]

    monkeypatch.setattr("asyncio.create_subprocess_exec", noted)
    return found


async def test_keeper_that_hangs_while_it_starts_is_killed(
    monkeypatch: pytest.MonkeyPatch, started: list[Process]
) -> None:
    """A user who copies a text must not wait for it any longer."""
    hangs = (sys.executable, "-c", "import time; time.sleep(600)")
    monkeypatch.setattr("app.insertion.wayland.clipboard_keeper.COMMAND", hangs)
    monkeypatch.setattr("app.insertion.wayland.clipboard_keeper._START_S", 0.1)
    async with asyncio.timeout(DEADLINE_S):
        assert not await hand_over(os.environ, lambda: CONTENTS)
    assert started[0].returncode == -signal.SIGKILL


async def test_keeper_ends_when_its_starter_is_cancelled(
    monkeypatch: pytest.MonkeyPatch, started: list[Process]
) -> None:
    waits = (sys.executable, "-c", "import sys; sys.stdin.read()")
    monkeypatch.setattr("app.insertion.wayland.clipboard_keeper.COMMAND", waits)
    handing = asyncio.create_task(hand_over(os.environ, lambda: CONTENTS))
    await wait_until(lambda: started, "it has started")
    handing.cancel()
    with suppress(asyncio.CancelledError):
        await handing
    await wait_until(lambda: started[0].returncode is not None, "it has ended", 10.0)
