"""Measurements of a microphone trial: level, silence, and a sample to play. Pure."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.capture.resampled_input import FLOOR_DBFS, level_dbfs
from protocol.audio import SAMPLE_RATE
from speech.playback import FromSpeech

SAMPLE_S: Final = 3.0
QUIET_S: Final = 3.0
QUIET_DBFS: Final = -65.0
"""Most microphones are louder than this in a room at night; a muted one is not."""
VOICE_DBFS: Final = -42.0

Samples = NDArray[np.int16]


class Ear:
    """A measurement of every block. Each device and each sample starts a new one.

    ``heard``: it contains a voice. ``quiet``: complete silence for some seconds, and no voice before.
    """

    def __init__(self) -> None:
        self.level_dbfs = FLOOR_DBFS
        self.heard = False
        self._quiet = 0
        self._loudest_dbfs = FLOOR_DBFS
        self._kept: list[Samples] = []
        self._missing = 0

    def measure(self) -> None:
        """Begin a new measurement and discard the results."""
        self.heard, self._quiet, self._loudest_dbfs = False, 0, FLOOR_DBFS

    @property
    def quiet(self) -> bool:
        """True if there was only silence since the measurement began; a pause after speech does not count."""
        return not self.heard and self._quiet >= QUIET_S * SAMPLE_RATE

    @property
    def left_s(self) -> float:
        """The seconds left of the sample being recorded; 0 if none is."""
        return self._missing / SAMPLE_RATE

    def record(self) -> None:
        """Record a new sample in place of the last one."""
        self.measure()
        self._kept, self._missing = [], round(SAMPLE_S * SAMPLE_RATE)

    def give_up(self) -> None:
        """Discard an incomplete sample: it would be played with a gap."""
        if self._missing:
            self._kept, self._missing = [], 0

    def hear(self, block: Samples) -> bool:
        """Return whether the block completes a sample that has a sound."""
        self.level_dbfs = level_dbfs(block)
        self._loudest_dbfs = max(self._loudest_dbfs, self.level_dbfs)
        self.heard = self.heard or self.level_dbfs > VOICE_DBFS
        self._quiet = self._quiet + len(block) if self.level_dbfs < QUIET_DBFS else 0
        if not self._missing:
            return False
        kept = block[: self._missing].copy()
        self._kept.append(kept)
        self._missing -= len(kept)
        if not self._missing and self._loudest_dbfs < QUIET_DBFS:
            self._kept = []
        return self.complete

    @property
    def complete(self) -> bool:
        """True if there is a sample to play."""
        return bool(self._kept) and not self._missing

    def sound_at(self, rate: int) -> bytes:
        """Return the sample in the format of ``app.capture.portaudio.PortAudio.play``."""
        made = FromSpeech(rate)
        return np.concatenate([*map(made.accept, self._kept), made.finish()]).tobytes()
