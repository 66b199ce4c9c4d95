"""Define the transcript of one recording: its texts and times."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from protocol.errors import ErrorCode
from protocol.recognition import Timing, Word
from protocol.texts import TimedText, joined_parts

Rewrite = Callable[[str], str]
"""Rewrites a recognised text, possibly to an empty one. Must not be applied twice."""


def as_it_is(text: str) -> str:
    """Return the text unchanged: the ``Rewrite`` without rules."""
    return text


@dataclass(frozen=True)
class TranscriptSegment:
    """A segment of a recording.

    Times are from the recording's start. ``error``: why there is no text. ``after_speech_ms``: the delay from
    the end of the speech to the text, only for audio at speaking pace. ``recognised``: the original text, if
    rules changed it. ``after_written``: the text before it is already inserted and cannot change any more.
    """

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
    after_written: bool = False

    @property
    def timed(self) -> TimedText:
        """The text with its times."""
        return TimedText(self.text, self.start_ms, self.end_ms, self.after_written)

    @property
    def line(self) -> str:
        """Line for people: the times in the recording, and the text or the error."""
        text = f"no text: {self.error}" if self.error else self.text or "(nothing understood)"
        return f"[{self.start_ms / 1000:.1f}-{self.end_ms / 1000:.1f} s] {text}"

    @property
    def unsupported(self) -> bool:
        """True if the model does not support the language; an error ends with its code."""
        return self.error.endswith(f"({ErrorCode.UNSUPPORTED})")

    @property
    def original(self) -> str:
        """The recognised text, before replacement rules."""
        return self.recognised or self.text

    def of(self, recognised: str) -> "TranscriptSegment":
        """Return the segment with ``recognised`` set, if that differs from ``text``."""
        return self if recognised == self.text else replace(self, recognised=recognised)


@dataclass(frozen=True)
class RecordingTranscript:
    """All segments of a recording, in order.

    ``truncated``: why the end is missing; empty if it is complete. ``by_pause``: join texts by the pauses between
    them; otherwise only with spaces.
    """

    segments: tuple[TranscriptSegment, ...]
    duration_ms: int
    truncated: str = ""
    by_pause: bool = True

    @property
    def text(self) -> str:
        """The text of all segments, joined."""
        return "".join(self.parts)

    @property
    def parts(self) -> list[str]:
        """The part of each segment in ``text``, with the space before it; ``text`` has no space at its ends."""
        parts = joined_parts(
            segment.timed if self.by_pause else TimedText(segment.text) for segment in self.segments
        )
        spoken = [place for place, part in enumerate(parts) if part.strip()]
        if not spoken:
            return [""] * len(parts)
        first, last = spoken[0], spoken[-1]
        parts[first] = parts[first].lstrip()
        parts[last] = parts[last].rstrip()
        return [part if first <= place <= last else "" for place, part in enumerate(parts)]

    @property
    def failures(self) -> tuple[TranscriptSegment, ...]:
        """The segments that ended with an error."""
        return tuple(segment for segment in self.segments if segment.error)
