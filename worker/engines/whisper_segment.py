"""Segment that Whisper recognises, window by window, each window as short as its audio allows."""

from collections.abc import Callable, Iterator
from copy import copy
from functools import partial
from itertools import islice
from math import inf
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from protocol.false_stops import without_false_stops
from protocol.recognition import Options, Word
from worker.engines.repetition import counted, may_repeat, said_once, times_said, without_loops
from worker.engines.whisper_checks import (
    better,
    is_heard,
    is_in_bounds,
    is_probable,
    is_sparse,
    is_speech,
    is_speech_so_far,
    is_spoken_after_word,
    is_surely_said,
    says_once,
)
from worker.engines.whisper_pauses import (
    LOUD,
    continued,
    count_sounds,
    ends_like,
    first_sound,
    is_new,
    lies_between,
    overlapped,
    pause_before,
    sentence_before,
    sounds_from,
    speech_after,
    speech_after_word,
    speech_between,
    with_short_pauses,
    without_words,
)
from worker.engines.whisper_reader import (
    FRAMES_PER_SECOND,
    LONGEST_FRAMES,
    Features,
    Hints,
    Phrase,
    Reading,
    Samples,
    WhisperReader,
    echoes_prompt,
)
from worker.engines.word_times import AROUND, pieces_of, timed_words

_MARGIN_FRAMES: Final = 3 * FRAMES_PER_SECOND
_LONGER_MARGIN_FRAMES: Final = 6 * FRAMES_PER_SECOND
"""Most texts that cannot be trusted are right with this window, which costs a third of one of 30 s."""
_BRIEF_FRAMES: Final = 2 * FRAMES_PER_SECOND
"""A partial as short begins with its first sound: after silence Whisper often hears nobody in it."""
_BEAMS: Final = 5
_SENTENCE: Final = 5
"""Words of a text that no sound gives by chance once more."""
_LONGEST_PIECE_S: Final = 0.6
"""Most words of English are one token, and last longer than a syllable."""
_MOST_LANGUAGES: Final = 2
_KNOWN_SENTENCES: Final = ("en", "zh")
"""Languages whose words tell that a sentence goes on."""
_PRIMED_S: Final = 1.5
"""Shorter audio may hold one word. Whisper then writes a part of the sentence that it was primed with."""
_TOKENS: Final = 16
_TOKENS_PER_SECOND: Final = 8
_MOST_TOKENS_PER_SECOND: Final = 20
"""Bound for a window of 30 s. Scripts that Whisper writes byte by byte need up to three tokens a letter."""


class Passage(NamedTuple):
    """Text of a segment, decoded with a language. ``log_probability`` is the mean of its windows.

    ``phrases`` or words have times from the start of the segment; a text with one or with a loop has none.
    """

    text: str
    language: str
    log_probability: float
    phrases: tuple[Word, ...] = ()


class Rest(NamedTuple):
    """Speech after a pause that the reading of a window may lack, from a frame on. ``window_end``: of that window.

    ``stated``: Whisper states an end before it. ``aligned``: the last word lies before it.
    """

    at: int
    window_end: int
    stated: bool
    aligned: bool

    def is_found(self, reading: Reading, new: bool, again: bool) -> bool:
        """Return whether a reading has the rest. What is not new was said again, or is read twice."""
        expected = self.stated and new or self.aligned and again
        return (expected and is_probable(reading)) or (self.aligned and is_spoken_after_word(reading))


