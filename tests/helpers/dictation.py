"""A program that dictates a recording into a take, and may be killed: SESSION FILE MODEL TIMES-SPEAKING-PACE.

It uses the current gateway of this user. Restarted with the same session, it sends the segments without a text.
"""

import asyncio
import sys
import time
from math import inf
from pathlib import Path
from uuid import UUID

from rich.console import Console

from app.core.outlet import pass_on
from app.journal.async_journal import AsyncJournal, JournaledOutlet
from app.journal.errors import TakeUnknown
from app.journal.journal import Journal
from app.journal.library import users_library
from app.local_services.local_gateway import locate
from app.transcription.pipeline import SegmentingVad, at_speaking_pace, in_thread
from app.transcription.progress import ProgressDisplay
from app.transcription.resending import Resender
from client.gateway import GatewayClient
from client.settings import ClientSettings
from protocol.recognition import Options
from speech.audio_file import read_audio
from speech.segmenter import Segmenter
from speech.vad import open_vad

SETTINGS = ClientSettings(first_contact_s=120.0, held_s=inf)


async def dictate(journal: Journal, recording: Path, model: Path, pace: float) -> None:
    """Dictate the whole recording at speaking pace."""
    vad = SegmentingVad(open_vad(model), Segmenter())
    clock = asyncio.get_running_loop().time
    start = clock()

    def spoken_s() -> float:
        return (clock() - start) * pace

    store = AsyncJournal(journal)
    async with GatewayClient(locate, journal.session, store, settings=SETTINGS) as client:
        outlet = JournaledOutlet(store, client)
        listening = asyncio.create_task(listen(outlet))
        async for block in at_speaking_pace(in_thread(read_audio(recording)), spoken_s):
            journal.append(block)
            for output in vad.accept(block):
                await pass_on(output, outlet)
        for output in vad.finish():
            await pass_on(output, outlet)
        await outlet.finish()
        await outlet.close()
        await listening


async def listen(outlet: JournaledOutlet) -> None:
    """Take all events, because pending events would block the client."""
    async for _ in outlet.events():
        pass


async def send_again(journal: Journal, model: Path) -> None:
    """Send the segments that an earlier process left without a text."""
    await Resender(locate, model, SETTINGS).resend(journal, ProgressDisplay(Console(quiet=True), "take"))


def main() -> None:
    """Dictate, or continue after an earlier process was killed."""
    session, recording, model, pace = UUID(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4])
    library = users_library()
    try:
        with library.reopen(session) as journal:
            asyncio.run(send_again(journal, model))
    except TakeUnknown:
        with library.create(session, Options(), time.time()) as journal:
            asyncio.run(dictate(journal, recording, model, pace))


if __name__ == "__main__":
    main()
