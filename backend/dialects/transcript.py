"""Results of one session, in spoken order, as adapters answer with them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final as Constant

from protocol.captions import estimate_words
from protocol.recognition import Word
from protocol.session import Failed, Final
from protocol.subtitles import Cue
from protocol.texts import TimedText, joined_parts

_LONGEST_WORD_MS: Constant = 2_000


@dataclass(frozen=True)
class TranscriptPart:
    """Text of one segment, with its place in the audio. ``words``: with times from the beginning of the audio."""

    start_ms: int
    end_ms: int
    text: str
    language: str = ""
    words: tuple[Word, ...] = ()

    def timed_words(self) -> tuple[Word, ...]:
        """Return the words; words of a phrase, or of a text without times, share its time by their length."""
        known = self.words or (Word(self.text, self.start_ms, self.end_ms),)
        return tuple(word for one in known for word in _divided_words(one))


@dataclass
class JoinedResults:
    """Results that have come so far, by segment. ``places``: start and end of each segment in ms.

    ``truncated``: the end of the file is missing, as its header says.
    """

    places: dict[int, tuple[int, int]] = field(default_factory=dict)
    finals: dict[int, Final] = field(default_factory=dict)
    failed: Failed | None = None
    truncated: bool = False

    def take(self, result: Final | Failed) -> None:
        """Note a result; the first failure counts."""
        if isinstance(result, Final):
            self.finals[result.segment] = result
        else:
            self.failed = self.failed or result

    def parts(self) -> list[TranscriptPart]:
        """Return the parts with text, in spoken order, as they stand in the running text."""
        known = sorted(self.finals)
        texts = joined_parts(TimedText(self.finals[n].text.strip(), *self.places[n]) for n in known)
        found = zip(known, texts, strict=True)
        return [self.part(segment, text) for segment, text in found if text.strip()]

    def text(self) -> str:
        """Return the running text."""
        return "".join(part.text for part in self.parts()).strip()

    def certain(self) -> str:
        """Return the beginning of the running text that later results cannot change."""
        count = next(n for n in range(len(self.finals) + 1) if n not in self.finals)
        texts = [TimedText(self.finals[n].text.strip(), *self.places[n]) for n in range(count)]
        return "".join(joined_parts(texts)[: self._last_with_text(count)]).lstrip()

    def truncation(self) -> dict[str, bool]:
        """Return the field about a missing end. The APIs of others have none, and their clients ignore it."""
        return {"truncated": True} if self.truncated else {}

    def language(self) -> str:
        """Return the language of most of the audio, by code; empty if no engine has reported one."""
        lengths: dict[str, int] = {}
        for segment, final in self.finals.items():
            start, end = self.places[segment]
            if final.language:
                lengths[final.language] = lengths.get(final.language, 0) + end - start
        return max(lengths, key=lambda code: lengths[code], default="")

    def _last_with_text(self, count: int) -> int:
        """Return the last of the first ``count`` segments that has text: its end may still change."""
        return next((n for n in reversed(range(count)) if self.finals[n].text.strip()), 0)

    def part(self, segment: int, text: str) -> TranscriptPart:
        """Return a segment as a part with this text."""
        final, (start, end) = self.finals[segment], self.places[segment]
        words = tuple(Word(word.text, start + word.start_ms, start + word.end_ms) for word in final.words)
        return TranscriptPart(start, end, text, final.language, words)


def _divided_words(word: Word) -> Iterable[Word]:
    """Divide a phrase, which has spaces or lasts longer than a word: some engines time only phrases."""
    if len(word.text.split()) == 1 and word.end_ms - word.start_ms <= _LONGEST_WORD_MS:
        return (word,)
    return estimate_words(Cue(word.start_ms, word.end_ms, word.text))
