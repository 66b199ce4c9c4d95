"""What is said under load: noise, of which each segment is a piece of its own, marked with who says it.

Nothing is made while somebody speaks: a segment is a window on a pool. Its first samples are the numbers of its
session and of itself, so that no two segments have the same digest, and no two frames are alike unless their
windows are.
"""

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from loadtest.checksum import checksum
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE

SHORTEST_S: Final = 1.0
LONGEST_S: Final = 6.0
_POOL_S: Final = 60
_MARK: Final = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class Utterance:
    """``mark`` comes first, ``body`` after it."""

    mark: bytes
    body: memoryview

    @property
    def samples(self) -> int:
        """How long it is."""
        return (len(self.mark) + len(self.body)) // BYTES_PER_SAMPLE

    @property
    def digest(self) -> str:
        """The text that the checksum engine gives for it."""
        return checksum(self.mark, self.body)

    def read(self, offset: int, samples: int) -> bytes:
        """These samples of it."""
        start, end = offset * BYTES_PER_SAMPLE - len(self.mark), (offset + samples) * BYTES_PER_SAMPLE
        if start >= 0:
            return bytes(self.body[start : end - len(self.mark)])
        return (self.mark + bytes(self.body[: max(0, end - len(self.mark))]))[start + len(self.mark) : end]


class Turn(NamedTuple):
    """Silence, in which nothing is sent, and then something said."""

    pause_s: float
    utterance: Utterance


class Noise:
    """The pool. The same seed gives the same noise and the same choices."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._pool = memoryview(random.Random(f"noise/{seed}").randbytes(_POOL_S * SAMPLE_RATE * BYTES_PER_SAMPLE))

    def turns(self, session: int, pauses: bool = True) -> Iterator[Turn]:
        """What session number ``session`` says, without end: segments of 1 to 6 s, of odd lengths."""
        source = random.Random(f"{self._seed}/{session}")
        segment = 0
        while True:
            samples = round(source.uniform(SHORTEST_S, LONGEST_S) * SAMPLE_RATE)
            pause_s = _pause_s(source) if pauses else 0.0
            yield Turn(pause_s, self.utterance(session, segment, samples, source))
            segment += 1

    def utterance(self, session: int, segment: int, samples: int, source: random.Random) -> Utterance:
        """So many samples, from anywhere in the pool."""
        size = samples * BYTES_PER_SAMPLE
        mark = _MARK.pack(session, segment)[:size]
        start = source.randrange(len(self._pool) - size) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE
        return Utterance(mark, self._pool[start : start + size - len(mark)])


def _pause_s(source: random.Random) -> float:
    """As people make them between sentences: mostly around 1 s, sometimes long."""
    return min(8.0, max(0.3, source.lognormvariate(0.0, 0.6)))
