"""Limits for the audio that a gateway holds and the broker does not have. Pure.

Usually this is the beginning of each spoken segment, and file segments that wait for their turn. While the
broker accepts nothing, the held audio grows. Files and speech have half of the room each; speech may also use
the room that files leave.
"""

from typing import NamedTuple

from protocol.audio import BYTES_PER_SAMPLE, samples_to_seconds
from protocol.job import CLASSES


class HeldAudio(NamedTuple):
    """Samples that the broker does not have, of speech and of files."""

    speech: int = 0
    files: int = 0

    def less(self, priority: str, samples: int) -> "HeldAudio":
        """Return a copy with ``samples`` fewer of one class."""
        speech, files = (self[n] - (samples if name == priority else 0) for n, name in enumerate(CLASSES))
        return HeldAudio(speech, files)


def full(held: HeldAudio, most_bytes: int) -> frozenset[str]:
    """Return the classes that accept no new sessions and whose unbound sessions are dropped."""
    if sum(held) * BYTES_PER_SAMPLE >= most_bytes:
        return frozenset(CLASSES)
    shares = zip(CLASSES, held, strict=True)
    return frozenset(name for name, samples in shares if 2 * samples * BYTES_PER_SAMPLE >= most_bytes)


def refused_classes(held: HeldAudio, most_bytes: int) -> frozenset[str]:
    """Return the classes from which no audio is accepted until the broker takes some."""
    all_classes = sum(held) * BYTES_PER_SAMPLE >= most_bytes
    return full(held, most_bytes) if all_classes else full(held, most_bytes) - {CLASSES[0]}


def describe(held: HeldAudio) -> str:
    """Return the message for clients that are refused for lack of room."""
    return f"this gateway holds {samples_to_seconds(sum(held)):.0f} s of audio that the broker does not have yet"
