"""What a microphone that is tried gives: how loud it is, whether it is silent, and a sample to play. Pure."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.capture.hearing import FLOOR_DBFS, level_dbfs
from protocol.audio import SAMPLE_RATE
from speech.playback import FromSpeech

SAMPLE_S: Final = 3.0
QUIET_S: Final = 3.0
QUIET_DBFS: Final = -65.0
"""A room at night is louder in most microphones; one that is muted is not."""

Samples = NDArray[np.int16]


class Ear:
    """Told of every block."""

    def __init__(self) -> None:
        self.level_dbfs = FLOOR_DBFS
        self._quiet = 0
        self._kept: list[Samples] = []
        self._missing = 0

    @property
    def quiet(self) -> bool:
        """Nothing at all for some seconds."""
        return self._quiet >= QUIET_S * SAMPLE_RATE

    @property
    def left_s(self) -> float:
        """Of the sample that is being recorded; 0: none is."""
        return self._missing / SAMPLE_RATE

    def record(self) -> None:
        """A sample from now on, in place of the one before."""
        self._kept, self._missing = [], round(SAMPLE_S * SAMPLE_RATE)

    def give_up(self) -> None:
        """No sample that is only begun: it would be played with a gap."""
        if self._missing:
            self._kept, self._missing = [], 0

    def hear(self, block: Samples) -> bool:
        """Whether the sample is complete with it."""
        self.level_dbfs = level_dbfs(block)
        self._quiet = self._quiet + len(block) if self.level_dbfs < QUIET_DBFS else 0
        if not self._missing:
            return False
        kept = block[: self._missing].copy()
        self._kept.append(kept)
        self._missing -= len(kept)
        return not self._missing

    @property
    def complete(self) -> bool:
        """Whether there is a sample to play."""
        return bool(self._kept) and not self._missing

    def sound_at(self, rate: int) -> bytes:
        """The sample as ``app.capture.portaudio.PortAudio.play`` wants it."""
        made = FromSpeech(rate)
        return np.concatenate([*map(made.accept, self._kept), made.finish()]).tobytes()
