from typing import Any, cast

from backend.dialects.sent_audio import SentAudio
from protocol.session import SegmentDetails


class Client:
    """A client that notes what it is asked to send."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []

    async def begin(self, segment: int, at_ms: int, details: SegmentDetails) -> None:
        self.sent.append((segment, at_ms, details.gain_db))

    async def end(self, segment: int) -> None:
        self.sent.append((segment,))


async def test_segments_are_sent_with_their_places() -> None:
    client = Client()
    audio = SentAudio(cast(Any, client))
    assert audio.next_segment == 0
    await audio.begin(0, 16_000, -3)
    assert (audio.next_segment, audio.segments) == (1, {0: (16_000, 0)}), "it has not ended"
    await audio.end(0, 8_000)
    assert client.sent == [(0, 1_000, -3), (0,)]
    assert audio.place_ms(0) == (1_000, 1_500)


async def test_length_of_audio_is_in_seconds() -> None:
    audio = SentAudio(cast(Any, Client()))
    audio.samples = 24_000
    assert audio.seconds == 1.5
