"""Recognition of a file in a session. As for submitted files, another process packs its speech into segments."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

from backend.core.errors import BackendError
from backend.dialects.sent_audio import SentAudio
from backend.dialects.transcript import JoinedResults
from backend.rest.media import reading
from backend.rest.media_frames import MediaEnded, MediaProgress, MediaSegment
from client.cancellation import cancel_and_close
from client.errors import GatewayError
from protocol.audio import BYTES_PER_SAMPLE
from protocol.rest import TRUNCATED_HEADER
from protocol.session import Failed, Final
from runtime.tasks import cancel_and_wait, close_on_error


class SegmentFailed(BackendError):
    """Segment that no engine could recognise."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.message)
        self.code = failed.code


def truncation_headers(transcript: JoinedResults) -> dict[str, str]:
    """Return the header about a missing end, for formats without a field for it."""
    return {TRUNCATED_HEADER: "true"} if transcript.truncated else {}


async def recognise_file(
    sent: SentAudio, path: Path, vad_folder: Path | None, transcript: JoinedResults
) -> AsyncGenerator[None, None]:
    """Recognise a file; yield after each result is added to ``transcript``. Use ``aclosing``.

    Raises ``MediaUnreadable``, ``MediaReaderKilled``, ``SegmentFailed`` or a ``GatewayError``.
    """
    sending = asyncio.create_task(_send_file(sent, path, vad_folder), name="dialect/file")
    try:
        async for event in sent.client.events():
            if isinstance(event, Final | Failed):
                transcript.places[event.segment] = sent.place_ms(event.segment)
                transcript.take(event)
                yield
            if transcript.failed is not None:
                raise SegmentFailed(transcript.failed)
        transcript.truncated = await sending
    except GatewayError as error:
        raise (sending.exception() if sending.done() and not sending.cancelled() else None) or error from error
    finally:
        await cancel_and_wait({sending})


async def _send_file(sent: SentAudio, path: Path, vad_folder: Path | None) -> bool:
    """Send a file, like ``send_file``; if that fails, end the session, because its results are not needed."""
    async with close_on_error(partial(cancel_and_close, sent.client)):
        return await send_file(sent, path, vad_folder)


async def send_file(sent: SentAudio, path: Path, vad_folder: Path | None) -> bool:
    """Send all speech of a file, wait until all results have come, and return whether its end is missing.

    The caller must read the session's events meanwhile. Raises ``MediaUnreadable``, ``MediaReaderKilled`` or a
    ``GatewayError``.
    """
    truncated = False
    async with reading(path, vad_folder) as frames:
        async for frame in frames:
            match frame:
                case MediaSegment(segment, at, pcm, gain_db):
                    await sent.begin(segment, at, gain_db)
                    await sent.client.audio(segment, pcm)
                    await sent.end(segment, len(pcm) // BYTES_PER_SAMPLE)
                case MediaProgress(samples):
                    sent.samples = samples
                case MediaEnded():
                    sent.samples, truncated = frame.samples, frame.truncated
                case _:
                    continue
    await sent.client.finish()
    return truncated
