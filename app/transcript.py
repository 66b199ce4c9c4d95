"""What was said in one recording, and when."""

from dataclasses import dataclass

from protocol.recognition import Timing, Word
from protocol.texts import join_texts


@dataclass(frozen=True)
class Segment:
    """One segment. Times are from the recording's start; ``error`` says why there is no text, ``after_speech_ms``
    how long after the end of its speech the text was there (only where the audio came at speaking pace)."""

    index: int
    start_ms: int
    end_ms: int
    text: str = ""
    language: str = ""
    words: tuple[Word, ...] = ()
    model: str = ""
    timing: Timing = Timing()
    error: str = ""
    after_speech_ms: int | None = None


@dataclass(frozen=True)
class Transcript:
    """Every segment of a recording, in order."""

    segments: tuple[Segment, ...]
    duration_ms: int

    @property
    def text(self) -> str:
        """The whole of it."""
        return join_texts(segment.text for segment in self.segments)

    @property
    def failures(self) -> tuple[Segment, ...]:
        """Segments without a result."""
        return tuple(segment for segment in self.segments if segment.error)
