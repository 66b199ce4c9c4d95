"""Segment that is decoded window by window, with the times of its phrases or words."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from msgspec.structs import replace

from protocol.recognition import Options, Word
from worker.engines.repetition import count_units
from worker.engines.whisper.code_switching import decode_per_language
from worker.engines.whisper.decoder import (
    FRAMES_PER_SECOND,
    LONGEST_FRAMES,
    DecodeResult,
    Samples,
    WhisperDecoder,
    WindowOptions,
)
from worker.engines.whisper.full_stops import split_like, with_likely_stops
from worker.engines.whisper.no_speech import IMPROBABLE, is_probable, is_surely_speech
from worker.engines.whisper.pauses import first_sound, sounds_from
from worker.engines.whisper.skipped_speech import SENTENCE, MissedSpeech, missed_speech, with_skipped_speech
from worker.engines.whisper.text_overlap import continue_text, ends_like, is_new
from worker.engines.whisper.window import SHORTEST_KNOWN_S, Audio, FrameBudget, Window
from worker.engines.word_times import AROUND, pieces_of, timed_words

_BRIEF_FRAMES: Final = 2 * FRAMES_PER_SECOND
"""A partial this short begins with its first sound: after silence Whisper often detects no speech in it."""
_LONGEST_PIECE_S: Final = 0.6
"""Most words of English are one token, and last longer than a syllable."""
_MOST_LANGUAGES: Final = 2
_SURELY_DECODED: Final = 60 * FRAMES_PER_SECOND
_TIMES_DECODED: Final = 4
"""Budget of decoded frames: a minute, and four times the segment. Beyond it, nothing is decoded twice.
A word needs 40 s at most, sentences in turn 3.7 times their length; those that disagree took 22 times."""


class SegmentText(NamedTuple):
    """Text of a segment, decoded with a language. ``log_probability`` is the mean of its windows.

    ``phrases`` or words have times from the start of the segment; a text with one or with a loop has none.
    ``surely_spoken``: in all windows somebody spoke.
    """

    text: str
    language: str
    log_probability: float
    surely_spoken: bool
    phrases: tuple[Word, ...] = ()


class SegmentDecoder:
    """Decoder of one segment, whose windows are encoded once for all languages."""

    def __init__(
        self,
        decoder: WhisperDecoder,
        samples: Samples,
        partial: bool,
        *,
        translates: bool = False,
        times_words: bool = False,
    ) -> None:
        """Compute the features of the segment.

        ``translates``: its text is to be in English. ``times_words``: the result has words instead of phrases.
        """
        self._decoder, self._partial = decoder, partial
        self._translates, self._times_words = translates, times_words
        features = decoder.features(samples)
        little = features[:, : features.shape[1] - LONGEST_FRAMES]
        brief = partial and 0 < little.shape[1] < _BRIEF_FRAMES
        self._features = features[:, first_sound(little) if brief else 0 :]
        self._frames: int = self._features.shape[1] - LONGEST_FRAMES
        self._audio: dict[int, Audio] = {}

    def languages(self, options: Options) -> Iterator[str]:
        """Return the languages to try in turn: the given one, then the most probable ones of the listed."""
        given = () if options.language == "auto" else (options.language,)
        yield from given
        listed = set(options.languages).intersection(self._decoder.known_languages)
        first = self._from(0)
        ranked = self._decoder.languages(first.encode(first.padded_frames()))
        others = (found for found in ranked if found not in given and (not listed or found in listed))
        yield from islice(others, (1 if self._partial else _MOST_LANGUAGES) - len(given))

    def is_doubtful(self, decoded: SegmentText, spoken: Sequence[str]) -> bool:
        """Return whether another language of the speaker is clear, or likelier if the text is improbable."""
        options = WindowOptions(decoded.language, "", self._partial, self._translates, tuple(spoken))
        window = Window(self._from(0), options)
        if self._partial or window.audio.seconds < SHORTEST_KNOWN_S:
            return False
        if decoded.log_probability < IMPROBABLE:
            return window.in_detected_language().options.language != decoded.language
        return window.clear_languages([(0, window.audio.sound.shape[1])]) not in ([""], [decoded.language])

    def decode(self, language: str, hotwords: str, spoken: Sequence[str] = ()) -> SegmentText:
        """Decode the whole segment with a language. ``spoken``: the languages of the speaker."""
        options = WindowOptions(language, hotwords, self._partial, self._translates, tuple(spoken))
        results: list[DecodeResult] = []
        phrases: list[Word] = []
        text, at, end = "", 0, 0
        missed: MissedSpeech | None = None
        budget = FrameBudget(_SURELY_DECODED + _TIMES_DECODED * self._frames)
        while at < self._frames:
            window = Window(self._from(at), options, budget)
            window, decoded = self._decode_window(window, in_detected_language=missed is not None)
            result = decode_per_language(window, decoded) or with_skipped_speech(window, decoded)
            said = window.text(result)
            again = count_units(said) >= SENTENCE and ends_like(text, said)
            new = is_new(said, text) and not again
            if missed and not (said and missed.is_confirmed_by(result, new, again)):
                at, missed = end, None
                continue
            results.append(result)
            phrases = [*_ended_phrases(phrases, at), *self._timed_texts(at, window, result)]
            text = continue_text(text, said) if missed and new else text + said
            aligned = result.without_loops() if result.repeats_heard or decoded.text == result.text else ""
            missed, end = missed_speech(window, result, aligned), at + result.frames()
            at = at + missed.at if missed else end
        text = text.strip()
        if not self._partial:
            written = "en" if self._translates else language
            text = with_likely_stops(text, written, partial(self._decoder.text_log_probabilities, written))
        shared = split_like(text, [phrase.text for phrase in phrases])
        phrases = [replace(phrase, text=said.strip(AROUND)) for phrase, said in zip(phrases, shared, strict=True)]
        log_probability = sum(result.log_probability for result in results) / len(results)
        timed = tuple(phrases) if len(phrases) > 1 else ()
        return SegmentText(text, language, log_probability, all(map(is_surely_speech, results)), timed)

    def _decode_window(self, window: Window, *, in_detected_language: bool) -> tuple[Window, DecodeResult]:
        """Decode a window; use another language than the requested one only if the text is probable."""
        own = window.in_detected_language() if in_detected_language else window
        decoded = own.decode()
        if own.options == window.options or is_probable(decoded):
            return own, decoded
        return window, window.decode()

    def _from(self, at: int) -> Audio:
        """Return the audio of the window that begins at this frame."""
        if at not in self._audio:
            self._audio[at] = Audio(self._decoder, self._features[:, at:])
        return self._audio[at]

    def _timed_texts(self, at: int, window: Window, result: DecodeResult) -> list[Word]:
        """Return the phrases or words of a window with their times in the segment."""
        if not window.is_speech(result) or result.without_loops() != result.text:
            return []
        last_s, at_s = self._frames / FRAMES_PER_SECOND, at / FRAMES_PER_SECOND
        if self._times_words:
            found = window.words(result.text)
            frames = sounds_from(window.audio.sound, [frame for _, frame in found])
            begins = [(place, at_s + at / FRAMES_PER_SECOND) for (place, _), at in zip(found, frames, strict=True)]
            return list(timed_words(pieces_of(result.text, begins), last_s, _LONGEST_PIECE_S))
        return [
            Word(said, *(round(1000 * min(at_s + s, last_s)) for s in times))
            for text, *times in result.phrases
            if (said := text.strip(AROUND))
        ]


def _ended_phrases(phrases: list[Word], at: int) -> list[Word]:
    """Return the phrases that end before this frame, from which the rest is decoded."""
    ms = 1000 * at // FRAMES_PER_SECOND
    return [replace(phrase, end_ms=min(phrase.end_ms, max(ms, phrase.start_ms))) for phrase in phrases]
