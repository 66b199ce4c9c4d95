"""Play cues: short tones at the beginning and end of a take, and when a text is held.

Without an audio output no cue is played. Dictation continues regardless.
"""

from collections.abc import Awaitable, Callable
from functools import cache, partial
from typing import Final

import numpy as np

from app.capture.errors import MicrophoneError
from app.dictation.messages import SoundCue
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import TaskOwner, Tasks

log = loggers.APP_SOUNDS

_TONES: Final = {
    SoundCue.START: ((660.0, 0.06), (880.0, 0.08)),
    SoundCue.STOP: ((880.0, 0.06), (660.0, 0.08)),
    SoundCue.HELD: ((520.0, 0.08), (0.0, 0.05), (520.0, 0.08)),
}
_LOUDNESS: Final = 0.15
_EDGE_S: Final = 0.008  # fade in and out to avoid clicks
_MOST: Final = 2

PlaySound = Callable[[Callable[[int], bytes]], Awaitable[None]]
"""``app.capture.portaudio.PortAudio.play``."""


class Sounds(TaskOwner):
    """Player of one cue at a time.

    Cues that arrive faster than they can be played are dropped.
    """

    def __init__(self, play_sound: PlaySound) -> None:
        self._play_sound = play_sound
        self._tasks = Tasks("sounds")
        self._waiting: list[SoundCue] = []
        self._logged = False

    def play(self, cue: SoundCue) -> None:
        """Play a cue and return at once."""
        if len(self._waiting) < _MOST:
            self._waiting.append(cue)
            if len(self._waiting) == 1:
                self._tasks.start(self._work(), "play")

    async def _work(self) -> None:
        while self._waiting:
            try:
                await self._play_sound(partial(tone, self._waiting[0]))
            except MicrophoneError as error:
                if not self._logged:
                    self._logged = True
                    log.info(LogEvent.SOUNDS_UNAVAILABLE, reason=str(error))
            finally:
                del self._waiting[0]


@cache
def tone(cue: SoundCue, rate: int) -> bytes:
    """Return the cue as mono float32 samples at this rate."""
    return np.concatenate([_note(hertz, seconds, rate) for hertz, seconds in _TONES[cue]]).tobytes()


def _note(hertz: float, seconds: float, rate: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    at = np.arange(round(seconds * rate)) / rate
    edge = np.clip(np.minimum(at, seconds - at) / _EDGE_S, 0.0, 1.0)
    return (_LOUDNESS * np.sin(2 * np.pi * hertz * at) * edge).astype(np.float32)
