"""Cues: short tones at the beginning and the end of a take, and when a text is held.

Without an output nothing is heard and nothing else happens: no dictation fails for want of a beep.
"""

from collections.abc import Awaitable, Callable
from functools import cache, partial
from typing import Final, Self

import numpy as np
import structlog

from app.capture.errors import MicrophoneError
from app.dictation_events import Cue
from runtime import logger_names
from runtime.tasks import Tasks

log = structlog.get_logger(logger_names.APP_SOUNDS)

_TONES: Final = {
    Cue.START: ((660.0, 0.06), (880.0, 0.08)),
    Cue.STOP: ((880.0, 0.06), (660.0, 0.08)),
    Cue.HELD: ((520.0, 0.08), (0.0, 0.05), (520.0, 0.08)),
}
_LOUDNESS: Final = 0.15
_EDGE_S: Final = 0.008  # without a soft beginning and end a tone clicks
_MOST: Final = 2

PlaySound = Callable[[Callable[[int], bytes]], Awaitable[None]]
"""``app.capture.portaudio.PortAudio.play``."""


class Sounds:
    """Plays one cue at a time, and forgets those that come faster than they can be heard."""

    def __init__(self, play_sound: PlaySound) -> None:
        self._play_sound = play_sound
        self._tasks = Tasks("sounds")
        self._waiting: list[Cue] = []
        self._told = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._tasks.close()

    def play(self, cue: Cue) -> None:
        """Returns at once."""
        if len(self._waiting) < _MOST:
            self._waiting.append(cue)
            if len(self._waiting) == 1:
                self._tasks.start(self._work(), "play")

    async def _work(self) -> None:
        while self._waiting:
            try:
                await self._play_sound(partial(tone, self._waiting[0]))
            except MicrophoneError as error:
                if not self._told:
                    self._told = True
                    log.info("cues are not heard", reason=str(error))
            finally:
                del self._waiting[0]


@cache
def tone(cue: Cue, rate: int) -> bytes:
    """Mono float32 at this rate."""
    return np.concatenate([_note(hertz, seconds, rate) for hertz, seconds in _TONES[cue]]).tobytes()


def _note(hertz: float, seconds: float, rate: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    at = np.arange(round(seconds * rate)) / rate
    edge = np.clip(np.minimum(at, seconds - at) / _EDGE_S, 0.0, 1.0)
    return (_LOUDNESS * np.sin(2 * np.pi * hertz * at) * edge).astype(np.float32)
