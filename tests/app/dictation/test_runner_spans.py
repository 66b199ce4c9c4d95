"""Second pass in dictation: each text is inserted once, of a span or of its pieces, into the right window."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from app.core.states import State
from app.dictation.actions import Verb
from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.journal.library import Library
from app.journal.take import TakeState
from app.transcription.pipeline import Samples
from client.connection import Address, fixed_locator
from protocol.audio import SAMPLE_RATE
from protocol.session import SegmentBegin
from tests.app.dictation import speaker_process
from tests.app.dictation.world import OTHER, FakeDevice, World, dictating
from tests.app.speech import recording
from tests.app.transcription.test_second_pass import SpanGateway, refused
from tests.helpers.scripted_gateway import scripted
from tests.helpers.waiting import wait_until

TOGGLE = DictationOptions(TalkMode.TOGGLE, keys={"dictate": "f9"})
BEGUN = 2 * SAMPLE_RATE
ROOT = Path(__file__).resolve().parents[3]
START_S = 60.0


@dataclass
class Known(SpanGateway):
    """Gateway that reports the arrival of speech, so that the client knows that it accepts spans."""

    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def noted(self, begin: SegmentBegin) -> None:
        super().noted(begin)
        self.heard.set()


@asynccontextmanager
async def spoken(
    root: Path, models: Path, audio: Samples, gateway: Known, options: DictationOptions = TOGGLE
) -> AsyncIterator[World]:
    """Run dictation whose microphone continues once speech has arrived at the gateway."""

    class Patient(FakeDevice):
        async def _blocks(self, stopped: asyncio.Event) -> AsyncIterator[Samples]:
            async for block in super()._blocks(stopped):
                yield block
                if self.heard > BEGUN:
                    await gateway.heard.wait()
                    if options.mode is TalkMode.HANDS_FREE:
                        await wait_until(lambda: world.inserter.looks > 1, "the piece has its window")
                        world.inserter.focus = OTHER

    async with (
        scripted(gateway.converse) as server,
        dictating(root, models, fixed_locator(Address(server.url, "k")), audio, options) as world,
    ):
        world.devices.kind = Patient
        yield world


async def test_span_is_inserted_once_instead_of_its_pieces(
    tmp_path: Path, models: Path, sentence: Samples
) -> None:
    async with spoken(tmp_path, models, sentence, Known()) as world:
        await world.dictate()
        await world.over()
        (found,) = world.found
        await wait_until(lambda: world.found[0].state is TakeState.DONE, "the text is inserted")
    assert found.text.startswith(f"{found.take.segments[0].at}+") and len(found.take.segments) == 3
    assert world.inserter.text() == found.text
    assert len(world.inserter.texts) == 1


async def test_pieces_are_inserted_when_the_span_is_refused(
    tmp_path: Path, models: Path, sentence: Samples
) -> None:
    async with spoken(tmp_path, models, sentence, Known(refused)) as world:
        await world.dictate()
        await world.over()
        await wait_until(lambda: world.found[0].state is TakeState.DONE, "the text is inserted")
        (found,) = world.found
    assert world.inserter.text() == found.text
    assert [text.text.split("+")[0] for text in found.transcript.segments] == [
        str(found.take.segments[piece].at) for piece in (0, 1)
    ]


async def test_pause_ends_no_span_while_the_key_is_down(tmp_path: Path, models: Path, sentence: Samples) -> None:
    pause = np.zeros(3 * SAMPLE_RATE, np.int16)
    gateway, hold = Known(), replace(TOGGLE, mode=TalkMode.HOLD)
    async with spoken(tmp_path, models, np.concatenate((sentence, pause)), gateway, hold) as world:
        world.hotkeys.press()
        await world.all_heard()
        await wait_until(lambda: world.dictating.view.seconds > 0.3, "it is no tap")
        await wait_until(lambda: "end 1" in gateway.order, "both pieces are complete")
        assert not gateway.spanned and world.inserter.asked == 0
        world.hotkeys.release()
        await world.over()
        await wait_until(lambda: world.found[0].state is TakeState.DONE, "the text is inserted")
    assert len(gateway.spanned) == 1
    assert world.inserter.text() == world.found[0].text


async def test_pieces_are_inserted_at_once_when_chosen(tmp_path: Path, models: Path, sentence: Samples) -> None:
    gateway, options = Known(), replace(TOGGLE, each_piece_at_once=True)
    async with spoken(tmp_path, models, sentence, gateway, options) as world:
        world.dictating.ask(Verb.START)
        await wait_until(lambda: world.inserter.texts, "a piece is inserted during the recording")
        await world.is_in(State.LISTENING)
        world.dictating.ask(Verb.STOP)
        await world.over()
    assert not gateway.spanned
    assert len(world.found[0].take.segments) == 2


async def test_span_never_crosses_two_windows(tmp_path: Path, models: Path, sentence: Samples) -> None:
    """The speaker turns to another window between the pieces."""
    gateway, options = Known(), replace(TOGGLE, mode=TalkMode.HANDS_FREE)
    async with spoken(tmp_path, models, sentence, gateway, options) as world:
        await world.dictate()
        await world.over()
    assert not gateway.spanned
    assert len(world.found[0].take.segments) == 2


async def test_choice_is_kept_when_the_app_is_killed_before_the_insertion(tmp_path: Path, models: Path) -> None:
    spoken = recording("zh-01", to=tmp_path / "talk.wav")

    class Touching(Known):
        def noted(self, begin: SegmentBegin) -> None:
            super().noted(begin)
            (tmp_path / "heard").touch()

    async with scripted(Touching().converse) as server:
        run = [sys.executable, "-m", speaker_process.__name__, str(tmp_path), str(models), server.url, str(spoken)]
        process = await asyncio.create_subprocess_exec(*run, cwd=ROOT)
        try:
            await wait_until(lambda: chosen(tmp_path), "the choice is on disk", START_S)
        finally:
            process.kill()
            await process.wait()
    (found,) = Library(tmp_path / "takes").all()
    assert not any(each.inserting for each in found.take.segments.values()), "it was killed before"
    (span,) = (each for each in found.take.segments.values() if each.details.replaces)
    assert span.chosen and found.take.held == {0: span.text} and found.text == span.text


def chosen(root: Path) -> bool:
    """Return whether a choice is on disk."""
    return any(each.chosen for found in Library(root / "takes").all() for each in found.take.segments.values())
