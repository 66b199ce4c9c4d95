"""Audio that an adapter sends to its session: its segments, and where each of them is."""

from client.gateway import GatewayClient
from protocol.audio import SAMPLE_RATE, samples_to_ms
from protocol.session import SegmentDetails


class SentAudio:
    """Audio of one session. ``samples``: heard so far.

    ``segments``: all so far, each with its first sample and its length (0 until it ends).
    """

    def __init__(self, client: GatewayClient) -> None:
        self.client = client
        self.samples = 0
        self.segments: dict[int, tuple[int, int]] = {}

    @property
    def seconds(self) -> float:
        """The length of the audio in seconds."""
        return self.samples / SAMPLE_RATE

    @property
    def next_segment(self) -> int:
        """The number of the segment that begins next."""
        return len(self.segments)

    async def begin(self, segment: int, at: int, gain_db: int) -> None:
        """Begin a segment at sample ``at``. Raises ``GatewayError``."""
        self.segments[segment] = at, 0
        await self.client.begin(segment, samples_to_ms(at), SegmentDetails(gain_db=gain_db))

    async def end(self, segment: int, samples: int) -> None:
        """End a segment, which has this many samples. Raises ``GatewayError``."""
        at, _ = self.segments[segment]
        self.segments[segment] = at, samples
        await self.client.end(segment)

    def place_ms(self, segment: int) -> tuple[int, int]:
        """Return start and end of a segment that has ended, in milliseconds of the audio."""
        at, samples = self.segments[segment]
        return samples_to_ms(at), samples_to_ms(at + samples)
