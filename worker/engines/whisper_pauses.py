"""Pauses in the features of a window, which Whisper takes for the end of the audio or of a sentence. Pure."""

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

Features = npt.NDArray[np.float32]

_STOPS: Final = (".", "。")
_QUIET: Final = 0.75
"""How far a pause is below the loudest feature: 30 dB."""
_NEAR: Final = 50
_PAUSE: Final = 20
_SPEECH: Final = 30
_FIRST: Final = 70
_KEPT: Final = 25
_LEAD: Final = 20
"""Frames of 10 ms: how soon after the end a pause begins, its length, that of the speech after it,
where that begins at least, and what is kept of a pause and of the silence before the first sound."""


def with_short_pauses(features: Features) -> Features:
    """Return the features without all but the first quarter of a second of each pause."""
    loud = np.flatnonzero(_loud(features))
    last = np.zeros(features.shape[1], int)  # the last loud frame before each frame
    last[loud] = loud
    return features[:, np.arange(len(last)) - np.maximum.accumulate(last) <= _KEPT]


def _loud(features: Features) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = features.max(axis=0) > features.max() - _QUIET
    return found


def first_sound(features: Features) -> int:
    """Return a frame shortly before the first sound: Whisper takes a word after silence for none."""
    return max(int(np.flatnonzero(_loud(features))[0]) - _LEAD, 0)


def speech_after(features: Features, end: int) -> int:
    """Return a frame in the pause after which speech follows that a reading up to ``end`` lacks; 0: none."""
    loud = np.flatnonzero(_loud(features))
    for before, frame in pairwise(loud.tolist()):
        if frame >= end - _PAUSE // 2 and frame - before > _PAUSE:
            unread = before <= end + _NEAR and np.count_nonzero(loud >= frame) >= _SPEECH
            return max(frame - _PAUSE, 0) if unread and frame >= _FIRST else 0
    return 0


def is_new(rest: str, text: str) -> bool:
    """Return whether a text lacks the rest; an end stated too early has words read twice."""
    return not letters(text).endswith(letters(rest))


def continued(text: str, rest: str) -> str:
    """Return a text with the rest after a pause that Whisper took for the end.

    The full stop there belongs to the end. In Chinese a comma replaces it; the words decide in other languages.
    """
    stop = text[-1:] if text.endswith(_STOPS) and rest[-1].isalnum() else ""
    return (f"{text[:-1]}，" if text.endswith("。") else text) + rest + stop


def letters(text: str) -> str:
    """Return the letters and digits of a text, in which two readings of the same words agree."""
    return "".join(filter(str.isalnum, text)).casefold()
