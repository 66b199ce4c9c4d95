"""Resampling of 16 kHz mono int16 for an output device, block by block."""

import numpy as np
import soxr
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE

_FULL_SCALE = 32_768

Blocks = NDArray[np.float32]


class FromSpeech:
    """Streaming resampler to mono float32, full scale 1.0, at this rate in Hz."""

    def __init__(self, rate: int) -> None:
        self._stream = None if rate == SAMPLE_RATE else soxr.ResampleStream(SAMPLE_RATE, rate, 1, dtype="float32")

    def accept(self, samples: NDArray[np.int16]) -> Blocks:
        """Return the output samples that ``samples`` complete."""
        scaled = samples.astype(np.float32) / np.float32(_FULL_SCALE)
        return scaled if self._stream is None else _clipped(self._stream.resample_chunk(scaled))

    def finish(self) -> Blocks:
        """Return the rest of the output."""
        rest = np.empty(0, np.float32)
        return rest if self._stream is None else _clipped(self._stream.resample_chunk(rest, last=True))


def _clipped(samples: Blocks) -> Blocks:
    """Clip samples: between two samples of full scale, resampling may exceed it."""
    return np.clip(samples, -1.0, 1.0)
