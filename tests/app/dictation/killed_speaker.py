"""Process that dictates or recovers, and kills itself: ``ROOT MODELS URL KEY RECORDING LINES WHAT``.

SIGKILL comes once ``LINES`` lines are in the journal; 0: never. Inserted texts go to ``ROOT/document``.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np

import app.journal.journal
from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.dictation.recordings import PastTakes
from app.insertion.outcome import Insertion, InsertionResult, Target
from app.journal.library import Library
from app.journal.take import TakeState
from app.journal.writer import TakeWriter
from app.transcription.listening import DictationSetup
from app.transcription.pipeline import Samples
from client.connection import Address, fixed_locator
from client.settings import ClientSettings
from protocol.audio import SAMPLE_RATE
from tests.app.dictation.world import FakeDevice, dictating
from tests.helpers.waiting import wait_until

_PACE = 4 * SAMPLE_RATE


class Doomed(TakeWriter):
    """A writer that kills its process once this many lines are on disk."""

    left = 0

    def _write_events(self, lines: tuple[bytes, ...], leave: int) -> None:
        if not lines:
            super()._write_events(lines, leave)
        for line in lines:
            super()._write_events((line,), leave)
            self._events.sync()
            Doomed.left -= 1
            if Doomed.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class Paced(FakeDevice):
    """A microphone that lets recognition keep up."""

    async def _blocks(self, stopped: asyncio.Event) -> AsyncIterator[Samples]:
        async for block in super()._blocks(stopped):
            yield block
            if self.heard % _PACE == 0 or self.heard == _PACE // 2:
                await asyncio.sleep(0.5)


async def speak(root: Path, models: Path, address: Address, spoken: Path) -> None:
    """Dictate one take until its texts are inserted."""
    audio = np.fromfile(spoken, "<i2")
    async with dictating(root, models, fixed_locator(address), audio, DictationOptions(TalkMode.TOGGLE)) as world:
        world.devices.kind = Paced
        with (root / "document").open("ab", buffering=0) as document:

            async def insert(text: str, target: Target | None) -> Insertion:
                document.write(text.encode())
                return Insertion(InsertionResult.TYPED)

            world.inserter.insert = insert  # type: ignore[method-assign] # the document outlives this process
            await world.dictate()
            await wait_until(lambda: world.ended and world.found[0].state is TakeState.DONE, "all is inserted")


async def recover(root: Path, models: Path, address: Address) -> None:
    """Recover the take of the process that was killed before."""
    settings = ClientSettings(retry=lambda failures, chance, asked: 0.05)
    library = Library(root / "takes")
    earlier = PastTakes(library, DictationSetup(fixed_locator(address), models / "fsmn-vad", settings=settings))
    (found,) = library.all()
    if (note := await earlier.recover(str(found.session))) is not None:
        raise SystemExit(f"not recovered: {note}")


if __name__ == "__main__":
    root, models, url, key, spoken, lines, what = sys.argv[1:]
    Doomed.left = int(lines)
    app.journal.journal.TakeWriter = Doomed  # type: ignore[attr-defined] # it exports nothing
    place, known, at = Path(root), Path(models), Address(url, key)
    asyncio.run(speak(place, known, at, Path(spoken)) if what == "speak" else recover(place, known, at))
