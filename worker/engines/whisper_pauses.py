"""Pauses in the features of a window, which Whisper takes for the end of the audio or of a sentence. Pure."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

Features = npt.NDArray[np.float32]

_STOPS: Final = (".", "。")
_QUIET: Final = 0.75
"""How far a pause is below the loudest feature: 30 dB."""
LOUD: Final = 0.375
"""15 dB: of speech and a sound that is so much quieter, only the speech lies above this."""
_NEAR: Final = 50
_PAUSE: Final = 20
_SPEECH: Final = 30
_FIRST: Final = 70
_KEPT: Final = 25
_LEAD: Final = 20
"""Frames of 10 ms: how soon after the end a pause begins, its length, that of the speech after it,
where that begins at least, and what is kept of a pause and of the silence before the first sound."""
_LONGEST_WORD: Final = 120
"""Frames of sound that one word hardly lasts, so that others were said there."""
_ALIKE: Final = 0.8
_MISPLACED: Final = 8
_OVERLAP: Final = 4
"""Letters in which two readings of the same speech agree at least."""


def with_short_pauses(features: Features, below: float = _QUIET) -> Features:
    """Return the features without all but the first quarter of a second of each pause."""
    loud = np.flatnonzero(_loud(features, below))
    last = np.zeros(features.shape[1], int)  # the last loud frame before each frame
    last[loud] = loud
    return features[:, np.arange(len(last)) - np.maximum.accumulate(last) <= _KEPT]


def _loud(features: Features, below: float = _QUIET) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = features.max(axis=0) > features.max() - below
    return found


def _sounds(features: Features) -> list[npt.NDArray[np.intp]]:
    """Return the loud frames of each sound with pauses around it."""
    loud = np.flatnonzero(_loud(features))
    return np.split(loud, np.flatnonzero(np.diff(loud) > _PAUSE) + 1)


def count_sounds(features: Features) -> int:
    """Return how many sounds as long as a word have pauses around them."""
    return sum(len(sound) >= _SPEECH for sound in _sounds(features))


def first_sound(features: Features) -> int:
    """Return a frame shortly before the first sound: Whisper takes a word after silence for none."""
    return max(int(np.flatnonzero(_loud(features))[0]) - _LEAD, 0)


def sounds_from(features: Features, frames: Sequence[int]) -> list[int]:
    """Return the first loud frame from each frame on: Whisper often times a word in the pause before it."""
    loud = np.flatnonzero(_loud(features))
    places = np.searchsorted(loud, frames)
    return [int(loud[place]) if place < len(loud) else frame for place, frame in zip(places, frames, strict=True)]


def speech_after(features: Features, end: int) -> int:
    """Return a frame in the pause after which speech follows that a reading up to ``end`` lacks; 0: none."""
    loud = np.flatnonzero(_loud(features))
    for before, frame in pairwise(loud.tolist()):
        if frame >= end - _PAUSE // 2 and frame - before > _PAUSE:
            unread = before <= end + _NEAR and np.count_nonzero(loud >= frame) >= _SPEECH
            return max(frame - _PAUSE, 0) if unread and frame >= _FIRST else 0
    return 0


def speech_after_word(features: Features, word: int) -> int:
    """Return a frame in the first pause after the beginning of a word, if speech follows; 0: none."""
    loud = np.flatnonzero(_loud(features))
    for before, after in pairwise(loud.tolist()):
        if before >= word and after - before > _PAUSE:
            return after - _PAUSE if np.count_nonzero(loud >= after) >= _SPEECH else 0
    return 0


def without_words(features: Features, words: Sequence[int]) -> tuple[int, int] | None:
    """Return the frames of the pause before the first sound between pauses in which hardly a word begins."""
    for before, run in pairwise(_sounds(features)):
        first, last = int(run[0]) - _PAUSE, int(run[-1])
        begun = sum(first <= word <= last for word in words)
        if len(run) >= _SPEECH and begun <= len(run) // _LONGEST_WORD:
            return int(before[-1]), first
    return None


def pause_before(features: Features, end: int) -> int:
    """Return a frame in the last pause after which half a second or more was read up to ``end``; 0: none."""
    loud = np.flatnonzero(_loud(features))
    pauses = [after for before, after in pairwise(loud.tolist()) if after - before > _PAUSE]
    return max((after - _PAUSE for after in pauses if after <= end - _NEAR), default=0)


def speech_between(features: Features, end: int, begin: int) -> tuple[int, int] | None:
    """Return the frames of speech with pauses around it, between the end of a phrase and the next one."""
    runs = _sounds(features)
    left_out = [run for run in runs if len(run) and run[0] >= end - _PAUSE // 2 and run[-1] <= begin + _PAUSE // 2]
    if sum(map(len, left_out)) < _SPEECH:
        return None
    return max(int(left_out[0][0]) - _PAUSE, 0), int(left_out[-1][-1]) + 1 + _PAUSE


def is_new(rest: str, text: str) -> bool:
    """Return whether a text lacks the rest; an end stated too early has words read twice."""
    return not letters(text).endswith(letters(rest))


def lies_between(found: str, before: str, after: str) -> bool:
    """Return whether a text belongs between two others: it is no end of the first and no beginning of the second.

    A time stated too early or too late has words read twice. All of a phrase again was said twice.
    """
    here, first, second = letters(found), letters(before), letters(after)
    is_read = first.endswith(here) or second.startswith(here)
    return not is_read or here in (first, second)


def continued(text: str, rest: str) -> str:
    """Return a text with the rest after a pause that Whisper took for the end.

    The full stop there belongs to the end. In Chinese a comma replaces it; the words decide in other languages.
    """
    stop = text[-1:] if text.endswith(_STOPS) and rest[-1].isalnum() else ""
    return (f"{text[:-1]}，" if text.endswith("。") else text) + rest + stop


def overlapped(text: str, rest: str) -> str:
    """Return what a text lacks of a rest that begins with the last words of the text; empty: it does not."""
    said, ends = letters(text), [at for at, character in enumerate(rest, start=1) if character.isalnum()]
    for count in range(len(ends), _OVERLAP - 1, -1):
        same = letters(rest[: ends[count - 1]])
        if said.endswith(same):
            return rest[ends[count - 1] :]
    return ""


def sentence_before(text: str, cut: int) -> int:
    """Return the end of the sentence shortly before a place in a text, or else the place."""
    end = max(text.rfind(stop, 0, cut) for stop in _STOPS) + 1
    return end if end and len(letters(text[end:cut])) <= _MISPLACED else cut


def ends_like(text: str, end: str) -> bool:
    """Return whether a text ends nearly as another reading of the same words does."""
    last = letters(end)
    return SequenceMatcher(None, letters(text)[-len(last) :], last).ratio() >= _ALIKE


def letters(text: str) -> str:
    """Return the letters and digits of a text, in which two readings of the same words agree."""
    return "".join(filter(str.isalnum, text)).casefold()
