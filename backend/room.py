"""How much audio of all sessions together a gateway keeps that the broker does not have. Pure.

Normally that is the beginnings of what is being said, and of each file what waits for its turn. While the broker
takes nothing it grows. Files and people who speak have half of the room each; people may use what files leave.
"""

from typing import NamedTuple

from protocol.audio import BYTES_PER_SAMPLE, samples_to_seconds
from protocol.job import CLASSES


class Held(NamedTuple):
    """Samples that the broker does not have: of people who speak, and of files."""

    speech: int = 0
    files: int = 0

    def less(self, priority: str, samples: int) -> "Held":
        """The same without so many samples of one class."""
        speech, files = (self[n] - (samples if name == priority else 0) for n, name in enumerate(CLASSES))
        return Held(speech, files)


def full(held: Held, most_bytes: int) -> frozenset[str]:
    """The classes of which no new sessions are taken, and no audio is kept of those who are away."""
    if sum(held) * BYTES_PER_SAMPLE >= most_bytes:
        return frozenset(CLASSES)
    shares = zip(CLASSES, held, strict=True)
    return frozenset(name for name, samples in shares if 2 * samples * BYTES_PER_SAMPLE >= most_bytes)


def crowded_out(held: Held, most_bytes: int) -> frozenset[str]:
    """The classes of which no more audio is taken at all until the broker has some."""
    everybody = sum(held) * BYTES_PER_SAMPLE >= most_bytes
    return full(held, most_bytes) if everybody else full(held, most_bytes) - {CLASSES[0]}


def describe(held: Held) -> str:
    """What those are told who are not taken."""
    return f"this gateway holds {samples_to_seconds(sum(held)):.0f} s of audio that the broker does not have yet"
