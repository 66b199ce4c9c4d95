"""Mix speech with noise: pink, brown and babble of six voices, equal in every run."""

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE
from speech.level import BLOCK, levels_of
from tests.helpers.recordings import Recording, samples_of, synthetic

BABBLE: Final = Path(__file__).resolve().parent.parent / "data" / "noise" / "babble.flac"
KINDS: Final = ("pink", "brown", "babble")
SNRS: Final = (20, 10, 5)
LOUD_DBFS: Final = -45.0
"""Level above which a 10 ms block of clean speech must be detected."""

_LOWEST_HZ: Final = 20.0
_SLOPES: Final = {"pink": 0.5, "brown": 1.0}

Samples = NDArray[np.int16]


def loud_blocks(clean: Samples) -> NDArray[np.bool_]:
    """Return which blocks of 10 ms are above -45 dBFS."""
    return levels_of(clean) > LOUD_DBFS


@cache
def noise(kind: str, samples: int, seed: int = 1) -> NDArray[np.float64]:
    """Return this many samples of noise with an RMS of 1."""
    if kind == "babble":
        made = np.resize(samples_of(BABBLE).astype(np.float64), samples)
    else:
        frequencies = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
        spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(samples))
        heard = frequencies >= _LOWEST_HZ
        spectrum[~heard] = 0
        spectrum[heard] *= frequencies[heard] ** -_SLOPES[kind]
        made = np.fft.irfft(spectrum, samples)
    scaled: NDArray[np.float64] = made / np.sqrt(np.square(made).mean())
    return scaled


def noisy(clean: Samples, kind: str, snr_db: float) -> Samples:
    """Return ``clean`` with noise at this SNR; pauses do not count for the level of speech."""
    blocks = clean[: len(clean) // BLOCK * BLOCK].reshape(-1, BLOCK).astype(np.float64)
    rms = np.sqrt(np.square(blocks[loud_blocks(clean)]).mean())
    return _pcm(clean + noise(kind, len(clean)) * rms / 10 ** (snr_db / 20))


def noise_alone(kind: str, seconds: int, dbfs: float) -> Samples:
    """Return noise at this level."""
    return _pcm(noise(kind, seconds * SAMPLE_RATE) * 2**15 * 10 ** (dbfs / 20))


def _pcm(values: NDArray[np.float64]) -> Samples:
    samples: Samples = np.rint(values).clip(-(2**15), 2**15 - 1).astype(np.int16)
    return samples


def half_pauses(recordings: list[Recording]) -> Samples:
    """Join the recordings, each followed by digital silence as long as its speech."""
    parts = [np.zeros(SAMPLE_RATE // 2, np.int16)]
    for recording in recordings:
        samples = samples_of(recording.path)
        loud = np.flatnonzero(loud_blocks(samples))
        both = 2 * int(loud[-1] + 1 - loud[0]) * BLOCK
        parts += [samples, np.zeros(max(0, both - len(samples)), np.int16)]
    return np.concatenate(parts)


def spoken(language: str) -> list[Recording]:
    """Return the synthetic sentences of one language."""
    return [recording for recording in synthetic() if recording.language == language]
