"""Hotkeys whose X server or keyboard thread fails; ``test_x11`` has the rest."""

import asyncio
import os
import sys
import threading
from pathlib import Path

import pytest

from app.hotkeys.errors import HotkeysUnavailable
from app.hotkeys.x11 import X11Hotkeys
from app.hotkeys.x11_keyboard import Keyboard
from tests.helpers.desktop import running_desktop
from tests.helpers.logs import capture_logs
from tests.helpers.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: an X server")


async def test_hotkeys_are_unavailable_without_a_server() -> None:
    with pytest.raises(HotkeysUnavailable, match="kikipounamu toggle"):
        async with X11Hotkeys("no name of a display"):
            pass


async def test_hotkeys_become_unavailable_when_the_server_ends(tmp_path: Path) -> None:
    with running_desktop(tmp_path, tray=False) as desktop:
        async with X11Hotkeys(desktop.display) as hotkeys:
            await hotkeys.bind({"dictate": "f9"})
            await asyncio.to_thread(desktop.close)
            with pytest.raises(HotkeysUnavailable, match="does not answer"):
                async for _ in hotkeys.events():
                    pass
            with pytest.raises(HotkeysUnavailable):
                await hotkeys.is_down("dictate")


async def test_keyboard_is_closed_when_its_server_answers_after_the_caller_left() -> None:
    asked, answer, closed = threading.Event(), threading.Event(), threading.Event()

    def connect(report: object) -> _Broken:
        asked.set()
        answer.wait(30)
        return _Broken(closed)

    async def enter() -> None:
        async with X11Hotkeys(connect=connect):
            pass

    entering = asyncio.create_task(enter())
    await wait_until(asked.is_set, "the thread connects")
    entering.cancel()
    await asyncio.sleep(0)  # the task leaves its wait and begins to close
    answer.set()
    with pytest.raises(asyncio.CancelledError):
        await entering
    assert closed.is_set()


async def test_internal_error_while_connecting_is_raised_at_once() -> None:
    def connect(report: object) -> Keyboard:
        raise ValueError("on purpose")

    with capture_logs() as logs, pytest.raises(HotkeysUnavailable, match="see the log"):
        async with X11Hotkeys(connect=connect):
            pass
    assert [line["event"] for line in logs] == ["hotkeys.failed"]


async def test_internal_error_is_raised_to_the_event_reader() -> None:
    with capture_logs() as logs:
        async with X11Hotkeys(connect=lambda report: _Broken()) as hotkeys:
            with pytest.raises(HotkeysUnavailable, match="see the log"):
                async for _ in hotkeys.events():
                    pass
    assert [line["event"] for line in logs] == ["hotkeys.failed"]


async def test_request_after_the_end_writes_to_no_other_file() -> None:
    async with X11Hotkeys(connect=lambda report: _Broken()) as hotkeys:
        pass
    reading, writing = os.pipe()  # they get the numbers that the hotkeys had
    try:
        with pytest.raises(HotkeysUnavailable):
            await hotkeys.is_down("dictate")
        os.set_blocking(reading, False)
        with pytest.raises(BlockingIOError):
            os.read(reading, 1)
    finally:
        os.close(reading)
        os.close(writing)


class _Broken(Keyboard):
    """A keyboard without a display, whose ``fileno`` raises an error."""

    holding = False

    def __init__(self, closed: threading.Event | None = None) -> None:
        self._closed = closed or threading.Event()

    def fileno(self) -> int:
        raise ValueError("on purpose")

    def close(self) -> None:
        self._closed.set()

    def is_down(self, action: str) -> bool:
        return False
