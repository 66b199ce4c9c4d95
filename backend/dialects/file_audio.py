"""A file becomes segments of a session, as a submitted file does: packed speech, read in a process of its own."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

from backend.core.errors import BackendError
from backend.dialects.transcript import JoinedResults
from backend.rest.media import reading
from backend.rest.media_frames import MediaEnded, MediaProgress, MediaSegment
from client.errors import GatewayError
from client.gateway import GatewayClient
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE, samples_to_ms
from protocol.session import Failed, Final, SegmentDetails
from runtime.tasks import cancel_and_wait


@dataclass
class HeardFile:
    """A file that is being read: its length so far, and each segment's first sample and length."""

    samples: int = 0
    truncated: bool = False
    segments: dict[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """The length of the audio in seconds."""
        return self.samples / SAMPLE_RATE

    def place_ms(self, segment: int) -> tuple[int, int]:
        """Return start and end of a segment in the file, in milliseconds."""
        at, samples = self.segments[segment]
        return samples_to_ms(at), samples_to_ms(at + samples)


class SegmentFailed(BackendError):
    """An error: a segment that no engine could recognise."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.message)
        self.code = failed.code


async def recognised(
    client: GatewayClient, path: Path, vad_folder: Path | None, heard: HeardFile, transcript: JoinedResults
) -> AsyncGenerator[None, None]:
    """Recognise a file; yield after each result, which is in ``transcript`` then. Use ``aclosing``.

    Raises ``MediaUnreadable``, ``MediaReaderKilled``, ``SegmentFailed`` or a ``GatewayError``.
    """
    sending = asyncio.create_task(_sent(client, path, vad_folder, heard), name="dialect/file")
    try:
        async for event in client.events():
            if isinstance(event, Final | Failed):
                transcript.places[event.segment] = heard.place_ms(event.segment)
                transcript.take(event)
                yield
            if transcript.failed is not None:
                raise SegmentFailed(transcript.failed)
        await sending
    except GatewayError as error:
        raise (sending.exception() if sending.done() and not sending.cancelled() else None) or error from error
    finally:
        await cancel_and_wait({sending})


async def _sent(client: GatewayClient, path: Path, vad_folder: Path | None, heard: HeardFile) -> None:
    """Send a file; if that fails, end the session, whose results nobody wants."""
    try:
        await hear_file(client, path, vad_folder, heard)
    except BaseException:
        await client.close()
        raise


async def hear_file(client: GatewayClient, path: Path, vad_folder: Path | None, heard: HeardFile) -> None:
    """Send all speech of a file, and note in ``heard`` where it is; then wait until all results have come.

    Raises ``MediaUnreadable``, ``MediaReaderKilled`` or a ``GatewayError``. Read ``client.events()`` meanwhile.
    """
    async with reading(path, vad_folder) as frames:
        async for frame in frames:
            match frame:
                case MediaSegment(segment, at, pcm, gain_db):
                    heard.segments[segment] = at, len(pcm) // BYTES_PER_SAMPLE
                    await client.begin(segment, samples_to_ms(at), SegmentDetails(gain_db=gain_db))
                    await client.audio(segment, pcm)
                    await client.end(segment)
                case MediaProgress(samples):
                    heard.samples = samples
                case MediaEnded(_, samples, truncated):
                    heard.samples, heard.truncated = samples, truncated
                case _:
                    continue
    await client.finish()
