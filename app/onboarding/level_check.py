"""Measurements of a microphone trial: level, voice and silence. Pure."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE
from speech.level import FLOOR_DBFS, level_of

QUIET_S: Final = 3.0
QUIET_DBFS: Final = -65.0
"""Most microphones are louder than this in a room at night; a muted one is not."""
VOICE_DBFS: Final = -42.0

Samples = NDArray[np.int16]


class LevelCheck:
    """A measurement of every block of one device.

    ``heard``: it contains a voice. ``quiet``: complete silence for some seconds, and no voice before.
    """

    def __init__(self) -> None:
        self.level_dbfs = FLOOR_DBFS
        self.heard = False
        self._silent = 0

    @property
    def quiet(self) -> bool:
        """True if there was only silence so far; a pause after speech does not count."""
        return not self.heard and self._silent >= QUIET_S * SAMPLE_RATE

    def measure(self, block: Samples) -> None:
        """Measure another block of samples."""
        self.level_dbfs = level_of(block)
        self.heard = self.heard or self.level_dbfs > VOICE_DBFS
        self._silent = self._silent + len(block) if self.level_dbfs < QUIET_DBFS else 0