class SegmentDecoder:
    """Decoder of one segment, which encodes each window once for all languages. A partial is decoded cheaply."""

    def __init__(
        self,
        reader: WhisperReader,
        samples: Samples,
        partial: bool,
        *,
        translates: bool = False,
        times_words: bool = False,
    ) -> None:
        """Compute the features of the segment.

        ``translates``: its text is to be in English. ``times_words``: the passage has words instead of phrases.
        """
        self._reader, self._translates, self._times_words = reader, translates, times_words
        features = reader.features(samples)
        little = features[:, : features.shape[1] - LONGEST_FRAMES]
        brief = partial and 0 < little.shape[1] < _BRIEF_FRAMES
        self._partial = partial
        self._hear(features[:, first_sound(little) if brief else 0 :])

    def _hear(self, features: Features) -> None:
        self._features = features
        self._frames: int = features.shape[1] - LONGEST_FRAMES
        self._kept: dict[tuple[Any, ...], Any] = {}

    def languages(self, options: Options) -> Iterator[str]:
        """Return the languages to try in turn: the given one, then the most probable ones of the listed."""
        given = () if options.language == "auto" else (options.language,)
        yield from given
        listed = set(options.languages).intersection(self._reader.known)
        ranked = self._reader.languages(self._encoded(0, self._window(0)))
        others = (found for found in ranked if found not in given and (not listed or found in listed))
        yield from islice(others, (1 if self._partial else _MOST_LANGUAGES) - len(given))

    def decode(self, language: str, hotwords: str) -> Passage:
        """Decode the whole segment with a language."""
        readings: list[Reading] = []
        phrases: list[Word] = []
        text, at = "", 0
        rest: Rest | None = None
        while at < self._frames:
            heard = self._recounted(at, self._read(at, language, hotwords))
            reading = self._whole(at, heard, language, hotwords)
            said = self._tidied(reading) if self._is_speech(at, reading) else ""
            again = counted(said) >= _SENTENCE and ends_like(text, said)
            new = is_new(said, text) and not again
            if rest and not (said and rest.is_found(reading, new, again)):
                at, rest = rest.window_end, None
                continue
            readings.append(reading)
            hints = self._hints(self._seconds(at), language, hotwords)
            phrases = [*_ended(phrases, at), *self._timed(at, reading, hints)]
            text = continued(text, said) if rest and new else text + said
            aligned = _without_loops(reading) if reading.found or heard.text == reading.text else ""
            rest = self._rest(at, reading, aligned, hints)
            at = rest.at if rest else at + _frames_read(reading)
        text = text.strip()
        if language in _KNOWN_SENTENCES:
            text = without_false_stops(text)
            phrases = [replace(phrase, text=without_false_stops(phrase.text)) for phrase in phrases]
        log_probability = sum(reading.log_probability for reading in readings) / len(readings)
        return Passage(text, language, log_probability, tuple(phrases) if len(phrases) > 1 else ())

    def _is_speech(self, at: int, reading: Reading) -> bool:
        spoken = is_speech_so_far if self._partial else is_speech
        return spoken(reading) and not is_sparse(reading, self._seconds(at), self._sounding_s(at))

    def _tidied(self, reading: Reading) -> str:
        """Return the text without loops. Whisper often says a partial again, as it ends in the midst of a word."""
        text = _without_loops(reading)
        return said_once(text) if self._partial else text

    def _seconds(self, at: int) -> float:
        """Return how much audio the window has that begins at this frame."""
        return min(self._frames - at, LONGEST_FRAMES) / FRAMES_PER_SECOND

    def _audio(self, at: int) -> Features:
        """Return the features of the audio of a window."""
        return self._features[:, at : min(at + LONGEST_FRAMES, self._frames)]

    def _sounding_s(self, at: int) -> float:
        """Return how long the loudest of the window lasts: before and after an answer it may be quieter."""
        sounding: int = with_short_pauses(self._audio(at), LOUD).shape[1]
        return sounding / FRAMES_PER_SECOND

    def _rest(self, at: int, reading: Reading, text: str, hints: Hints) -> "Rest | None":
        """Return where in the window speech follows that its reading may lack. ``text``: what can be aligned."""
        if self._partial or not self._is_speech(at, reading):
            return None
        read = _frames_read(reading)
        audio, end_s = self._audio(at)[:, :read], reading.phrases[-1].end_s if reading.phrases else inf
        stated = speech_after(audio, round(end_s * FRAMES_PER_SECOND)) if end_s < inf else 0
        spoken = 0
        if text and not self._translates and speech_after_word(audio, 0):
            words = self._words(at, hints, text)
            spoken = speech_after_word(audio, words[-1][1] if words else 0)
        place = stated or spoken
        aligned = 0 < spoken <= place
        return Rest(at + place, at + read, stated > 0, aligned) if place else None

    def _timed(self, at: int, reading: Reading, hints: Hints) -> list[Word]:
        """Return the phrases or words of a window with their times in the segment."""
        if not self._is_speech(at, reading) or _without_loops(reading) != reading.text:
            return []
        last_s, at_s = self._frames / FRAMES_PER_SECOND, at / FRAMES_PER_SECOND
        if self._times_words:
            found = self._words(at, hints, reading.text)
            frames = sounds_from(self._audio(at), [frame for _, frame in found])
            begins = [
                (place, at_s + frame / FRAMES_PER_SECOND) for (place, _), frame in zip(found, frames, strict=True)
            ]
            pieces = pieces_of(reading.text, begins)
            return list(timed_words(pieces, last_s, _LONGEST_PIECE_S))
        return [
            Word(said, *(round(1000 * min(at_s + s, last_s)) for s in times))
            for text, *times in reading.phrases
            if (said := text.strip(AROUND))
        ]

    def _hints(self, seconds: float, language: str, hotwords: str) -> Hints:
        most = _TOKENS + int(_TOKENS_PER_SECOND * seconds)
        beams = 1 if self._partial else _BEAMS
        primed = seconds >= _PRIMED_S and not self._translates
        return Hints(language, hotwords, beams, most, goes_on=False, primed=primed, translates=self._translates)

    def _read(self, at: int, language: str, hotwords: str) -> Reading:
        """Decode a window; if its text cannot be trusted, with more padding, and at last with 30 s."""
        goes_on = self._frames - at > LONGEST_FRAMES
        seconds = self._seconds(at)
        short = self._hints(seconds, language, hotwords)._replace(goes_on=goes_on)
        window = self._window(at)
        reading = self._decoded(at, window, short)
        if short.primed and echoes_prompt(reading.text, language):
            short = short._replace(primed=False)
            reading = self._decoded(at, window, short)
        if self._partial or window == LONGEST_FRAMES:
            return reading
        longer = self._window(at, _LONGER_MARGIN_FRAMES)
        if is_heard(reading):
            if self._has_end(at, window, short, reading):
                return reading
            if longer < LONGEST_FRAMES:
                second = self._without_echo(at, longer, short)
                if is_heard(second) and self._has_end(at, longer, short, second):
                    return second
        long = short._replace(most_tokens=_TOKENS + int(_MOST_TOKENS_PER_SECOND * seconds))
        return better(self._without_echo(at, LONGEST_FRAMES, long), reading, seconds)

    def _recounted(self, at: int, reading: Reading) -> Reading:
        """Return a reading that is no loop if it says one phrase as often as something was said."""
        times = times_said(reading.text)
        return reading._replace(found=times > 1 and times == count_sounds(self._audio(at)))

    def _whole(self, at: int, reading: Reading, language: str, hotwords: str) -> Reading:
        """Return a reading with what it lacks: Whisper skips whole sentences, and stops within others."""
        read = "".join(phrase.text for phrase in reading.phrases)
        if self._partial or read != reading.text or not self._is_speech(at, reading):
            return reading
        reading = self._to_the_end(at, self._with_skipped(at, reading, language, hotwords), language, hotwords)
        return self._said_again(at, reading, language, hotwords) if reading.text == read else reading

    def _with_skipped(self, at: int, reading: Reading, language: str, hotwords: str) -> Reading:
        phrases: list[Phrase] = []
        before = Phrase("", 0.0, 0.0)
        for phrase in reading.phrases:
            found = self._between(at, (before.end_s, phrase.start_s), language, hotwords)
            if found and lies_between(found.text, before.text, phrase.text):
                phrases.append(found)
            phrases.append(phrase)
            before = phrase
        return reading._replace(text="".join(phrase.text for phrase in phrases), phrases=tuple(phrases))

    def _between(self, at: int, gap_s: tuple[float, float], language: str, hotwords: str) -> Phrase | None:
        """Return what was surely said between two phrases of a window."""
        place = speech_between(self._audio(at), *(round(s * FRAMES_PER_SECOND) for s in gap_s))
        if place is None:
            return None
        part = self._part(at + place[0], at + place[1])
        found = part._decoded(0, part._window(0), part._hints(part._seconds(0), language, hotwords))
        if echoes_prompt(found.text, language):
            return None
        first, last = (frame / FRAMES_PER_SECOND for frame in place)
        return Phrase(found.text, first, last) if is_surely_said(found, last - first) else None

    def _to_the_end(self, at: int, reading: Reading, language: str, hotwords: str) -> Reading:
        """Return a reading that stopped within a sentence with its rest, heard from the pause before on."""
        audio = self._audio(at)
        if reading.resume_s is None or not reading.text[-1].isalnum() or at + audio.shape[1] < self._frames:
            return reading
        begin = pause_before(audio, round(reading.resume_s * FRAMES_PER_SECOND))
        if not begin:
            return reading
        found = self._part(at + begin, self._frames)._read(0, language, hotwords)
        rest = overlapped(reading.text, found.text) if is_probable(found) and found.resume_s is None else ""
        if not rest:
            return reading
        phrases = (*reading.phrases, Phrase(rest, reading.resume_s, inf))
        return reading._replace(text=reading.text + rest, phrases=phrases, resume_s=None)

    def _said_again(self, at: int, reading: Reading, language: str, hotwords: str) -> Reading:
        """Return a reading with a sentence that was said once more before other words follow."""
        audio, text = self._audio(at), _without_loops(reading)
        to_the_end = reading.resume_s is None and at + audio.shape[1] == self._frames
        if self._translates or not to_the_end or not speech_after_word(audio, 0):
            return reading
        words = self._words(at, self._hints(self._seconds(at), language, hotwords), text)
        pause = without_words(audio, [frame for _, frame in words])
        if pause is None or words[-1][1] <= pause[0]:
            return reading
        begin, cut = pause[1], sentence_before(text, next(place for place, frame in words if frame > pause[0]))
        part = self._part(at + begin, self._frames)
        heard = part._recounted(0, part._read(0, language, hotwords))
        found = part._whole(0, heard, language, hotwords)
        said = _without_loops(found)
        if counted(said) - counted(text[cut:]) < _SENTENCE or not ends_like(said, text[cut:]):
            return reading
        if not is_probable(found) or found.resume_s is not None:
            return reading
        begin_s = begin / FRAMES_PER_SECOND
        phrases = (Phrase(text[:cut], reading.phrases[0].start_s, begin_s), Phrase(said, begin_s, inf))
        return reading._replace(text=text[:cut] + said, phrases=phrases, found=True)

    def _once(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """Return what ``make`` returned first. ``functools.cache`` would hold the features until a collection."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def _encoded(self, at: int, frames: int) -> Any:
        encode = self._reader.encode
        return self._once(("encoded", at, frames), lambda: encode(self._features[:, at : at + frames]))

    def _words(self, at: int, hints: Hints, text: str) -> list[tuple[int, int]]:
        """Return where in a text and in a window each part of its words begins."""
        words = self._once(
            ("words", at, hints, text),
            lambda: self._reader.words(self._encoded(at, self._window(at)), hints, text),
        )
        return [(place, round(min(s, self._seconds(at)) * FRAMES_PER_SECOND)) for place, s in words]

    def _part(self, first: int, last: int) -> "SegmentDecoder":
        """Return a decoder of what lies between two frames."""
        part = copy(self)
        part._hear(np.concatenate((self._features[:, first:last], self._features[:, -LONGEST_FRAMES:]), axis=1))
        return part

    def _has_end(self, at: int, window: int, hints: Hints, reading: Reading) -> bool:
        """Return whether a reading ends with the audio; if it may not, its last word tells."""
        seconds = self._seconds(at)
        if is_in_bounds(reading, seconds) and not may_repeat(reading.text):
            return True
        if not says_once(reading, seconds):
            return False
        words = self._reader.words(self._encoded(at, window), hints, reading.text)
        return not words or words[-1][1] <= seconds

    def _without_echo(self, at: int, window: int, hints: Hints) -> Reading:
        reading = self._decoded(at, window, hints)
        if hints.primed and echoes_prompt(reading.text, hints.language):
            return self._decoded(at, window, hints._replace(primed=False))
        return reading

    def _decoded(self, at: int, window: int, hints: Hints) -> Reading:
        brief = partial(self._once, ("brief", at), partial(self._without_long_pauses, at))
        return self._reader.read(self._encoded(at, window), hints, brief)

    def _without_long_pauses(self, at: int) -> Any:
        """Encode a window whose long pauses are short."""
        audio = with_short_pauses(self._audio(at))
        silence = self._features[:, -_MARGIN_FRAMES:]
        return self._reader.encode(np.concatenate((audio, silence), axis=1)[:, :LONGEST_FRAMES])

    def _window(self, at: int, margin: int = _MARGIN_FRAMES) -> int:
        """Return the length of the window that begins at this frame, in frames."""
        return min(LONGEST_FRAMES, self._frames - at + margin)


def _without_loops(reading: Reading) -> str:
    return reading.text if reading.found else without_loops(reading.text)


def _frames_read(reading: Reading) -> int:
    return LONGEST_FRAMES if reading.resume_s is None else round(reading.resume_s * FRAMES_PER_SECOND)


def _ended(phrases: list[Word], at: int) -> list[Word]:
    """Return phrases that end before what is read from this frame on."""
    ms = 1000 * at // FRAMES_PER_SECOND
    return [replace(phrase, end_ms=min(phrase.end_ms, max(ms, phrase.start_ms))) for phrase in phrases]
