"""Process that dictates a recording and inserts nothing, because a key stays down: ``ROOT MODELS URL RECORDING``.

It continues to speak once the file ``ROOT/heard`` exists.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np

from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.transcription.pipeline import Samples
from client.connection import Address, fixed_locator
from protocol.audio import SAMPLE_RATE
from speech.audio_file import read_audio
from tests.app.dictation.world import FakeDevice, dictating
from tests.helpers.waiting import wait_until

OPTIONS = DictationOptions(TalkMode.TOGGLE, keys={"dictate": "f9", "paste-held": "f8"})


async def speak(root: Path, models: Path, url: str, spoken: Path) -> None:
    """Dictate one take, and wait to be killed."""

    class Patient(FakeDevice):
        async def _blocks(self, stopped: asyncio.Event) -> AsyncIterator[Samples]:
            async for block in super()._blocks(stopped):
                yield block
                if self.heard > 2 * SAMPLE_RATE:
                    await wait_until((root / "heard").exists, "the gateway hears it")

    audio = np.concatenate(list(read_audio(spoken)))
    async with dictating(root, models, fixed_locator(Address(url, "k")), audio, OPTIONS) as world:
        world.devices.kind = Patient
        world.hotkeys.press("paste-held")
        await world.dictate()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(speak(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])))
