"""Window of a segment: up to 30 s of audio, read with as little silence after it as gives a text to trust."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from worker.engines.repetition import counted, may_repeat, said_once, said_so_often, times_said
from worker.engines.whisper.missed_end import better, is_heard, is_in_bounds, says_once
from worker.engines.whisper.pauses import LOUD, are_alike, count_sounds, place_of_sounds, with_short_pauses
from worker.engines.whisper.reader import (
    FRAMES_PER_SECOND,
    LONGEST_FRAMES,
    Asked,
    Features,
    Hints,
    Reading,
    WhisperReader,
    echoes_prompt,
)
from worker.engines.whisper.speech import is_sparse, is_speech, is_speech_so_far

_MARGIN_FRAMES: Final = 3 * FRAMES_PER_SECOND
_LONGER_MARGIN_FRAMES: Final = 6 * FRAMES_PER_SECOND
"""Most texts that cannot be trusted are right with this window, which costs a third of one of 30 s."""
_PRIMED_S: Final = 1.5
"""Shorter audio may hold one word. Whisper then writes a part of the sentence that it was primed with."""
_TOLD_S: Final = 2.0
"""Shorter audio hardly tells its language."""
_OFTEN: Final = ("en", "zh")
"""Languages to look for where those of the speaker are not known."""
_PAIR: Final = 2
_MOST_PAIRS: Final = 3
_TOKENS: Final = 16
_TOKENS_PER_SECOND: Final = 8
_MOST_TOKENS_PER_SECOND: Final = 20
"""Bound for a window of 30 s. Scripts that Whisper writes byte by byte need up to three tokens a letter."""


class Audio:
    """Features of a window, encoded once for all languages. ``goes_on``: audio follows the window."""

    def __init__(self, reader: WhisperReader, features: Features) -> None:
        """``features`` begin with the window, and end with 30 s of silence."""
        self.reader, self.features = reader, features
        left: int = features.shape[1] - LONGEST_FRAMES
        self._frames, self.goes_on = min(left, LONGEST_FRAMES), left > LONGEST_FRAMES
        self.sound, self.seconds = features[:, : self._frames], self._frames / FRAMES_PER_SECOND
        self._kept: dict[Any, Any] = {}

    def padded(self, margin: int = _MARGIN_FRAMES) -> int:
        """Return the length of the window with silence after its audio, in frames."""
        return min(LONGEST_FRAMES, self._frames + margin)

    def encoded(self, frames: int) -> Any:
        """Return the encoding of this length."""
        return self.once(frames, lambda: self.reader.encode(self.features[:, :frames]))

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return the first result of ``make``. ``functools.cache`` would hold the features until a collection."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]


class Limit:
    """Limit of the frames that are read of one segment."""

    def __init__(self, frames: int) -> None:
        self._left = frames

    @property
    def is_reached(self) -> bool:
        """True if no frames of the segment may be read again."""
        return self._left <= 0

    def spend(self, frames: int) -> None:
        """Count frames that are read."""
        self._left -= frames


class Window:
    """Audio of a window, and the options of its request. ``limit``: of its segment, shared with its parts."""

    def __init__(self, audio: Audio, asked: Asked, limit: Limit | None = None) -> None:
        self.audio, self.asked, self.limit = audio, asked, limit
        primed = audio.seconds >= _PRIMED_S and not asked.translates
        self._hints = Hints(asked, self._most_tokens(_TOKENS_PER_SECOND), audio.goes_on, primed)

    def part(self, first: int, last: int) -> "Window":
        """Return the window between two frames of this one."""
        features = self.audio.features
        part = np.concatenate((features[:, first:last], features[:, -LONGEST_FRAMES:]), axis=1)
        return Window(Audio(self.audio.reader, part), self.asked, self.limit)

    def in_language(self, language: str) -> "Window":
        """Return the window in another language."""
        return Window(self.audio, self.asked._replace(language=language), self.limit)

    @property
    def is_read_once(self) -> bool:
        """True for live text, and at the limit of the segment: no second reading corrects this one."""
        return self.asked.partial or (self.limit is not None and self.limit.is_reached)

    def in_its_language(self, shortest_s: float = _TOLD_S) -> "Window":
        """Return the window in the speaker's most probable language, if the window is long enough to know."""
        asked = self.asked
        if asked.partial or asked.translates or self.audio.seconds < shortest_s:
            return self
        ranked = self.audio.reader.languages(self.audio.encoded(self.audio.padded()))
        wanted = (asked.language, *(asked.spoken or _OFTEN))
        found = [one for one in (ranked if asked.spoken else ranked[:1]) if one in wanted]
        return self.in_language(found[0]) if found else self

    def read(self) -> Reading:
        """Decode until the text can be trusted. A phrase that was heard as often as it is written is no loop.

        Of a short word said again and again Whisper loses count, or hears nobody: then the sounds count.
        """
        reading = self._trusted()
        times, sounds = times_said(reading.text), count_sounds(self.audio.sound)
        alike = sounds > 1 and are_alike(self.audio.sound)
        if 1 < times == sounds or (alike and times == 2 * sounds):  # 谢谢 is one sound
            return reading._replace(found=True)
        if alike and sounds / 2 < times < 2 * sounds:
            return reading._replace(text=said_so_often(reading.text, sounds), phrases=(), found=True)
        fewer = counted(reading.text) < sounds and not reading.text.isascii()  # "557" and "USA" are each one word
        lost = times > 1 or fewer or not self.is_speech(reading)
        return self._by_two_sounds(sounds) or reading if alike and lost else reading

    def _by_two_sounds(self, sounds: int) -> Reading | None:
        """Return the word that is heard in two successive sounds as often as there are sounds."""
        pairs = range(0, min(sounds - 1, _MOST_PAIRS * _PAIR), _PAIR)
        for first in () if self.is_read_once or sounds == _PAIR else pairs:
            two = self.part(*place_of_sounds(self.audio.sound, first, first + _PAIR)).read_once()
            if times_said(two.text) == _PAIR and is_heard(two):
                text, tokens = said_so_often(two.text, sounds), two.tokens * sounds
                return two._replace(text=text, tokens=tokens, phrases=(), resume_s=None, found=True)
        return None

    def read_once(self) -> Reading:
        """Decode without a second look."""
        return self._decoded(self.audio.padded(), self._hints)

    def is_speech(self, reading: Reading) -> bool:
        """Return whether anybody spoke. Of sparse words the loudest counts: around an answer it may be quieter."""
        spoken = is_speech_so_far if self.asked.partial else is_speech
        loud_s = with_short_pauses(self.audio.sound, LOUD).shape[1] / FRAMES_PER_SECOND
        return spoken(reading) and not is_sparse(reading, self.audio.seconds, loud_s)

    def text(self, reading: Reading) -> str:
        """Return a reading's text; empty: no speech. Whisper repeats words where a partial ends within one."""
        if not self.is_speech(reading):
            return ""
        text = reading.without_loops()
        return said_once(text) if self.asked.partial else text

    def words(self, text: str) -> list[tuple[int, int]]:
        """Return where in a text and in the window each part of its words begins."""
        words = self.audio.once(
            (self._hints, text),
            lambda: self.audio.reader.words(self.audio.encoded(self.audio.padded()), self._hints, text),
        )
        return [(place, round(min(s, self.audio.seconds) * FRAMES_PER_SECOND)) for place, s in words]

    def _trusted(self) -> Reading:
        """Decode; if the text cannot be trusted, with more padding, and at last with 30 s.

        Of sounds without words Whisper repeats the priming sentence, or without it writes an improbable text.
        """
        frames, longer = self.audio.padded(), self.audio.padded(_LONGER_MARGIN_FRAMES)
        reading, hints = self._without_echo(frames, self._hints)
        if self.is_read_once or frames == LONGEST_FRAMES:
            return reading
        if is_heard(reading):
            if self._has_end(frames, hints, reading):
                return reading
            if longer < LONGEST_FRAMES:
                second, _ = self._without_echo(longer, hints)
                if is_heard(second) and self._has_end(longer, hints, second):
                    return second
        hints = hints._replace(most_tokens=self._most_tokens(_MOST_TOKENS_PER_SECOND))
        long, hints = self._without_echo(LONGEST_FRAMES, hints)
        best = better(long, reading, self.audio.seconds)
        echoed = self._hints.primed and not hints.primed
        return best._replace(no_speech=1.0) if echoed and not is_heard(best) else best

    def _without_echo(self, frames: int, hints: Hints) -> tuple[Reading, Hints]:
        """Decode, again without the priming sentence if the text has it."""
        reading = self._decoded(frames, hints)
        if hints.primed and echoes_prompt(reading.text, self.asked.language):
            hints = hints._replace(primed=False)
            reading = self._decoded(frames, hints)
        return reading, hints

    def _has_end(self, frames: int, hints: Hints, reading: Reading) -> bool:
        """Return whether a reading ends with the audio; in doubt, its last word decides."""
        seconds = self.audio.seconds
        if is_in_bounds(reading, seconds) and not may_repeat(reading.text):
            return True
        if not says_once(reading, seconds):
            return False
        words = self.audio.reader.words(self.audio.encoded(frames), hints, reading.text)
        return not words or words[-1][1] <= seconds

    def _decoded(self, frames: int, hints: Hints) -> Reading:
        reading: Reading = self.audio.once((frames, hints), lambda: self._read_new(frames, hints))
        return reading

    def _read_new(self, frames: int, hints: Hints) -> Reading:
        if self.limit is not None:
            self.limit.spend(frames)
        return self.audio.reader.read(self.audio.encoded(frames), hints)

    def _most_tokens(self, per_second: int) -> int:
        return _TOKENS + int(per_second * self.audio.seconds)
