"""Pauses in the features of a window, which Whisper takes for the end of the audio or of a sentence. Pure."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.engines.whisper.decoder import Features

Frames = npt.NDArray[np.intp]

_QUIET: Final = 0.75
"""How far a pause is below the loudest feature: 30 dB."""
LOUD: Final = 0.375
"""15 dB: of speech and a sound that is quieter by as much, only the speech lies above this level."""
_NEAR: Final = 50
_PAUSE: Final = 20
_SPEECH: Final = 30
_FIRST: Final = 70
_KEPT: Final = 25
_LEAD: Final = 20
"""Frames of 10 ms: how soon after the end a pause begins, its length, that of the speech after it,
where that begins at least, and what is kept of a pause and of the silence before the first sound."""
_ALIKE: Final = 1.5
_LONGEST_WORD: Final = 120
"""Frames of sound that one word rarely lasts: a longer sound has several words."""


def with_short_pauses(features: Features, below: float = _QUIET) -> Features:
    """Return the features without all but the first quarter of a second of each pause."""
    loud = _loud(features, below)
    last = np.zeros(features.shape[1], int)  # the last loud frame before each frame
    last[loud] = loud
    return features[:, np.arange(len(last)) - np.maximum.accumulate(last) <= _KEPT]


def _loud(features: Features, below: float = _QUIET) -> Frames:
    """Return the frames that are louder than pauses."""
    return np.flatnonzero(features.max(axis=0) > features.max() - below)


def _sounds(features: Features) -> list[Frames]:
    """Return the loud frames of each sound with pauses around it."""
    loud = _loud(features)
    return np.split(loud, np.flatnonzero(np.diff(loud) > _PAUSE) + 1)


def count_sounds(features: Features) -> int:
    """Return how many sounds as long as a word have pauses around them."""
    return sum(len(sound) >= _SPEECH for sound in _sounds(features))


def are_alike(features: Features) -> bool:
    """Return whether all sounds between pauses are of a word's length, and about as long as each other."""
    lengths = [len(sound) for sound in _sounds(features)]
    return min(lengths) >= _SPEECH and max(lengths) <= min(_ALIKE * min(lengths), _LONGEST_WORD)


def place_of_sounds(features: Features, first: int, last: int) -> tuple[int, int]:
    """Return the frames from one sound to another, the last exclusive."""
    return _around(features, _sounds(features)[first:last])


def first_sound(features: Features) -> int:
    """Return a frame shortly before the first sound: Whisper often skips a word after silence."""
    return max(int(_loud(features)[0]) - _LEAD, 0)


def sounds_from(features: Features, frames: Sequence[int]) -> list[int]:
    """Return the first loud frame from each frame on: Whisper often times a word in the pause before it."""
    loud = _loud(features)
    places = np.searchsorted(loud, frames)
    return [int(loud[place]) if place < len(loud) else frame for place, frame in zip(places, frames, strict=True)]


def speech_after(features: Features, end: int) -> int:
    """Return a frame in the pause after which speech follows that a text up to ``end`` lacks; 0: none."""
    loud = _loud(features)
    for before, frame in pairwise(loud.tolist()):
        if frame >= end - _PAUSE // 2 and frame - before > _PAUSE:
            missed = before <= end + _NEAR and np.count_nonzero(loud >= frame) >= _SPEECH
            return max(frame - _PAUSE, 0) if missed and frame >= _FIRST else 0
    return 0


def speech_after_word(features: Features, word: int) -> int:
    """Return a frame in the first pause after the beginning of a word, if speech follows; 0: none."""
    loud = _loud(features)
    for before, after in pairwise(loud.tolist()):
        if before >= word and after - before > _PAUSE:
            return after - _PAUSE if np.count_nonzero(loud >= after) >= _SPEECH else 0
    return 0


def pause_before_wordless_sound(features: Features, words: Sequence[int]) -> tuple[int, int] | None:
    """Return the frames of the pause before the first wordless sound, or ``None``."""
    for before, run in pairwise(_sounds(features)):
        if len(run) >= _SPEECH and _is_wordless(run, words):
            return int(before[-1]), int(run[0]) - _PAUSE
    return None


def place_of_each_sound(features: Features) -> list[tuple[int, int]]:
    """Return the frames of each sound with pauses around it."""
    return [_around(features, [run]) for run in _sounds(features) if len(run)]


def _around(features: Features, sounds: Sequence[Frames]) -> tuple[int, int]:
    """Return the frames from the first to the last of these sounds, with a short pause around them."""
    return max(int(sounds[0][0]) - _PAUSE, 0), min(int(sounds[-1][-1]) + 1 + _PAUSE, features.shape[1])


def _is_wordless(run: Frames, words: Sequence[int]) -> bool:
    """Return whether too few words for its length begin in a sound, or in the pause before it."""
    begun = sum(int(run[0]) - _PAUSE <= word <= int(run[-1]) for word in words)
    return begun <= len(run) // _LONGEST_WORD


def pause_before(features: Features, end: int) -> int:
    """Return a frame in the last pause after which half a second or more was decoded up to ``end``; 0: none."""
    loud = _loud(features)
    pauses = [after for before, after in pairwise(loud.tolist()) if after - before > _PAUSE]
    return max((after - _PAUSE for after in pauses if after <= end - _NEAR), default=0)


def speech_between(features: Features, end: int, begin: int) -> tuple[int, int] | None:
    """Return the frames of speech with pauses around it, between the end of a phrase and the next one."""
    runs = _sounds(features)
    left_out = [run for run in runs if len(run) and run[0] >= end - _PAUSE // 2 and run[-1] <= begin + _PAUSE // 2]
    return _around(features, left_out) if sum(map(len, left_out)) >= _SPEECH else None
