"""How fast the engine is, learnt from what it did, and how long a decode may take. Pure."""

from typing import Final

_KEPT: Final = 0.9  # weight of the past at each batch
SPARE_S: Final = 10.0
_PATIENCE: Final = 5.0


class Pace:
    """Audio seconds per second of decoding, over the recent past."""

    def __init__(self, spare_s: float = SPARE_S) -> None:
        self._spare_s = spare_s
        self._audio_s = 0.0
        self._decode_s = 0.0

    @property
    def speed(self) -> float:
        """0 while it is not known."""
        return self._audio_s / self._decode_s if self._decode_s else 0.0

    def decoded(self, audio_s: float, decode_s: float) -> None:
        """A batch took so long."""
        self._audio_s = self._audio_s * _KEPT + audio_s
        self._decode_s = self._decode_s * _KEPT + decode_s

    def timed_out(self) -> None:
        """A batch took too long: expect half the speed, so that a machine that became slow is not given up."""
        self._audio_s /= 2

    def deadline_s(self, audio_s: float) -> float:
        """How long a decode of ``audio_s`` may take: five times what it should, and 10 s more."""
        expected = audio_s / (self.speed or 1.0)
        return self._spare_s + _PATIENCE * expected
