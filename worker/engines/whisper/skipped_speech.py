"""Speech that Whisper skips in a window: sentences between others, the end, and repetitions."""

from math import inf
from typing import Final, NamedTuple

from worker.engines.repetition import count_units
from worker.engines.whisper.decoder import FRAMES_PER_SECOND, DecodeResult, Phrase, echoes_prompt
from worker.engines.whisper.missed_end import is_certain
from worker.engines.whisper.no_speech import is_probable, is_spoken_after_word
from worker.engines.whisper.pauses import (
    pause_before,
    pause_before_wordless_sound,
    speech_after,
    speech_after_word,
    speech_between,
)
from worker.engines.whisper.text_overlap import ends_like, lies_between, rest_after_overlap, sentence_before
from worker.engines.whisper.window import Window

SENTENCE: Final = 5
"""Fewest words that Whisper does not repeat by chance."""


class MissedSpeech(NamedTuple):
    """Speech after a pause that the text of a window may lack, from frame ``at`` of the window on.

    ``stated``: Whisper wrote a timestamp that ends the text before it. ``aligned``: the last word lies before it.
    """

    at: int
    stated: bool
    aligned: bool

    def is_confirmed_by(self, result: DecodeResult, new: bool, again: bool) -> bool:
        """Return whether its decode has speech: ``new`` words, or a sentence ``again`` that the text ends with."""
        expected = self.stated and new or self.aligned and again
        return (expected and is_probable(result)) or (self.aligned and is_spoken_after_word(result))


def missed_speech(window: Window, result: DecodeResult, text: str) -> MissedSpeech | None:
    """Return where in a window speech follows that its text may lack. ``text``: the part that can be aligned."""
    if window.is_decoded_once or result.repeats_heard or not window.is_speech(result):
        return None
    sound = window.audio.sound[:, : result.frames()]
    end_s = result.phrases[-1].end_s if result.phrases else inf
    stated = speech_after(sound, round(end_s * FRAMES_PER_SECOND)) if end_s < inf else 0
    spoken = 0
    if text and not window.options.translates and speech_after_word(sound, 0):
        words = window.words(text)
        spoken = speech_after_word(sound, words[-1][1] if words else 0)
    place = stated or spoken
    return MissedSpeech(place, stated > 0, aligned=0 < spoken <= place) if place else None


def with_skipped_speech(window: Window, result: DecodeResult) -> DecodeResult:
    """Return a result with the speech that Whisper skipped: whole sentences, and ends of others."""
    timed = "".join(phrase.text for phrase in result.phrases)
    if window.is_decoded_once or timed != result.text or not window.is_speech(result):
        return result
    result = _with_end(window, _with_skipped_sentences(window, result))
    return _with_repeated_sentence(window, result) if result.text == timed else result


def _with_skipped_sentences(window: Window, result: DecodeResult) -> DecodeResult:
    phrases: list[Phrase] = []
    before = Phrase("", 0.0, 0.0)
    for phrase in result.phrases:
        found = _phrase_between(window, before.end_s, phrase.start_s)
        if found and lies_between(found.text, before.text, phrase.text):
            phrases.append(found)
        phrases.append(phrase)
        before = phrase
    return result._replace(text="".join(phrase.text for phrase in phrases), phrases=tuple(phrases))


def _phrase_between(window: Window, end_s: float, start_s: float) -> Phrase | None:
    """Return the certain text between two phrases of a window."""
    place = speech_between(window.audio.sound, *(round(s * FRAMES_PER_SECOND) for s in (end_s, start_s)))
    if place is None:
        return None
    part = window.part(*place).in_detected_language()
    found = part.decode_once()
    first_s, last_s = (frame / FRAMES_PER_SECOND for frame in place)
    certain = is_certain(found, last_s - first_s) and not echoes_prompt(found.text, part.options.language)
    return Phrase(found.text, first_s, last_s) if certain else None


def _with_end(window: Window, result: DecodeResult) -> DecodeResult:
    """Complete a result that stopped within a sentence: decode again from the pause before."""
    sound = window.audio.sound
    if result.resume_s is None or not result.text[-1].isalnum() or window.audio.goes_on:
        return result
    begin = pause_before(sound, round(result.resume_s * FRAMES_PER_SECOND))
    if not begin:
        return result
    found = window.part(begin, sound.shape[1]).decode()
    rest = rest_after_overlap(result.text, found.text) if is_probable(found) and found.resume_s is None else ""
    if not rest:
        return result
    phrases = (*result.phrases, Phrase(rest, result.resume_s, inf))
    return result._replace(text=result.text + rest, phrases=phrases, resume_s=None)


def _with_repeated_sentence(window: Window, result: DecodeResult) -> DecodeResult:
    """Return a result with a sentence that was repeated before other words followed."""
    sound, text = window.audio.sound, result.without_loops()
    to_the_end = result.resume_s is None and not window.audio.goes_on
    if window.options.translates or not to_the_end or not speech_after_word(sound, 0):
        return result
    words = window.words(text)
    pause = pause_before_wordless_sound(sound, [frame for _, frame in words])
    if pause is None or words[-1][1] <= pause[0]:
        return result
    begin, cut = pause[1], sentence_before(text, next(place for place, frame in words if frame > pause[0]))
    part = window.part(begin, sound.shape[1])
    found = with_skipped_speech(part, part.decode())
    rest = found.without_loops()
    again = count_units(rest) - count_units(text[cut:]) >= SENTENCE and ends_like(rest, text[cut:])
    if not again or not is_probable(found) or found.resume_s is not None:
        return result
    begin_s = begin / FRAMES_PER_SECOND
    phrases = (Phrase(text[:cut], result.phrases[0].start_s, begin_s), Phrase(rest, begin_s, inf))
    return result._replace(text=text[:cut] + rest, phrases=phrases, repeats_heard=True)
