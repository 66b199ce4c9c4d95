"""Transcribe one recording, in a session of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

from app.core.outlet import Outlet, ToGateway
from app.core.transcript import RecordingTranscript
from app.transcription.pipeline import (
    Samples,
    SegmentingVad,
    TranscriptionObserver,
    at_speaking_pace,
    in_thread,
    transcribe,
)
from app.transcription.voting_outlet import PER_PART, PER_SPAN, voting
from client.audio_store import TemporaryAudio
from client.connection import Locate
from client.gateway import ClientSettings, GatewayClient
from protocol.recognition import Options
from runtime.logger import bound_fields
from speech.audio_file import AvailableAudio
from speech.packing import Cutter, PackingSegmenter
from speech.segmenter import Segmenter
from speech.vad import open_vad


class RecordingObserver(TranscriptionObserver):
    """Observer of the transcription of a file, which can ask for the length of the unsent audio meanwhile."""

    unsent_s: Callable[[], float]

    def truncated(self) -> None:
        """Note that the end of the file is missing."""


@dataclass(frozen=True)
class Recogniser:
    """The gateway, VAD and options that recognise every recording of a command. ``cutter`` cuts files."""

    locate: Locate
    vad_folder: Path
    options: Options = Options()
    settings: ClientSettings = field(default_factory=ClientSettings)
    cutter: Callable[[], Cutter] = PackingSegmenter

    async def recognise(
        self, path: Path, observer: RecordingObserver, *, live: bool = False
    ) -> RecordingTranscript:
        """Transcribe the file at ``path`` as fast as possible, or at speaking pace if ``live``.

        A file whose end is missing yields the text of the available part, with ``truncated`` set.
        Raises ``SpeechError`` for a file that cannot be read, ``GatewayError`` when the session cannot go on.
        """
        session = uuid4()
        cutter = Segmenter() if live else self.cutter()
        vad, audio = SegmentingVad(open_vad(self.vad_folder), cutter), AvailableAudio(path)
        with bound_fields(session=str(session)), TemporaryAudio() as store:
            async with GatewayClient(self.locate, session, store, self.options, self.settings) as client:
                observer.unsent_s = lambda: client.unsent_s
                outlet, blocks = self._outlet(client, live=live), in_thread(iter(audio))
                transcript = await (_spoken if live else transcribe)(blocks, vad, outlet, observer)
        if audio.cut is None:
            return transcript
        observer.truncated()
        return replace(transcript, truncated=str(audio.cut))

    def _outlet(self, client: GatewayClient, *, live: bool) -> Outlet:
        return voting(ToGateway(client, live=live), self.options, PER_SPAN if live else PER_PART)


async def _spoken(
    blocks: AsyncIterator[Samples], vad: SegmentingVad, outlet: Outlet, observer: RecordingObserver
) -> RecordingTranscript:
    """Transcribe at speaking pace, measuring delays."""
    clock = asyncio.get_running_loop().time
    start = clock()

    def spoken_s() -> float:
        return clock() - start

    return await transcribe(at_speaking_pace(blocks, spoken_s), vad, outlet, observer, spoken_s)
