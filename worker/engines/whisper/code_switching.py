"""Changes of language within a window. Whisper misses most of them, so each part is decoded in its language."""

from collections.abc import Callable, Iterable
from math import inf
from typing import Final, NamedTuple

from worker.engines.whisper.decoder import FRAMES_PER_SECOND, DecodeResult, Phrase, echoes_prompt
from worker.engines.whisper.missed_end import is_in_bounds
from worker.engines.whisper.no_speech import is_confident, is_probable, is_surely_speech
from worker.engines.whisper.pauses import place_of_each_sound, speech_after_word
from worker.engines.whisper.skipped_speech import MissedSpeech, missed_speech, with_skipped_speech
from worker.engines.whisper.text_overlap import is_new, with_spaces
from worker.engines.whisper.window import Window

_LONG_ENOUGH: Final = 110
_SENTENCE: Final = 200
"""Frames of a sound with its pauses whose language can be detected, and of a part that is decoded on its own."""


class Part(NamedTuple):
    """Frames of a window in one language; an empty language: too short to know."""

    language: str
    first: int
    last: int


def decode_per_language(window: Window, result: DecodeResult) -> DecodeResult | None:
    """Return the text of a window with each part in its language; None: it has one language, or is uncertain."""
    if window.is_decoded_once or window.options.translates or result.repeats_heard or not window.is_speech(result):
        return None
    sound = window.audio.sound[:, : result.frames()]
    if not speech_after_word(sound, 0):
        return None
    places = place_of_each_sound(sound)
    parts = [
        Part(language, *place) for language, place in zip(window.clear_languages(places), places, strict=True)
    ]
    if all(part.language in ("", window.options.language) for part in parts if _is_long(part)):
        return None
    parts = [part if part.language else _with_detected_language(window, part) for part in parts]
    return _with_parts(window, result, _long_parts(parts, sound.shape[1]))


def _is_long(part: Part) -> bool:
    return part.last - part.first >= _LONG_ENOUGH


def _with_detected_language(window: Window, part: Part) -> Part:
    """Return a part with the language that Whisper detects in it alone."""
    alone = window.part(part.first, part.last)
    return part._replace(language=alone.in_detected_language(alone.audio.seconds).options.language)


def _long_parts(parts: list[Part], end: int) -> list[Part]:
    """Return parts that are long enough to be decoded on their own, each up to the next one."""
    for belong in (_are_alike, _is_short, _are_alike):
        parts = _join_parts(parts, belong)
    ends = [*(part.first for part in parts[1:]), end]
    return [Part(part.language, at, to) for part, at, to in zip(parts, [0, *ends], ends, strict=False)]


def _join_parts(parts: Iterable[Part], belong: Callable[[Part, Part], bool]) -> list[Part]:
    joined: list[Part] = []
    for part in parts:
        if joined and belong(joined[-1], part):
            before = joined.pop()
            language = max(before, part, key=lambda one: (bool(one.language), one.last - one.first)).language
            part = Part(language, before.first, part.last)
        joined.append(part)
    return joined


def _are_alike(before: Part, part: Part) -> bool:
    return before.language == part.language or not (before.language and part.language)


def _is_short(before: Part, part: Part) -> bool:
    return min(before.last - before.first, part.last - part.first) < _SENTENCE


def _with_parts(window: Window, result: DecodeResult, parts: list[Part]) -> DecodeResult | None:
    """Return a result with the texts of the parts, if one of them is certainly speech in another language."""
    language = window.options.language
    windows = [window.part(part.first, part.last).in_language(part.language) for part in parts]
    others = [one for one in windows if one.options.language != language]
    if len(parts) == 1 or not any(_is_certain(other, other.decode_once()) for other in others):
        return None
    text = ""
    phrases: list[Phrase] = []
    for part, one in zip(parts, windows, strict=True):
        said = _part_text(one, language if one in others else "")
        if said:
            first_s, last_s = part.first / FRAMES_PER_SECOND, part.last / FRAMES_PER_SECOND
            phrases.append(Phrase(with_spaces(text, said, ""), first_s, last_s))
            text += phrases[-1].text
        elif one in others:
            return None
    return result._replace(text=text, phrases=(*phrases[:-1], phrases[-1]._replace(end_s=inf)))


def _part_text(part: Window, otherwise: str = "", missed: MissedSpeech | None = None) -> str:
    """Return the text of a part, including speech after a pause that Whisper takes for the end.

    ``otherwise``: the language in which the part is decoded if it is not certainly speech in its own.
    """
    decoded = part.decode_once() if otherwise else part.decode()
    if otherwise and not _is_certain(part, decoded):
        part, otherwise = part.in_language(otherwise), ""
        decoded = part.decode_once()
        if not _is_certain(part, decoded):
            return ""
    if missed and not missed.is_confirmed_by(decoded, new=True, again=False):
        return ""
    decoded = decoded if is_in_bounds(decoded, part.audio.seconds) else part.decode()
    result = decode_per_language(part, decoded) or with_skipped_speech(part, decoded)
    said = part.text(result)
    after = missed_speech(part, result, result.without_loops() if decoded.text == result.text else "")
    more = _part_text(part.part(after.at, part.audio.sound.shape[1]), otherwise, after) if said and after else ""
    return said + with_spaces(said, more, "") if more and is_new(more, said) else said


def _is_certain(part: Window, decoded: DecodeResult) -> bool:
    """Return whether this is certainly speech, whatever end Whisper states: for English it is often late."""
    echo = echoes_prompt(decoded.text, part.options.language)
    return ((is_surely_speech(decoded) and is_probable(decoded)) or is_confident(decoded)) and not echo
