"""Levels of a stream in blocks of 10 ms: silence, noise floor, contrast of speech and noise, gain of quiet speech.

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
QUIET_DBFS: Final = -65.0
"""Most microphones are louder than this in a room at night; a muted one is not."""
_RISE_DB: Final = 0.06
"""Rise of the noise floor per block: 6 dB per second, slow enough for the pauses between words to hold it down."""
_FIRST_FLOOR_DBFS: Final = -60.0  # low enough that speech at the very beginning stands out
_SMOOTHING: Final = 0.2  # weight of the newest block: a single quiet block does not pull the floor down
_ABOVE_NOISE_DB: Final = 9.0  # louder than the blocks of steady noise vary
_LOUDEST_NOISE_DBFS: Final = -20.0
_QUIET_SPEECH_DBFS: Final = -38.0
FAINTEST_SPEECH_DBFS: Final = -66.0  # below, there is nothing to amplify
_SPEECH_DBFS: Final = -26.0
_AMPLIFIED_NOISE_DBFS: Final = -45.0
_MOST_GAIN_DB: Final = 40

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
    power = np.einsum("ij,ij->i", blocks, blocks) / np.float32(BLOCK * 2.0**30)  # half the time of square and mean
    levels: Levels = 10 * np.log10(np.maximum(power, np.float32(10 ** (FLOOR_DBFS / 10))))
    return levels


def level_of(samples: Samples) -> float:
    """Return the level of all samples in dBFS; ``FLOOR_DBFS`` for none."""
    power = float(np.square(samples, dtype=np.float64).mean()) / 2.0**30 if len(samples) else 0.0
    return max(FLOOR_DBFS, 10 * float(np.log10(power))) if power else FLOOR_DBFS


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


def loudness(levels: Levels) -> float:
    """Return the 90th percentile of the levels in dBFS: the level of the speech among them."""
    last = len(levels) - 1
    return float(np.interp(0.9 * last, np.arange(last + 1), np.sort(levels))) if len(levels) else FLOOR_DBFS


def gain_for(speech_dbfs: float, noise_dbfs: float) -> int:
    """Return the gain in whole dB that brings quiet speech to a usual level; 0 for speech that is loud enough.

    The noise is not amplified above the level at which recognisers begin to hear words in it.
    """
    if not FAINTEST_SPEECH_DBFS <= speech_dbfs < _QUIET_SPEECH_DBFS:
        return 0
    gain = min(_SPEECH_DBFS - speech_dbfs, _AMPLIFIED_NOISE_DBFS - noise_dbfs, _MOST_GAIN_DB)
    return max(0, int(gain))


class NoiseFloor:
    """Tracker of the level of steady noise: it falls at once with the level, and rises slowly."""

    def __init__(self) -> None:
        self._smooth: float | None = None
        self._floor = _FIRST_FLOOR_DBFS

    def accept(self, levels: Levels) -> Levels:
        """Return the noise floor at each of the next blocks."""
        floors = np.empty_like(levels)
        for index, level in enumerate(levels.tolist()):
            self._smooth = level if self._smooth is None else self._smooth + _SMOOTHING * (level - self._smooth)
            self._floor = min(self._floor + _RISE_DB, self._smooth)
            floors[index] = self._floor
        return floors


class SoundDetector:
    """Detector of sound: levels from ``threshold_dbfs`` on that stand out from steady noise.

    A stream begins silent. Steady noise counts as sound until its level is known, which takes seconds after a
    silent beginning.
    """

    def __init__(self, threshold_dbfs: float) -> None:
        self._threshold = threshold_dbfs
        self._noise = NoiseFloor()
        self._loud = False
        self._blocks = 0

    def accept(self, levels: Levels) -> list[SoundEvent]:
        """Return the crossings in the next blocks, oldest first."""
        noise = np.minimum(self._noise.accept(levels) + _ABOVE_NOISE_DB, _LOUDEST_NOISE_DBFS)
        loud = np.concatenate(([self._loud], levels >= np.maximum(noise, self._threshold)))
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
