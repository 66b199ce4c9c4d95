"""Unanswered segments, as windows on the noise pool: an ``AudioStore`` that holds no audio."""

from client.errors import AudioGone
from client.events import Outcome
from loadtest.speakers.noise import NoiseSegment


class PooledAudio:
    """Store that copies nothing: audio to send again is read from the pool again."""

    def __init__(self) -> None:
        self._utterances: dict[int, NoiseSegment] = {}

    def keep(self, segment: int, utterance: NoiseSegment) -> None:
        """Register the audio of a segment."""
        self._utterances[segment] = utterance

    def append(self, segment: int, pcm: bytes) -> None:
        """Ignore the audio: it is already registered."""

    async def read(self, segment: int, offset: int, samples: int) -> bytes:
        """Return exactly these samples. Raises ``AudioGone``."""
        return self.piece(segment, offset, samples)

    def piece(self, segment: int, offset: int, samples: int) -> bytes:
        """Return exactly these samples without waiting. Raises ``AudioGone``."""
        utterance = self._utterances.get(segment)
        if utterance is None or offset + samples > utterance.samples:
            raise AudioGone(f"samples {offset} to {offset + samples} of segment {segment} are not held any more")
        return utterance.read(offset, samples)

    async def settle(self, segment: int, outcome: Outcome | None, samples: int = 0) -> None:
        """Forget the segment; safe to call twice."""
        self._utterances.pop(segment, None)
