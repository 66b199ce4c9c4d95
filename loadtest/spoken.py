"""What was said and has no answer yet, as windows on the pool: an ``AudioStore`` that holds no audio."""

from client.errors import AudioGone
from client.events import Outcome
from loadtest.noise import Utterance


class Spoken:
    """Nothing is copied: what must be sent again is read from the pool again."""

    def __init__(self) -> None:
        self._utterances: dict[int, Utterance] = {}

    def keep(self, segment: int, utterance: Utterance) -> None:
        """The segment will be this."""
        self._utterances[segment] = utterance

    def append(self, segment: int, pcm: bytes) -> None:
        """It is here already."""

    async def read(self, segment: int, offset: int, samples: int) -> bytes:
        """Exactly these samples. Raises ``AudioGone``."""
        return self.piece(segment, offset, samples)

    def piece(self, segment: int, offset: int, samples: int) -> bytes:
        """The same, without waiting."""
        utterance = self._utterances.get(segment)
        if utterance is None or offset + samples > utterance.samples:
            raise AudioGone(f"samples {offset} to {offset + samples} of segment {segment} are not held any more")
        return utterance.read(offset, samples)

    async def settle(self, segment: int, outcome: Outcome | None) -> None:
        """Forget the segment; safe to call twice."""
        self._utterances.pop(segment, None)
