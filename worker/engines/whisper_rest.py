"""Speech after the end of what Whisper read: it sometimes takes a pause for the end of the audio. Pure."""

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

_STOPS: Final = (".", "。")
_QUIET: Final = 0.75
"""How far a pause is below the loudest feature: 30 dB."""
_NEAR: Final = 50
_PAUSE: Final = 20
_SPEECH: Final = 30
_FIRST: Final = 70
"""Frames of 10 ms: how soon after the end a pause begins, its length, that of the speech after it,
and where that begins at least."""


def speech_after(features: npt.NDArray[np.float32], end: int) -> int:
    """Return a frame in the pause after which speech follows that a reading up to ``end`` lacks; 0: none."""
    loud = np.flatnonzero(features.max(axis=0) > features.max() - _QUIET)
    for before, frame in pairwise(loud.tolist()):
        if frame >= end - _PAUSE // 2 and frame - before > _PAUSE:
            unread = before <= end + _NEAR and np.count_nonzero(loud >= frame) >= _SPEECH
            return max(frame - _PAUSE, 0) if unread and frame >= _FIRST else 0
    return 0


def is_new(rest: str, text: str) -> bool:
    """Return whether a text lacks the rest; an end stated too early has words read twice."""
    return not _plain(text).endswith(_plain(rest))


def continued(text: str, rest: str) -> str:
    """Return a text with the rest after a pause that Whisper took for the end.

    The full stop there belongs to the end. In Chinese a comma replaces it; the words decide in other languages.
    """
    stop = text[-1:] if text.endswith(_STOPS) and rest[-1].isalnum() else ""
    return (f"{text[:-1]}，" if text.endswith("。") else text) + rest + stop


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()
