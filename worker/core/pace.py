"""Measured speed of the engine, and the deadline of a decode derived from it. Pure."""

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
        """Audio seconds per second; 0 while unknown."""
        return self._audio_s / self._decode_s if self._decode_s else 0.0

    def count_batch(self, audio_s: float, decode_s: float) -> None:
        """Record how long a batch took."""
        self._audio_s = self._audio_s * _KEPT + audio_s
        self._decode_s = self._decode_s * _KEPT + decode_s

    def note_timeout(self) -> None:
        """Expect half the speed after a timeout, so that a machine that became slow keeps working."""
        self._audio_s /= 2

    def deadline_s(self, audio_s: float) -> float:
        """Return how long a decode of ``audio_s`` may take: five times the expected time, plus 10 s."""
        expected = audio_s / (self.speed or 1.0)
        return self._spare_s + _PATIENCE * expected
