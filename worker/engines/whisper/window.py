"""Window of a segment: up to 30 s of audio, decoded with as little silence after it as gives a reliable text."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from worker.engines.repetition import (
    count_repeats,
    count_units,
    may_repeat,
    with_repeats,
    without_repeated_sentences,
)
from worker.engines.whisper.decoder import (
    FRAMES_PER_SECOND,
    LONGEST_FRAMES,
    DecodeResult,
    DecodeSettings,
    Features,
    WhisperDecoder,
    WindowOptions,
    echoes_prompt,
)
from worker.engines.whisper.missed_end import better_result, is_acceptable, is_in_bounds, is_plausible
from worker.engines.whisper.no_speech import (
    IMPROBABLE,
    is_of_sound,
    is_probable,
    is_sparse,
    is_speech,
    is_speech_so_far,
)
from worker.engines.whisper.pauses import LOUD, are_alike, count_sounds, place_of_sounds, with_short_pauses
from worker.engines.whisper.written_text import is_well_written, lend_marks

_MARGIN_FRAMES: Final = 3 * FRAMES_PER_SECOND
_LONGER_MARGIN_FRAMES: Final = 6 * FRAMES_PER_SECOND
"""Most texts that are not reliable are right with this window, which costs a third of one of 30 s."""
_PRIMED_S: Final = 1.5
"""Shorter audio may hold one word. Whisper then writes a part of the sentence that it was primed with."""
_BRIEF_S: Final = 6.0
_HEARD_UNPRIMED: Final = ("en",)
"""In audio as short, the priming sentence costs words: "Chi finished" for "She finished"."""
SHORTEST_KNOWN_S: Final = 2.0
"""The language of shorter audio can hardly be detected."""
_COMMON: Final = ("en", "zh")
"""Languages to look for where those of the speaker are not known."""
_LIKELIER: Final = 7.0
"""How much more probable than any other a language must be in the encoding of a window, or of a part of it."""
_PAIR: Final = 2
_MOST_PAIRS: Final = 3
_TOKENS: Final = 16
_TOKENS_PER_SECOND: Final = 8
_MOST_TOKENS_PER_SECOND: Final = 20
"""Bound for a window of 30 s. Scripts that Whisper writes byte by byte need up to three tokens a letter."""


class Audio:
    """Features of a window, encoded once for all languages. ``goes_on``: audio follows the window."""

    def __init__(self, decoder: WhisperDecoder, features: Features) -> None:
        """``features`` begin with the window, and end with 30 s of silence."""
        self.decoder, self.features = decoder, features
        left: int = features.shape[1] - LONGEST_FRAMES
        self._frames, self.goes_on = min(left, LONGEST_FRAMES), left > LONGEST_FRAMES
        self.sound, self.seconds = features[:, : self._frames], self._frames / FRAMES_PER_SECOND
        self._cache: dict[Any, Any] = {}

    def padded_frames(self, margin: int = _MARGIN_FRAMES) -> int:
        """Return the length of the window with silence after its audio, in frames."""
        return min(LONGEST_FRAMES, self._frames + margin)

    def encode(self, frames: int) -> Any:
        """Return the encoding of this length."""
        return self.get_or_make(frames, lambda: self.decoder.encode(self.features[:, :frames]))

    def get_or_make(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return the first result of ``make``. ``functools.cache`` would hold the features until a collection."""
        if key not in self._cache:
            self._cache[key] = make()
        return self._cache[key]


class FrameBudget:
    """Frames of one segment that may still be decoded."""

    def __init__(self, frames: int) -> None:
        self._left = frames

    @property
    def is_spent(self) -> bool:
        """True if nothing of the segment may be decoded again."""
        return self._left <= 0

    def spend(self, frames: int) -> None:
        """Count frames that are decoded."""
        self._left -= frames


