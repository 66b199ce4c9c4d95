"""A program that dictates a recording into a journal and a gateway, to be killed: ROOT SESSION URL KEY FILE MODEL.

Prints a line for each output that it has passed on, so that a test can choose when to kill it.
"""

import asyncio
import sys
from pathlib import Path
from uuid import UUID

from app.core.outlet import Outlet
from app.core.outlet import pass_on as hand_over
from app.journal.async_journal import AsyncJournal, JournaledOutlet
from app.journal.journal import Journal
from app.transcription.pipeline import SegmentingVad
from client.connection import Address, fixed_locator
from client.gateway import GatewayClient
from protocol.audio import SAMPLE_RATE
from protocol.recognition import Options
from speech.audio_file import read_audio
from speech.segmenter import Segmenter, SegmentOutput
from speech.vad import open_vad

BLOCK = SAMPLE_RATE // 10


async def pass_on(output: SegmentOutput, outlet: Outlet) -> None:
    """Pass an output to the journal, then to the gateway."""
    await hand_over(output, outlet)
    sys.stdout.write(f"{type(output).__name__}\n")
    sys.stdout.flush()
    await asyncio.sleep(0.002)  # give the gateway time to receive it


async def dictate(place: tuple[Path, UUID], address: Address, recording: Path, vad: Path) -> None:
    """Dictate the whole recording in blocks of 100 ms."""
    vad_stage = SegmentingVad(open_vad(vad), Segmenter())
    with Journal.create(*place, Options(), 0.0) as journal:
        store = AsyncJournal(journal)
        async with GatewayClient(fixed_locator(address), journal.session, store) as client:
            outlet = JournaledOutlet(store, client)
            for piece in read_audio(recording):
                for start in range(0, len(piece), BLOCK):
                    block = piece[start : start + BLOCK]
                    journal.append(block)
                    for output in vad_stage.accept(block):
                        await pass_on(output, outlet)
            for output in vad_stage.finish():
                await pass_on(output, outlet)
            await outlet.finish()


if __name__ == "__main__":
    folder, session, url, key, file, model = sys.argv[1:]
    asyncio.run(dictate((Path(folder), UUID(session)), Address(url, key), Path(file), Path(model)))
