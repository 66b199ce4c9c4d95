"""Press keys at random while devices fail and the focus moves.

No recording may be stuck, and no text lost or duplicated.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web

from app.capture.errors import MicrophoneRefused
from app.core.states import State
from app.dictation.actions import Verb
from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.journal.take import TRANSCRIBED, TakeState
from app.transcription.pipeline import Samples
from client.connection import Address, Locate, fixed_locator
from speech.audio_file import read_audio
from tests.app.dictation.world import OTHER, WINDOW, World, dictating
from tests.app.speech import recording
from tests.helpers.scripted_gateway import Memory, oblige, scripted
from tests.helpers.waiting import wait_until

KEYS = {"dictate": "right_ctrl", "cancel": "esc", "paste-held": "ctrl+alt+v"}
PRESSES = 150
CASES = [(1, 0.0), pytest.param(2, 0.0, marks=pytest.mark.proof(minutes=0.2)), (1, 0.5)]
"""Seed, and delay of the gateway. A busy machine delays it too: more takes wait than a small bound allows."""


@pytest.fixture
async def locate(late_s: float) -> AsyncIterator[Locate]:
    async def afresh(socket: web.WebSocketResponse, memory: Memory) -> None:
        await asyncio.sleep(late_s)
        await oblige(socket, Memory())

    async with scripted(afresh) as gateway:
        yield fixed_locator(Address(gateway.url))


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    path = recording("en-01", to=tmp_path_factory.mktemp("talk") / "talk.wav")
    return np.concatenate(list(read_audio(path)))


class Annoyer:
    """Simulated user who acts at random, then releases all keys."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self.options = DictationOptions(keys=KEYS)

    async def annoy(self) -> None:
        """Perform one random action."""
        world, chance = self._world, self._chance
        key = chance.choice(["dictate"] * 4 + ["paste-held", "cancel"])
        what = chance.random()
        if what < 0.6:
            if key in world.hotkeys.down:
                world.hotkeys.release(key, noticed=chance.random() < 0.9)
            else:
                world.hotkeys.press(key)
        elif what < 0.75:
            world.dictating.ask(chance.choice([Verb.TOGGLE, Verb.START, Verb.STOP, Verb.CANCEL, Verb.PASTE_HELD]))
        elif what < 0.85:
            world.inserter.focus = chance.choice([WINDOW, OTHER, None])
        elif what < 0.95:
            world.devices.failure = MicrophoneRefused("desk", "busy") if chance.random() < 0.3 else None
        else:
            self.options = DictationOptions(chance.choice(list(TalkMode)), keys=KEYS)
            world.dictating.change(self.options)
        await wait_until(lambda: chance.random() < 0.5, "a moment has passed")

    def let_go(self) -> None:
        for key in list(self._world.hotkeys.down):
            self._world.hotkeys.release(key)


@pytest.mark.parametrize(("seed", "late_s"), CASES)
async def test_random_actions_leave_no_text_stuck_lost_or_duplicated(
    tmp_path: Path, models: Path, talk: Samples, locate: Locate, seed: int
) -> None:
    async with dictating(tmp_path, models, locate, talk, DictationOptions(keys=KEYS), PRESSES) as world:
        annoyer = Annoyer(world, random.Random(seed))
        for _ in range(PRESSES):
            await annoyer.annoy()
        annoyer.let_go()
        await wait_until(lambda: world.hotkeys._queued.empty(), "all keys are up")
        world.dictating.ask(Verb.STOP)
        machine = world.dictating._machine
        await wait_until(lambda: machine.recording is None, "nothing is recorded")
        world.inserter.focus, world.devices.failure = WINDOW, None
        world.dictating.change(DictationOptions(TalkMode.TOGGLE, keys=KEYS))
        await world.dictate()  # its text is inserted, even if a busy machine kept all others from it
        await wait_until(lambda: machine.recording is None and not machine.pending, "every take has ended")
        await wait_until(lambda: all(found.state is not TakeState.LIVE for found in world.found), "journals too")
        assert world.dictating.view.state not in (State.ARMING, State.LISTENING, State.INSERTING)
        held = sum(machine.held_of(take) for take in machine.holding)
    assert world.devices.open_now == 0
    check(world, held)


def check(world: World, held: int) -> None:
    """Check that the journals agree with the inserted and held texts."""
    assert {found.state for found in world.found} <= TRANSCRIBED
    said = [spoken for found in world.found for spoken in found.take.segments.values()]
    texts = [text for found in world.found for text in found.transcript.text.split()]
    inserted = [text for whole, _ in world.inserter.texts for text in words_of(whole, texts)]
    assert inserted, "without a text this shows nothing"
    assert len(inserted) == sum(spoken.inserted for spoken in said), "each once, and noted"
    assert held <= sum(spoken.inserting and not spoken.inserted for spoken in said)
    assert {target for _, target in world.inserter.texts} <= {WINDOW, OTHER, None}


def words_of(whole: str, texts: list[str]) -> list[str]:
    """Split an insertion into texts, which are digests of 16 digits.

    Texts of consecutive takes are inserted next to each other.
    """
    words = whole.split()
    assert all(word in texts for word in words)
    return words
