"""Speech that a reading of a window leaves out: inner sentences, the end, and repetitions."""

from math import inf
from typing import Final, NamedTuple

from worker.engines.repetition import counted
from worker.engines.whisper.agreement import ends_like, lies_between, overlapped, sentence_before
from worker.engines.whisper.missed_end import is_surely_said
from worker.engines.whisper.pauses import (
    pause_before,
    speech_after,
    speech_after_word,
    speech_between,
    wordless,
)
from worker.engines.whisper.reader import FRAMES_PER_SECOND, Phrase, Reading, echoes_prompt
from worker.engines.whisper.speech import is_probable, is_spoken_after_word
from worker.engines.whisper.window import Window

SENTENCE: Final = 5
"""Words of a text that no sound gives by chance once more."""


class Rest(NamedTuple):
    """Speech after a pause that the reading of a window may lack, from a frame of it on.

    ``stated``: Whisper states an end before it. ``aligned``: the last word lies before it.
    """

    at: int
    stated: bool
    aligned: bool

    def is_found(self, reading: Reading, new: bool, again: bool) -> bool:
        """Return whether a reading has the rest already. Known words were repeated, or are read twice."""
        expected = self.stated and new or self.aligned and again
        return (expected and is_probable(reading)) or (self.aligned and is_spoken_after_word(reading))


def rest_after(window: Window, reading: Reading, text: str) -> Rest | None:
    """Return where in the window speech follows that its reading may lack. ``text``: what can be aligned."""
    if window.is_read_once or reading.found or not window.is_speech(reading):
        return None
    sound = window.audio.sound[:, : reading.frames()]
    end_s = reading.phrases[-1].end_s if reading.phrases else inf
    stated = speech_after(sound, round(end_s * FRAMES_PER_SECOND)) if end_s < inf else 0
    spoken = 0
    if text and not window.asked.translates and speech_after_word(sound, 0):
        words = window.words(text)
        spoken = speech_after_word(sound, words[-1][1] if words else 0)
    place = stated or spoken
    return Rest(place, stated > 0, aligned=0 < spoken <= place) if place else None


def whole(window: Window, reading: Reading) -> Reading:
    """Complete a reading: Whisper skips whole sentences, and stops within others."""
    read = "".join(phrase.text for phrase in reading.phrases)
    if window.is_read_once or read != reading.text or not window.is_speech(reading):
        return reading
    reading = _read_to_end(window, _with_skipped(window, reading))
    return _said_again(window, reading) if reading.text == read else reading


def _with_skipped(window: Window, reading: Reading) -> Reading:
    phrases: list[Phrase] = []
    before = Phrase("", 0.0, 0.0)
    for phrase in reading.phrases:
        found = _between(window, before.end_s, phrase.start_s)
        if found and lies_between(found.text, before.text, phrase.text):
            phrases.append(found)
        phrases.append(phrase)
        before = phrase
    return reading._replace(text="".join(phrase.text for phrase in phrases), phrases=tuple(phrases))


def _between(window: Window, end_s: float, start_s: float) -> Phrase | None:
    """Return the certain text between two phrases of a window."""
    place = speech_between(window.audio.sound, *(round(s * FRAMES_PER_SECOND) for s in (end_s, start_s)))
    if place is None:
        return None
    return _surely_said(window.part(*place).in_its_language(), place)


def _surely_said(part: Window, place: tuple[int, int]) -> Phrase | None:
    """Return the certain text of a part of a window, at its place in the window."""
    found = part.read_once()
    first_s, last_s = (frame / FRAMES_PER_SECOND for frame in place)
    sure = is_surely_said(found, last_s - first_s) and not echoes_prompt(found.text, part.asked.language)
    return Phrase(found.text, first_s, last_s) if sure else None


def _read_to_end(window: Window, reading: Reading) -> Reading:
    """Return a reading that stopped within a sentence with its rest, heard from the pause before on."""
    sound = window.audio.sound
    if reading.resume_s is None or not reading.text[-1].isalnum() or window.audio.goes_on:
        return reading
    begin = pause_before(sound, round(reading.resume_s * FRAMES_PER_SECOND))
    if not begin:
        return reading
    found = window.part(begin, sound.shape[1]).read()
    rest = overlapped(reading.text, found.text) if is_probable(found) and found.resume_s is None else ""
    if not rest:
        return reading
    phrases = (*reading.phrases, Phrase(rest, reading.resume_s, inf))
    return reading._replace(text=reading.text + rest, phrases=phrases, resume_s=None)


def _said_again(window: Window, reading: Reading) -> Reading:
    """Return a reading with a sentence that was repeated before other words followed."""
    sound, text = window.audio.sound, reading.without_loops()
    to_the_end = reading.resume_s is None and not window.audio.goes_on
    if window.asked.translates or not to_the_end or not speech_after_word(sound, 0):
        return reading
    words = window.words(text)
    pause = wordless(sound, [frame for _, frame in words])
    if pause is None or words[-1][1] <= pause[0]:
        return reading
    begin, cut = pause[1], sentence_before(text, next(place for place, frame in words if frame > pause[0]))
    part = window.part(begin, sound.shape[1])
    found = whole(part, part.read())
    said = found.without_loops()
    again = counted(said) - counted(text[cut:]) >= SENTENCE and ends_like(said, text[cut:])
    if not again or not is_probable(found) or found.resume_s is not None:
        return reading
    begin_s = begin / FRAMES_PER_SECOND
    phrases = (Phrase(text[:cut], reading.phrases[0].start_s, begin_s), Phrase(said, begin_s, inf))
    return reading._replace(text=text[:cut] + said, phrases=phrases, found=True)