class Window:
    """Audio of a window with its options. ``budget``: that of its segment, shared with its parts."""

    def __init__(self, audio: Audio, options: WindowOptions, budget: FrameBudget | None = None) -> None:
        self.audio, self.options, self.budget = audio, options, budget
        primed = audio.seconds >= _PRIMED_S and not options.translates
        self._settings = DecodeSettings(options, self._most_tokens(_TOKENS_PER_SECOND), audio.goes_on, primed)

    def part(self, first: int, last: int) -> "Window":
        """Return the window between two frames of this one."""
        features = self.audio.features
        part = np.concatenate((features[:, first:last], features[:, -LONGEST_FRAMES:]), axis=1)
        return Window(Audio(self.audio.decoder, part), self.options, self.budget)

    def in_language(self, language: str) -> "Window":
        """Return the window in another language."""
        return Window(self.audio, self.options._replace(language=language), self.budget)

    @property
    def is_decoded_once(self) -> bool:
        """True for live text, and at the end of the budget: no second decode corrects this one."""
        return self.options.partial or (self.budget is not None and self.budget.is_spent)

    def in_detected_language(self, shortest_s: float = SHORTEST_KNOWN_S) -> "Window":
        """Return the window in the speaker's most probable language, if the window is long enough to know."""
        options = self.options
        if options.partial or options.translates or self.audio.seconds < shortest_s:
            return self
        ranked = self.audio.decoder.languages(self.encoded())
        wanted = (options.language, *(options.spoken or _COMMON))
        found = [one for one in (ranked if options.spoken else ranked[:1]) if one in wanted]
        return self.in_language(found[0]) if found else self

    def clear_languages(self, parts: Sequence[tuple[int, int]]) -> list[str]:
        """Return which of the speaker's languages is far more probable than any other in parts, given by frames.

        Empty: there is none.
        """
        own, spoken = self.options.language, self.options.spoken
        wanted = {own, *(spoken or _COMMON)}
        if len(wanted) == 1:
            return [own] * len(parts)
        found: list[str] = []
        for probabilities in self.audio.decoder.languages_within(self.encoded(), parts):
            ranked = sorted(((probable, one) for one, probable in probabilities.items()), reverse=True)
            likely = [(probable, one) for probable, one in ranked if one in wanted]
            (most, language), (second, _), *_ = (*likely, (0.0, ""), (0.0, ""))
            known = spoken or ranked[:1] == likely[:1]
            found.append(language if known and most >= _LIKELIER * second else "")
        return found

    def encoded(self) -> Any:
        """Return the encoding of the window with a little silence after it."""
        return self.audio.encode(self.audio.padded_frames())

    def decode(self) -> DecodeResult:
        """Decode until the text is reliable. A phrase that sounds as often as it is written is no loop.

        For a short word said repeatedly, Whisper loses count or detects no speech; then the sounds are counted.
        """
        result = self._reliable_result()
        times, sounds = count_repeats(result.text), count_sounds(self.audio.sound)
        alike = sounds > 1 and are_alike(self.audio.sound)
        if 1 < times == sounds or (alike and times == 2 * sounds):  # 谢谢 is one sound
            return result._replace(repeats_heard=True)
        if alike and sounds / 2 < times < 2 * sounds:
            return result._replace(text=with_repeats(result.text, sounds), phrases=(), repeats_heard=True)
        # "557" and "USA" are each one word
        fewer = count_units(result.text) < sounds and not result.text.isascii()
        lost = times > 1 or fewer or not self.is_speech(result)
        return self._repeated_word(sounds) or result if alike and lost else result

    def _repeated_word(self, sounds: int) -> DecodeResult | None:
        """Return a word as often as there are sounds, if it is decoded twice from two successive sounds."""
        pairs = range(0, min(sounds - 1, _MOST_PAIRS * _PAIR), _PAIR)
        for first in () if self.is_decoded_once or sounds == _PAIR else pairs:
            two = self.part(*place_of_sounds(self.audio.sound, first, first + _PAIR)).decode_once()
            if count_repeats(two.text) == _PAIR and is_acceptable(two):
                text, tokens = with_repeats(two.text, sounds), two.tokens * sounds
                return two._replace(text=text, tokens=tokens, phrases=(), resume_s=None, repeats_heard=True)
        return None

    def decode_once(self) -> DecodeResult:
        """Decode without a check of the text."""
        return self._decode_cached(self.audio.padded_frames(), self._settings)

    def is_speech(self, result: DecodeResult) -> bool:
        """Return whether anybody spoke. Words are too sparse if the loud part of the window is long for them."""
        spoken = is_speech_so_far if self.options.partial else is_speech
        loud_s = with_short_pauses(self.audio.sound, LOUD).shape[1] / FRAMES_PER_SECOND
        return spoken(result) and not is_sparse(result, self.audio.seconds, loud_s) and self._is_heard(result)

    def _is_heard(self, result: DecodeResult) -> bool:
        """Return whether a doubtful text comes from the sound: silence would not give it almost as well."""
        text = result.without_loops()
        probable = result.log_probability >= IMPROBABLE and text == result.text
        if probable or self.options.partial or self.options.translates:
            return True
        settings = self._settings._replace(primed=True)
        encoded = self.encoded()
        gain = self.audio.get_or_make(
            (settings, text, "gain"), lambda: self.audio.decoder.gain_over_silence(encoded, settings, text)
        )
        return is_of_sound(gain)

    def text(self, result: DecodeResult) -> str:
        """Return the text of a result; empty: no speech. Whisper repeats words where a partial ends within one."""
        if not self.is_speech(result):
            return ""
        text = result.without_loops()
        return without_repeated_sentences(text) if self.options.partial else text

    def words(self, text: str) -> list[tuple[int, int]]:
        """Return where in a text and in the window each part of its words begins."""
        words = self.audio.get_or_make(
            (self._settings, text),
            lambda: self.audio.decoder.words(self.encoded(), self._settings, text),
        )
        return [(place, round(min(s, self.audio.seconds) * FRAMES_PER_SECOND)) for place, s in words]

    def _reliable_result(self) -> DecodeResult:
        """Decode; if the text is not reliable, again with more padding, and finally with 30 s.

        For sounds without words Whisper repeats the priming sentence, or without it writes an improbable text.
        """
        frames, longer = self.audio.padded_frames(), self.audio.padded_frames(_LONGER_MARGIN_FRAMES)
        if self._is_brief and not self._settings.primed:  # a word or two: "Sure.", with 3 s "chair"
            frames = longer
        result, settings = self._without_echo(frames, self._settings)
        if self.is_decoded_once or frames == LONGEST_FRAMES:
            return result
        if is_acceptable(result):
            if self._has_end(frames, settings, result):
                return result
            if frames < longer < LONGEST_FRAMES:
                second, _ = self._without_echo(longer, settings)
                if is_acceptable(second) and self._has_end(longer, settings, second):
                    return second
        settings = settings._replace(most_tokens=self._most_tokens(_MOST_TOKENS_PER_SECOND))
        long, settings = self._without_echo(LONGEST_FRAMES, settings)
        best = better_result(long, result, self.audio.seconds)
        echoed = self._settings.primed and not settings.primed
        return best._replace(no_speech=1.0) if echoed and not is_acceptable(best) else best

    def _without_echo(self, frames: int, settings: DecodeSettings) -> tuple[DecodeResult, DecodeSettings]:
        """Decode, again without the priming sentence if the text has it.

        If a text heard without it is probable, its words count; the primed text lends marks and capitals.
        """
        unprimed = settings._replace(primed=False)
        first = self._is_brief and settings.primed and frames < LONGEST_FRAMES
        heard = self._decode_cached(frames, unprimed) if first else None
        probable = heard if heard and is_probable(heard) else None
        if probable and is_well_written(probable.text):
            return probable, settings
        result = self._decode_cached(frames, settings)
        if settings.primed and echoes_prompt(result.text, self.options.language):
            return self._decode_cached(frames, unprimed), unprimed
        return lend_marks(probable, result) if probable else result, settings

    @property
    def _is_brief(self) -> bool:
        """True for brief speech in a language of which Whisper then hears more without the priming sentence."""
        brief = self.audio.seconds <= _BRIEF_S and not self.options.translates
        return brief and not self.is_decoded_once and self.options.language in _HEARD_UNPRIMED

    def _has_end(self, frames: int, settings: DecodeSettings, result: DecodeResult) -> bool:
        """Return whether a result ends with the audio; in doubt, the place of its last word decides."""
        seconds = self.audio.seconds
        if is_in_bounds(result, seconds) and not may_repeat(result.text):
            return True
        if not is_plausible(result, seconds):
            return False
        words = self.audio.decoder.words(self.audio.encode(frames), settings, result.text)
        return not words or words[-1][1] <= seconds

    def _decode_cached(self, frames: int, settings: DecodeSettings) -> DecodeResult:
        key = (frames, settings)
        result: DecodeResult = self.audio.get_or_make(key, lambda: self._decode_now(frames, settings))
        return result

    def _decode_now(self, frames: int, settings: DecodeSettings) -> DecodeResult:
        if self.budget is not None:
            self.budget.spend(frames)
        return self.audio.decoder.decode(self.audio.encode(frames), settings)

    def _most_tokens(self, per_second: int) -> int:
        return _TOKENS + int(per_second * self.audio.seconds)
