"""Tests of what the end of the app completes."""

import asyncio
import threading
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from app.dictation.actions import Verb
from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.journal.disk import Disk
from app.journal.journal import Journal
from app.journal.library import Library
from app.journal.take import TakeState
from app.transcription.pipeline import Samples
from client.connection import Address, Locate, fixed_locator
from protocol.audio import SAMPLE_RATE
from tests.app.dictation.world import WINDOW, World, dictating
from tests.helpers.waiting import wait_until

NOWHERE = fixed_locator(Address("http://127.0.0.1:1"))


class SlowLibrary(Library):
    """Library whose disk deletes nothing until it is released."""

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


async def test_app_ends_only_when_its_journals_are_closed(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner of the app cancels again while a slow disk stores the last of the speech."""
    asked, free, close = threading.Event(), threading.Event(), Journal.close

    def close_slowly(journal: Journal) -> None:
        asked.set()
        assert free.wait(30)
        close(journal)

    async with dictating(tmp_path, models, NOWHERE, np.zeros(SAMPLE_RATE, np.int16), DictationOptions()) as world:
        assert world.running is not None
        world.dictating.ask(Verb.START)
        await world.all_heard()
        await wait_until(lambda: [take.samples for take in world.found] == [SAMPLE_RATE], "all is kept")
        monkeypatch.setattr(Journal, "close", close_slowly)
        world.running.cancel()
        await wait_until(asked.is_set, "the journal is being closed")
        for _ in range(3):
            world.running.cancel()
            await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.1, free.set)
        await asyncio.wait({world.running})
        assert [take.state for take in world.found] == [TakeState.INTERRUPTED]


async def test_app_ends_only_when_its_takes_have_ended(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner of the app cancels again and again while a slow disk creates the journal of a take."""
    free = threading.Event()
    monkeypatch.setattr(Disk, "sync_folder", lambda disk, folder: free.wait())
    async with dictating(tmp_path, models, NOWHERE, np.zeros(SAMPLE_RATE, np.int16), DictationOptions()) as world:
        assert world.running is not None
        world.dictating.ask(Verb.START)
        await world.all_heard()
        for _ in range(6):
            world.running.cancel()
            for _ in range(5):
                await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.1, free.set)
        await asyncio.wait({world.running})
        assert [(take.samples, take.state) for take in world.found] == [(SAMPLE_RATE, TakeState.INTERRUPTED)]


def texts_of(world: World) -> list[str]:
    """Return the texts of the newest take so far."""
    return [segment.text for segment in world.found[0].transcript.segments if segment.text]


@pytest.mark.parametrize("end", ["quit again", "cancelled"])
async def test_insertion_under_way_is_recorded_when_the_app_ends_at_once(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate, end: str
) -> None:
    async with dictating(tmp_path, models, locate, talk, DictationOptions(TalkMode.TOGGLE)) as world:
        world.inserter.gate = asyncio.Event()
        await world.dictate()
        await wait_until(lambda: world.inserter.asked, "the text is on its way")
        await wait_until(lambda: len(texts_of(world)) > 1, "the next text waits for it")
        assert world.running is not None
        if end == "quit again":
            world.dictating.ask(Verb.QUIT)
            world.dictating.ask(Verb.QUIT)
        else:
            world.running.cancel()
        asyncio.get_running_loop().call_later(0.1, world.inserter.gate.set)
        await asyncio.wait({world.running})
    first, *others = texts_of(world)
    assert world.inserter.texts == [(first, WINDOW)], "no other insertion begins"
    assert list(world.found[0].take.held.values()) == others
