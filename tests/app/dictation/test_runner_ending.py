"""Tests of what the end of the app completes."""

import asyncio
import threading
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.journal.library import Library
from client.connection import Address, fixed
from protocol.audio import SAMPLE_RATE
from tests.app.dictation.world import dictating
from tests.helpers.waiting import wait_until

NOWHERE = fixed(Address("http://127.0.0.1:1"))


class SlowLibrary(Library):
    """Library whose disk deletes nothing until it is free."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked, self.free = threading.Event(), threading.Event()

    def discard(self, session: UUID) -> bool:
        self.asked.set()
        assert self.free.wait(30)
        return super().discard(session)


async def test_recording_of_a_tap_is_deleted_although_the_app_ends_meanwhile(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.app.dictation.world.Library", SlowLibrary)
    options = DictationOptions(TalkMode.HOLD, keys={"dictate": "right_ctrl"})
    async with dictating(tmp_path, models, NOWHERE, np.zeros(SAMPLE_RATE, np.int16), options) as world:
        library = world.library
        assert isinstance(library, SlowLibrary)
        world.hotkeys.press()
        world.hotkeys.release()
        await wait_until(library.asked.is_set, "the take is being deleted")
        asyncio.get_running_loop().call_later(0.1, library.free.set)
    assert world.found == []
