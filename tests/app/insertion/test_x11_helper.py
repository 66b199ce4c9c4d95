"""Helpers that start, fail and end; whole insertions are in ``test_x11.py``."""

import asyncio
import os
import sys
from collections.abc import Sequence

import pytest

from app.insertion.errors import HelperEnded, HelperFailed, ScreenMissing
from app.insertion.outcome import Target
from app.insertion.plan import Rules, Strategy
from app.insertion.x11_frames import Open
from app.insertion.x11_helper import COMMAND, Helper
from tests.helpers.desktop import PATIENT_S, Desktop

ENDS = (sys.executable, "-c", "import sys; sys.exit(3)")
WRITES_NONSENSE = (sys.executable, "-c", "import time; print('x' * 100, flush=True); time.sleep(60)")


async def start(display: str, command: Sequence[str] = COMMAND) -> Helper:
    return await Helper.start(Open(display, PATIENT_S, os.getpid()), None, PATIENT_S, command)


@pytest.mark.parametrize("command", [ENDS, WRITES_NONSENSE])
async def test_helper_that_does_not_start_is_told(command: Sequence[str]) -> None:
    with pytest.raises(HelperEnded):
        await start(":0", command)


async def test_helper_without_screen_is_told() -> None:
    with pytest.raises(ScreenMissing, match="DISPLAY"):
        await start(":nowhere")


async def test_helper_answers_in_any_order(screen: Desktop) -> None:
    helper = await start(screen.display)
    assert await asyncio.gather(*(helper.find() for _ in range(20))) == [None] * 20
    with pytest.raises(HelperFailed, match="format"):
        await helper.insert("text", Target(2**40), Rules(Strategy.TYPE))
    assert await helper.find() is None
    await helper.close()
    await helper.close()
    assert helper.over


async def test_questions_fail_when_helper_has_ended(screen: Desktop) -> None:
    helper = await start(screen.display)
    helper.kill()
    with pytest.raises(HelperEnded) as ended:
        while True:
            await helper.find()
    assert not ended.value.pressed
    await helper.ended()
    helper.kill()
    with pytest.raises(HelperEnded):
        await helper.insert("text", Target(1), Rules())
    await helper.close()
