"""Resampling from any sample rate and number of channels to 16 kHz mono int16, block by block."""

from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE

LOWEST_RATE: Final = 2_000
HIGHEST_RATE: Final = 768_000
_FULL_SCALE: Final = 32_768

Blocks = NDArray[np.float32]


class Resampler:
    """Streaming resampler: the output does not depend on how the input was cut into blocks.

    Raises ``ValueError`` for a rate outside 2 to 768 kHz.
    """

    def __init__(self, rate: int) -> None:
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise ValueError(f"a sample rate of {rate} Hz is not between {LOWEST_RATE} and {HIGHEST_RATE}")
        self._stream = None if rate == SAMPLE_RATE else soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")

    def accept(self, block: Blocks) -> NDArray[np.int16]:
        """Return the output that ``block`` completes ([samples] or [samples, channels], full scale 1.0)."""
        mono = to_mono(block)
        return to_int16(mono if self._stream is None else self._stream.resample_chunk(mono))

    def accept_pcm(self, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        """Return the output that mono samples complete. Does what ``accept`` does, at less cost."""
        if self._stream is None:
            return samples
        return to_int16(self._stream.resample_chunk(samples.astype(np.float32) / np.float32(_FULL_SCALE)))

    def finish(self) -> NDArray[np.int16]:
        """Return the rest of the output."""
        if self._stream is None:
            return np.empty(0, np.int16)
        return to_int16(self._stream.resample_chunk(np.empty(0, np.float32), last=True))


def to_mono(block: Blocks) -> Blocks:
    """Return the mean of the channels. NaN counts as silence; values beyond full scale are clipped."""
    finite = np.clip(np.nan_to_num(block, nan=0.0), -1.0, 1.0)
    return finite if finite.ndim == 1 else finite.mean(axis=1, dtype=np.float32)


def to_int16(samples: Blocks) -> NDArray[np.int16]:
    """Round to 16 bits; clip values beyond full scale instead of wrapping around."""
    scaled: Blocks = np.rint(samples * np.float32(_FULL_SCALE))
    return scaled.clip(-_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)
