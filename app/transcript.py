"""What was said in one recording, and when."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from protocol.recognition import Timing, Word
from protocol.texts import join_texts

Rewrite = Callable[[str], str]
"""What a text is to say instead; it may be nothing. Not for a text that was rewritten already."""


def as_it_is(text: str) -> str:
    """A ``Rewrite`` without any rule."""
    return text


@dataclass(frozen=True)
class Segment:
    """One segment. Times are from the recording's start; ``error`` says why there is no text, ``after_speech_ms``
    how long after the end of its speech the text was there (only where the audio came at speaking pace).
    ``recognised``: what was, where rules made another ``text`` of it."""

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
    recognised: str = ""

    def of(self, recognised: str) -> "Segment":
        """The same, with what was recognised if the text is another one."""
        return self if recognised == self.text else replace(self, recognised=recognised)


@dataclass(frozen=True)
class Transcript:
    """Every segment of a recording, in order. ``truncated``: why its end is missing; empty: it is whole."""

    segments: tuple[Segment, ...]
    duration_ms: int
    truncated: str = ""

    @property
    def text(self) -> str:
        """The whole of it."""
        return join_texts(segment.text for segment in self.segments)

    @property
    def failures(self) -> tuple[Segment, ...]:
        """Segments without a result."""
        return tuple(segment for segment in self.segments if segment.error)
