"""Check that observers learn each segment's progress from its first word to its insertion."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from app.core.states import State
from app.dictation.actions import Verb
from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.dictation.runner import DictationRunner, Parts
from app.dictation.text_inserter import InsertionMeans
from app.insertion.outcome import HoldReason, Insertion, InsertionResult
from app.journal.library import Library
from app.monitoring.utterances import Utterances
from app.monitoring.view import UtteranceRow, UtteranceStage
from app.transcription.listening import PATIENT, DictationSetup
from app.transcription.pipeline import Samples
from client.connection import Address, fixed_locator
from tests.app.dictation.world import FakeCues, FakeDevices, FakeHotkeys, FakeInserter
from tests.helpers.scripted_gateway import oblige, scripted
from tests.helpers.waiting import wait_until


class Watched:
    """A dictation and the rows of its utterances, in spoken order."""

    def __init__(self, root: Path, models: Path, url: str, audio: Samples) -> None:
        clock = asyncio.get_running_loop().time
        self.utterances = Utterances()
        self.devices, self.inserter = FakeDevices(audio), FakeInserter()
        setup = DictationSetup(fixed_locator(Address(url)), models / "fsmn-vad", settings=PATIENT)
        parts = Parts(
            Library(root),
            setup,
            InsertionMeans(self.inserter),
            self.devices,
            FakeCues().play,
            FakeHotkeys(),
            observe=lambda event: self.utterances.observe(event, clock()),
        )
        self.dictating = DictationRunner(parts, DictationOptions(TalkMode.TOGGLE))

    @property
    def rows(self) -> list[UtteranceRow]:
        now = asyncio.get_running_loop().time()
        return sorted(self.utterances.rows(now, 0.0, {}), key=lambda row: row.segment)

    async def dictate(self, end: Verb = Verb.STOP) -> None:
        self.dictating.ask(Verb.START)
        await wait_until(lambda: self.devices.device is not None, "a device is open")
        device = self.devices.device
        assert device is not None
        await wait_until(lambda: device.heard == len(self.devices.audio), "all is heard")
        self.dictating.ask(end)

    async def until(self, told: Callable[[list[UtteranceRow]], bool], what: str) -> list[UtteranceRow]:
        await wait_until(lambda: self.rows and told(self.rows), what)
        return self.rows


@asynccontextmanager
async def watched(root: Path, models: Path, audio: Samples) -> AsyncIterator[Watched]:
    async with scripted(oblige) as gateway:
        made = Watched(root, models, gateway.url, audio)
        running = asyncio.create_task(made.dictating.run())
        try:
            yield made
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_observer_follows_segments_from_speech_to_insertion(
    tmp_path: Path, models: Path, talk: Samples
) -> None:
    async with watched(tmp_path, models, talk) as world:
        await world.dictate()
        rows = await world.until(lambda rows: all(row.state is State.DONE for row in rows), "all is inserted")
    assert len(rows) >= 2 and [row.segment for row in rows] == list(range(len(rows)))
    assert {row.own for row in rows} == {True} and len({row.session for row in rows}) == 1
    assert sum(row.spoken_s for row in rows) == pytest.approx(len(talk) / 16_000, abs=4)
    assert all(row.spans[-1].stage is UtteranceStage.INSERTED for row in rows)
    assert all(before.end_s == after.start_s for row in rows for before, after in pairwise(row.spans))


async def test_observer_sees_held_segments(tmp_path: Path, models: Path, talk: Samples) -> None:
    async with watched(tmp_path, models, talk) as world:
        world.inserter.outcomes.append(Insertion(InsertionResult.HELD, HoldReason.NOT_READ))
        await world.dictate()
        await world.until(lambda rows: all(row.state is State.HELD for row in rows), "all is held")


async def test_observer_sees_cancelled_segments_as_over(tmp_path: Path, models: Path, talk: Samples) -> None:
    async with watched(tmp_path, models, talk) as world:
        await world.dictate(Verb.CANCEL)
        await world.until(lambda rows: all(row.over for row in rows), "it is over")
