"""Levels of a stream in blocks of 10 ms: detection of silence, and contrast of speech and noise.

Levels are RMS in dBFS: 0 is a full-scale square wave. Blocks are counted from the stream's first sample, so no
result depends on how the stream was cut into chunks.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE

BLOCK: Final = SAMPLE_RATE // 100
_BLOCKS_PER_WINDOW: Final = 10
FLOOR_DBFS: Final = -100.0
"""Level of digital silence."""

Samples = NDArray[np.int16]
Levels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SoundBegan:
    """Crossing upwards: the level reaches the threshold ``at`` this sample, ``known`` at the end of its block."""

    at: int
    known: int


@dataclass(frozen=True, slots=True)
class SoundCeased:
    """Crossing downwards: the level is below the threshold from sample ``at`` on."""

    at: int
    known: int


SoundEvent = SoundBegan | SoundCeased


def levels_of(samples: Samples) -> Levels:
    """Return the level of each complete block in dBFS."""
    blocks = samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK).astype(np.float32)
    power = np.square(blocks).mean(axis=1) / 2.0**30
    levels: Levels = 10 * np.log10(np.maximum(power, np.float32(10 ** (FLOOR_DBFS / 10))))
    return levels


class LevelMeter:
    """Meter that keeps the levels of the last ``keep`` blocks of a stream."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._rest: Samples = np.empty(0, np.int16)
        self._levels: Levels = np.empty(0, np.float32)
        self._first = 0

    def accept(self, samples: Samples) -> Levels:
        """Return the levels of the blocks that these samples complete. Older levels stay until ``forget``."""
        samples = np.concatenate((self._rest, samples))
        levels = levels_of(samples)
        self._rest = samples[len(levels) * BLOCK :]
        self._levels = np.concatenate((self._levels, levels))
        return levels

    def between(self, begin: int, end: int) -> Levels:
        """Return the levels of the blocks within these samples, limited to the last ``keep`` before ``end``."""
        last = end // BLOCK
        first = max(-(-begin // BLOCK), last - self._keep, self._first)
        return self._levels[first - self._first : max(first, last) - self._first]

    def forget(self) -> None:
        """Drop all levels except the last ``keep``."""
        if (over := len(self._levels) - self._keep) > 0:
            self._levels = self._levels[over:]
            self._first += over


def contrast(levels: Levels) -> float:
    """Return the 90th minus the 10th percentile of the levels, in dB. Steady noise has a low contrast."""
    # Same as np.percentile, whose first call imports numpy.ma, which takes 30 ms during speech.
    last = len(levels) - 1
    quiet, loud = np.interp([0.1 * last, 0.9 * last], np.arange(last + 1), np.sort(levels))
    return float(loud - quiet)


class SoundDetector:
    """Detector of level crossings at ``threshold_dbfs``. A stream begins silent."""

    def __init__(self, threshold_dbfs: float) -> None:
        self._threshold = threshold_dbfs
        self._loud = False
        self._blocks = 0

    def accept(self, levels: Levels) -> list[SoundEvent]:
        """Return the crossings in the next blocks, oldest first."""
        loud = np.concatenate(([self._loud], levels >= self._threshold))
        events: list[SoundEvent] = []
        for index in np.flatnonzero(loud[1:] != loud[:-1]):
            at = (self._blocks + int(index)) * BLOCK
            events.append((SoundBegan if loud[index + 1] else SoundCeased)(at, at + BLOCK))
        self._blocks += len(levels)
        self._loud = bool(loud[-1])
        return events


def quietest(samples: Samples) -> int:
    """Return the middle of the 100 ms with the least energy; the last one if several are equal."""
    blocks = samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK).astype(np.int64)
    energy = np.concatenate(([0], np.square(blocks).sum(axis=1).cumsum()))
    windows = energy[_BLOCKS_PER_WINDOW:] - energy[:-_BLOCKS_PER_WINDOW]
    last = len(windows) - 1 - int(windows[::-1].argmin())
    return (last + _BLOCKS_PER_WINDOW // 2) * BLOCK
