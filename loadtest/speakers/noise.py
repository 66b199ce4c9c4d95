"""Noise that the sessions of a load test send. Each segment is an excerpt of a pool, and marked.

No audio is generated while a session streams. The first samples of a segment encode the number of its session and
its own, so that no two segments have the same digest.
"""

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from client.errors import AudioGone
from client.events import Outcome
from loadtest.core.checksum import checksum
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE

SHORTEST_S: Final = 1.0
LONGEST_S: Final = 6.0
_POOL_S: Final = 60
_MARK: Final = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class NoiseSegment:
    """Audio of one segment: ``mark`` comes first, ``body`` after it."""

    mark: bytes
    body: memoryview

    @property
    def samples(self) -> int:
        """Length of the segment in samples."""
        return (len(self.mark) + len(self.body)) // BYTES_PER_SAMPLE

    @property
    def digest(self) -> str:
        """Text that the checksum engine returns for this segment."""
        return checksum(self.mark, self.body)

    def read(self, offset: int, samples: int) -> bytes:
        """Return these samples of the segment."""
        start, end = offset * BYTES_PER_SAMPLE - len(self.mark), (offset + samples) * BYTES_PER_SAMPLE
        if start >= 0:
            return bytes(self.body[start : end - len(self.mark)])
        return (self.mark + bytes(self.body[: max(0, end - len(self.mark))]))[start + len(self.mark) : end]


class Turn(NamedTuple):
    """Pause without audio, and the segment after it."""

    pause_s: float
    utterance: NoiseSegment


class Noise:
    """Pool of noise. The same seed gives the same noise and the same choices."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._pool = memoryview(random.Random(f"noise/{seed}").randbytes(_POOL_S * SAMPLE_RATE * BYTES_PER_SAMPLE))

    def turns(self, session: int) -> Iterator[Turn]:
        """Yield turns of session number ``session`` without end; segments have random lengths from 1 to 6 s."""
        source = random.Random(f"{self._seed}/{session}")
        segment = 0
        while True:
            samples = round(source.uniform(SHORTEST_S, LONGEST_S) * SAMPLE_RATE)
            yield Turn(_pause_s(source), self.utterance(session, segment, samples, source))
            segment += 1

    def utterance(self, session: int, segment: int, samples: int, source: random.Random) -> NoiseSegment:
        """Return a segment of this many samples, from a random place in the pool."""
        size = samples * BYTES_PER_SAMPLE
        mark = _MARK.pack(session, segment)[:size]
        start = source.randrange(len(self._pool) - size) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE
        return NoiseSegment(mark, self._pool[start : start + size - len(mark)])


def _pause_s(source: random.Random) -> float:
    """Return a pause like those between spoken sentences: mostly around 1 s, sometimes long."""
    return min(8.0, max(0.3, source.lognormvariate(0.0, 0.6)))


class PooledAudio:
    """``AudioStore`` that stores nothing: audio to be sent again is read from the pool again."""

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

    async def settle(self, segment: int, outcome: Outcome | None, samples: int = 0) -> bool:
        """Forget the segment; safe to call twice."""
        self._utterances.pop(segment, None)
        return True
