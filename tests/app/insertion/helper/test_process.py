"""Helpers that start, fail and end. ``x11/test_inserter.py`` has whole insertions."""

import asyncio
import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from app.insertion.errors import HelperEnded, HelperFailed, ScreenMissing
from app.insertion.helper.frames import OpenRequest
from app.insertion.helper.inserter import X11_COMMAND
from app.insertion.helper.process import HelperProcess
from app.insertion.helper.service import SCREEN_GONE
from app.insertion.outcome import Target
from app.insertion.plan import Rules, Strategy
from runtime.event_names import LogEvent
from tests.helpers.desktop import PATIENT_S, Desktop, running_desktop
from tests.helpers.logs import capture_logs

ENDS = (sys.executable, "-c", "import sys; sys.exit(3)")
WRITES_NONSENSE = (sys.executable, "-c", "import time; print('x' * 100, flush=True); time.sleep(60)")


async def start(display: str, command: Sequence[str] = X11_COMMAND) -> HelperProcess:
    return await HelperProcess.start(
        OpenRequest(display, PATIENT_S, os.getpid()), None, [*command, str(PATIENT_S)]
    )


@pytest.mark.parametrize("command", [ENDS, WRITES_NONSENSE])
async def test_start_fails_when_the_helper_ends_or_sends_garbage(command: Sequence[str]) -> None:
    with pytest.raises(HelperEnded):
        await start(":0", command)


def no_process(*_words: object, **_options: object) -> NoReturn:
    raise BlockingIOError(errno.EAGAIN, "too many processes")


async def test_start_fails_without_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asyncio.create_subprocess_exec", no_process)
    with pytest.raises(HelperEnded) as ended:
        await start(":0")
    assert isinstance(ended.value.__cause__, BlockingIOError)


async def test_start_fails_without_a_screen() -> None:
    with pytest.raises(ScreenMissing, match="DISPLAY"):
        await start(":nowhere")


async def test_helper_answers_concurrent_requests(screen: Desktop) -> None:
    helper = await start(screen.display)
    assert await asyncio.gather(*(helper.find() for _ in range(20))) == [None] * 20
    with pytest.raises(HelperFailed, match="format"):
        await helper.insert("text", Target(2**40), Rules(Strategy.TYPE))
    assert await helper.find() is None
    await helper.close()
    await helper.close()
    assert helper.over


async def test_requests_fail_when_helper_has_ended(screen: Desktop) -> None:
    helper = await start(screen.display)
    helper.kill()
    with pytest.raises(HelperEnded) as ended:
        while True:
            await helper.find()
    assert not ended.value.pressed
    await helper.until_ended()
    helper.kill()
    with pytest.raises(HelperEnded):
        await helper.insert("text", Target(1), Rules())
    await helper.close()


async def test_helper_ends_when_its_screen_is_lost(tmp_path: Path) -> None:
    """The next helper connects again."""
    with running_desktop(tmp_path, tray=False) as desktop, capture_logs() as logs:
        helper = await start(desktop.display)
        await asyncio.to_thread(desktop.close)
        with pytest.raises(HelperEnded):
            await helper.find()
        await helper.until_ended()
        await helper.close()
    (end,) = [line for line in logs if line["event"] == LogEvent.INSERTION_HELPER_ENDED]
    assert end["status"] == SCREEN_GONE
