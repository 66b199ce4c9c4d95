"""Faults of a recording: which part cannot be read, and where. Pure."""

from dataclasses import dataclass
from typing import Final

from app.journal.disk import AUDIO

MOST_TOLD: Final = 20


@dataclass(frozen=True)
class Fault:
    """A part of a recording that cannot be read. ``line``: its line in the file, or 0."""

    file: str
    what: str
    line: int = 0

    @property
    def place(self) -> str:
        """The name of the file, with the line if known."""
        return f"{self.file}, line {self.line}" if self.line else self.file

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def fault_sentences(faults: tuple[Fault, ...]) -> list[str]:
    """Return a sentence for each fault, and a count in place of the last ones if there are very many."""
    more = len(faults) - MOST_TOLD
    return [*map(str, faults[:MOST_TOLD]), *([f"and {more} more"] if more > 0 else [])]


def audio_ends_early(size: int, expected: int) -> Fault:
    """Return the fault of audio that is shorter than the ``expected`` bytes."""
    return Fault(AUDIO, f"the audio ends at byte {size}, but {expected} bytes were recorded")


def audio_goes_on(size: int, expected: int) -> Fault:
    """Return the fault of audio that is longer than the ``expected`` bytes."""
    return Fault(AUDIO, f"the audio has {size} bytes, but only {expected} were recorded")
