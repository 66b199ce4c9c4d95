"""Changes of language within a window. Whisper misses most of them, so that each part is read in its language."""

import re
from collections.abc import Callable, Iterable
from math import inf
from typing import Final, NamedTuple

from worker.engines.whisper.agreement import is_new, spaced
from worker.engines.whisper.left_out import Rest, rest_after, whole
from worker.engines.whisper.missed_end import is_in_bounds
from worker.engines.whisper.pauses import Sound, sounds_with_words, speech_after_word, spoken_at
from worker.engines.whisper.reader import FRAMES_PER_SECOND, Phrase, Reading, echoes_prompt
from worker.engines.whisper.speech import is_probable, is_surely_speech
from worker.engines.whisper.window import Window

_LONG_ENOUGH: Final = 110
_SENTENCE: Final = 200
"""Frames of a sound with its pauses that tells its language, and of a part that is read on its own."""
_IN_ENGLISH: Final = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")
"""Asked for Mandarin, Whisper may write English and pass over the Mandarin."""


class Part(NamedTuple):
    """Frames of a window in one language; an empty language: too short to know."""

    language: str
    first: int
    last: int


def in_several_languages(window: Window, reading: Reading) -> Reading | None:
    """Return a reading of each part of a window in its language; None: it has one language, or it is not sure."""
    if window.is_read_once or window.asked.translates or reading.found or not window.is_speech(reading):
        return None
    sound = window.audio.sound[:, : reading.frames()]
    if not speech_after_word(sound, 0):
        return None
    text = reading.without_loops()
    words = window.words(text)
    sounds = list(sounds_with_words(sound, spoken_at([frame for _, frame in words])))
    odd = window.asked.language == "zh" and _IN_ENGLISH.search(text)
    asked = ("", *(() if odd else (window.asked.language,)))
    if all(_heard_in(window, one) in asked for one in sounds if one.wordless):
        return None
    parts = [Part(_language(window, one, _letters(text, words, one)), one.first, one.last) for one in sounds]
    return _in_parts(window, reading, _long(parts, sound.shape[1]))


def _letters(text: str, words: list[tuple[int, int]], sound: Sound) -> str:
    """Return the first letter of each word of a sound."""
    return "".join(text[words[number][0] :].strip()[:1] for number in sound.begun)


def _language(window: Window, sound: Sound, letters: str) -> str:
    """Return the language of a sound by the script of its words, if there are at least two."""
    asked = window.asked.language
    written = asked not in ("en", "zh") or letters.isascii() == (asked == "en")
    return asked if written and len(letters) > 1 and not sound.wordless else _heard_in(window, sound)


def _heard_in(window: Window, sound: Sound) -> str:
    """Return the language that Whisper hears in a sound; empty for a short one."""
    if sound.last - sound.first < _LONG_ENOUGH:
        return ""
    part = window.part(sound.first, sound.last)
    language = window.audio.once(
        (sound[:2], window.asked), lambda: part.in_its_language(part.audio.seconds).asked.language
    )
    return str(language)


def _long(parts: list[Part], end: int) -> list[Part]:
    """Return parts that are long enough to be read on their own, each up to the next one."""
    for belong in (_are_alike, _is_short, _are_alike):
        parts = _joined(parts, belong)
    ends = [*(part.first for part in parts[1:]), end]
    return [Part(part.language, at, to) for part, at, to in zip(parts, [0, *ends], ends, strict=False)]


def _joined(parts: Iterable[Part], belong: Callable[[Part, Part], bool]) -> list[Part]:
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


def _in_parts(window: Window, reading: Reading, parts: list[Part]) -> Reading | None:
    """Return a reading of the parts, if one of them is surely speech in another language."""
    asked = window.asked.language
    windows = [window.part(part.first, part.last).in_language(part.language) for part in parts]
    others = [one for one in windows if one.asked.language != asked]
    if len(parts) == 1 or not any(_is_sure(other, other.read_once()) for other in others):
        return None
    text = ""
    phrases: list[Phrase] = []
    for part, one in zip(parts, windows, strict=True):
        said = _said(one, asked if one in others else "")
        if said:
            first_s, last_s = part.first / FRAMES_PER_SECOND, part.last / FRAMES_PER_SECOND
            phrases.append(Phrase(spaced(text, said, ""), first_s, last_s))
            text += phrases[-1].text
        elif one in others:
            return None
    return reading._replace(text=text, phrases=(*phrases[:-1], phrases[-1]._replace(end_s=inf)))


def _said(part: Window, otherwise: str = "", rest: Rest | None = None) -> str:
    """Return the text of a part, including speech after a pause that Whisper takes for the end.

    ``otherwise``: the language in which the part is read if nobody surely spoke in its own.
    """
    heard = part.read_once() if otherwise else part.read()
    if otherwise and not _is_sure(part, heard):
        part, otherwise = part.in_language(otherwise), ""
        heard = part.read_once()
        if not _is_sure(part, heard):
            return ""
    if rest and not rest.is_found(heard, new=True, again=False):
        return ""
    heard = heard if is_in_bounds(heard, part.audio.seconds) else part.read()
    reading = in_several_languages(part, heard) or whole(part, heard)
    said = part.text(reading)
    after = rest_after(part, reading, reading.without_loops() if heard.text == reading.text else "")
    more = _said(part.part(after.at, part.audio.sound.shape[1]), otherwise, after) if said and after else ""
    return said + spaced(said, more, "") if more and is_new(more, said) else said


def _is_sure(part: Window, heard: Reading) -> bool:
    """Return whether this is surely speech, whatever end Whisper states: for English it is often late."""
    return is_surely_speech(heard) and is_probable(heard) and not echoes_prompt(heard.text, part.asked.language)
