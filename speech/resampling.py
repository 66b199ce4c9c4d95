"""Resampling, block by block: any rate and number of channels to 16 kHz mono int16, and back for playback."""

from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE

LOWEST_RATE: Final = 2_000
HIGHEST_RATE: Final = 768_000
_FULL_SCALE: Final = 32_768
_WINDOWS_PER_S: Final = 10
_LEAST_POWER: Final = 1e-5
_CANCELLED: Final = 50.0
_PAIR: Final = 2

Blocks = NDArray[np.float32]


class Resampler:
    """Streaming resampler: the output does not depend on how the input was cut into blocks.

    Raises ``ValueError`` for a rate outside 2 to 768 kHz.
    """

    def __init__(self, rate: int) -> None:
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise ValueError(f"a sample rate of {rate} Hz is not between {LOWEST_RATE} and {HIGHEST_RATE}")
        self._downmix = Downmix(rate)
        self._stream = None if rate == SAMPLE_RATE else soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")

    def accept(self, block: Blocks) -> NDArray[np.int16]:
        """Return the output that ``block`` completes ([samples] or [samples, channels], full scale 1.0)."""
        mono = self._downmix.mix(block)
        return to_int16(mono if self._stream is None else self._stream.resample_chunk(mono))

    def accept_pcm(self, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        """Return the output that mono samples complete: ``accept`` at less cost."""
        if self._stream is None:
            return samples
        return to_int16(self._stream.resample_chunk(samples.astype(np.float32) / np.float32(_FULL_SCALE)))

    def finish(self) -> NDArray[np.int16]:
        """Return the rest of the output."""
        if self._stream is None:
            return np.empty(0, np.int16)
        return to_int16(self._stream.resample_chunk(np.empty(0, np.float32), last=True))


class Downmix:
    """A mix of the channels to one: their mean.

    With a wrongly connected plug, one of two channels is the negative of the other, and their mean is silence.
    After a window in which they cancel each other out, half their difference is used, until they no longer do.
    Windows have fixed places, so that the output does not depend on the blocks.
    """

    def __init__(self, rate: int) -> None:
        self._window = max(1, rate // _WINDOWS_PER_S)
        self._inverted = False
        self._frames, self._mean, self._difference = 0, 0.0, 0.0  # of this window: samples, and energies

    def mix(self, block: Blocks) -> Blocks:
        """Return one channel. NaN counts as silence; values beyond full scale are clipped."""
        finite = np.clip(np.nan_to_num(block, nan=0.0), -1.0, 1.0)
        if finite.ndim == 1:
            return finite
        if finite.shape[1] != _PAIR:
            mean: Blocks = finite.mean(axis=1, dtype=np.float32)
            return mean
        pieces, at = [np.empty(0, np.float32)], 0
        while at < len(finite):
            piece = finite[at : at + self._window - self._frames]
            pieces.append(self._mix_pair(piece))
            at += len(piece)
        return np.concatenate(pieces)

    def _mix_pair(self, pair: Blocks) -> Blocks:
        """Mix samples of one window, and judge it at its end."""
        mean: Blocks = pair.mean(axis=1, dtype=np.float32)
        difference: Blocks = (pair[:, 0] - pair[:, 1]) / np.float32(_PAIR)
        mixed = difference if self._inverted else mean
        self._frames += len(pair)
        self._mean += _energy(mean)
        self._difference += _energy(difference)
        if self._frames == self._window:
            if max(self._mean, self._difference) > _LEAST_POWER * self._window:
                self._inverted = self._difference > (1.0 if self._inverted else _CANCELLED) * self._mean
            self._frames, self._mean, self._difference = 0, 0.0, 0.0
        return mixed


def _energy(samples: Blocks) -> float:
    return float(np.square(samples, dtype=np.float64).sum())


def to_int16(samples: Blocks) -> NDArray[np.int16]:
    """Round to 16 bits; clip values beyond full scale instead of wrapping around."""
    scaled: Blocks = np.rint(samples * np.float32(_FULL_SCALE))
    return scaled.clip(-_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)


class PlaybackResampler:
    """Streaming resampler for an output device: from 16 kHz to mono float32, full scale 1.0, at this rate."""

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
