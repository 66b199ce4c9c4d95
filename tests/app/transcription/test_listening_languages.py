"""Tests of the language of a recording, through the whole chain."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from rich.console import Console

from app.capture.block_buffer import BlockBuffer
from app.cli.live_screen import LiveScreen
from app.core.transcript import TranscriptSegment
from app.journal.events import Cutting
from app.journal.journal import Journal
from app.journal.take import Take
from app.transcription.listening import ContextNeed, CuttingMode, DictationSetup
from app.transcription.pipeline import Samples
from client.connection import Address, Locate, fixed_locator
from protocol.audio import SAMPLE_RATE
from protocol.recognition import Options
from protocol.session import Final
from speech.audio_file import read_audio
from tests.app.speech import recording
from tests.helpers.chain import KEY, running_chain
from tests.helpers.language_engine import ENGINE, MODEL
from tests.helpers.played import filled
from tests.helpers.waiting import wait_until

ROOT = Path(__file__).parents[3]
BLOCK = SAMPLE_RATE // 25
_LOUD = 1_000
PAUSE = np.zeros(2 * SAMPLE_RATE, np.int16)


@pytest.fixture(scope="module")
def locate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locate]:
    with pytest.MonkeyPatch.context() as patch, running_chain(tmp_path_factory.mktemp("chain")) as chain:
        patch.setenv("PYTHONPATH", str(ROOT))
        _, endpoint = chain.gateway()
        chain.worker("--engine", ENGINE)
        yield fixed_locator(Address(endpoint.url, KEY))


@pytest.fixture(scope="module")
def sentence(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    path = recording("zh-01", to=tmp_path_factory.mktemp("sentence") / "sentence.wav")
    samples = np.concatenate(list(read_audio(path)))
    return samples[int(np.argmax(np.abs(samples) > _LOUD)) :]


class Speaker:
    """Fake microphone that plays each piece once all earlier ones have a Chinese text."""

    device = "played"
    level_dbfs = -20.0

    def __init__(self, *pieces: Samples) -> None:
        self._pieces = pieces
        self._heard = asyncio.Event()
        self.texts = 0

    @cached_property
    def buffer(self) -> BlockBuffer:
        return filled(self._blocks())

    async def _blocks(self) -> AsyncIterator[Samples]:
        for number, piece in enumerate(self._pieces):
            while self.texts < number:
                self._heard.clear()
                await self._heard.wait()
            for start in range(0, len(piece), BLOCK):
                yield piece[start : start + BLOCK]
                await asyncio.sleep(0)

    def stop(self) -> None:
        self._heard.set()

    def recognised(self, segment: TranscriptSegment) -> None:
        self.texts += segment.language == "zh"
        self._heard.set()


class Screen(LiveScreen):
    """Screen that reports each text to the speaker."""

    def __init__(self, speaker: Speaker) -> None:
        super().__init__(Console(quiet=True), Console(quiet=True))
        self._speaker = speaker

    def recognised(self, segment: TranscriptSegment) -> None:
        super().recognised(segment)
        self._speaker.recognised(segment)


async def dictated(root: Path, models: Path, locate: Locate, mode: CuttingMode, *pieces: Samples) -> Take:
    speaker = Speaker(*pieces)
    setup = DictationSetup(locate, models / "fsmn-vad", mode)
    with Journal.create(root, uuid4(), Options(languages=("zh", "en")), 0, Cutting(mode)) as journal:
        await setup.listen(journal, speaker, Screen(speaker))
        return journal.take


def languages(take: Take) -> list[tuple[str, str]]:
    """Return the languages asked for and recognised, in order."""
    outcomes = [(spoken.details.language, spoken.outcome) for _, spoken in sorted(take.segments.items())]
    return [(asked, outcome.language if isinstance(outcome, Final) else "") for asked, outcome in outcomes]


async def test_short_segment_gets_the_language_of_its_recording(
    tmp_path: Path, models: Path, locate: Locate, sentence: Samples
) -> None:
    short = sentence[: int(1.2 * SAMPLE_RATE)]
    pieces = np.concatenate([sentence, PAUSE]), np.concatenate([short, PAUSE])
    take = await dictated(tmp_path, models, locate, CuttingMode.TOGGLE, *pieces)
    asked = languages(take)
    assert ("", "zh") in asked and asked[-1] == ("zh", "zh"), "the short segment alone would be Korean"


async def test_first_segment_has_no_language_yet(
    tmp_path: Path, models: Path, locate: Locate, sentence: Samples
) -> None:
    short = np.concatenate([sentence[: int(1.2 * SAMPLE_RATE)], PAUSE])
    take = await dictated(tmp_path, models, locate, CuttingMode.TOGGLE, short)
    assert languages(take) == [("", "ko")]


async def test_need_for_context_comes_from_the_engine(locate: Locate) -> None:
    context = ContextNeed()

    async def known() -> bool:
        await context.refresh(locate)
        return context.needs_context(MODEL)

    await wait_until(known, "the worker has told its models")
    assert context.needs_context("") and not context.needs_context("whisper-base")
