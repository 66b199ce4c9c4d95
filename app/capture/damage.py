"""Faults of a recording: what cannot be read of it, and where. Pure."""

from dataclasses import dataclass
from typing import Final

from app.capture.disk import AUDIO

MOST_TOLD: Final = 20


@dataclass(frozen=True)
class Fault:
    """Something of a recording that cannot be read. ``line``: in this file, where one can be named."""

    file: str
    what: str
    line: int = 0

    @property
    def place(self) -> str:
        """Name the file, and the line in it."""
        return f"{self.file}, line {self.line}" if self.line else self.file

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def told(faults: tuple[Fault, ...]) -> list[str]:
    """Return one sentence per fault, of very many the first ones."""
    more = len(faults) - MOST_TOLD
    return [*map(str, faults[:MOST_TOLD]), *([f"and {more} more"] if more > 0 else [])]


def audio_ends_early(size: int, expected: int) -> Fault:
    """Say that ``expected`` bytes were recorded."""
    return Fault(AUDIO, f"the audio ends at byte {size}, but {expected} bytes were recorded")


def audio_goes_on(size: int, expected: int) -> Fault:
    """Say that there are more bytes than the journal ends with."""
    return Fault(AUDIO, f"the audio has {size} bytes, but only {expected} were recorded")
