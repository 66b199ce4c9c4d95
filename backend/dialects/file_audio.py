"""A file becomes segments of a session, as a submitted file does: packed speech, read in a process of its own."""

from dataclasses import dataclass, field
from pathlib import Path

from backend.rest.media import reading
from backend.rest.media_frames import MediaEnded, MediaProgress, MediaSegment
from client.gateway import GatewayClient
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE, samples_to_ms
from protocol.session import SegmentDetails


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
