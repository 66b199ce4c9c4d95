"""Sounds without words to dictate: noise, music, babble, breathing and typing, equal in every run. Pure."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE
from speech.level import BLOCK, levels_of
from tests.helpers.noise import LOUD_DBFS, noise

SPEECH_DBFS: Final = -20.0
"""Level of the speech that the signal-to-noise ratios refer to."""

_VOICES: Final = 6
_SCALE_HZ: Final = (220.0, 246.9, 277.2, 329.6, 370.0)
_KEYS_PER_S: Final = 5
_BREATH_S: Final = 3.5

Samples = NDArray[np.int16]
Signal = NDArray[np.float64]


def at_level(signal: Signal, dbfs: float) -> Samples:
    """Return the signal as samples whose RMS has this level."""
    rms = float(np.sqrt(np.square(signal).mean()))
    return as_samples(signal / rms * 2**15 * 10 ** (dbfs / 20))


def speech_at(samples: Samples, dbfs: float) -> Samples:
    """Return a recording whose loud blocks have this level on average; pauses do not count."""
    loud = levels_of(samples) > LOUD_DBFS
    blocks = samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK).astype(np.float64)[loud]
    gain = 2**15 * 10 ** (dbfs / 20) / float(np.sqrt(np.square(blocks).mean()))
    return as_samples(samples * gain)


def as_samples(values: NDArray[np.floating[Any]]) -> Samples:
    """Return values, in units of samples, rounded and cut to what samples can hold."""
    samples: Samples = np.rint(values).clip(-(2**15), 2**15 - 1).astype(np.int16)
    return samples


def music(length: int) -> Signal:
    """Return chords with harmonics and a beat of 120 per minute."""
    chance = np.random.default_rng(3)
    beat = SAMPLE_RATE // 2
    time_s = np.arange(beat) / SAMPLE_RATE
    beats: list[Signal] = []
    while len(beats) * beat < length:
        chord = chance.choice(_SCALE_HZ, 3, replace=False) * chance.choice((0.5, 1.0, 2.0))
        tones = [np.sin(2 * np.pi * f * k * time_s) / k for f in chord for k in (1, 2, 3, 4, 5)]
        drum = np.exp(-time_s * 40) * chance.standard_normal(beat) * 2
        beats.append(np.sum(tones, axis=0) * np.exp(-time_s * 3) + drum)
    return np.concatenate(beats)[:length]


def breathing(length: int) -> Signal:
    """Return breaths: noise around 1 kHz that swells in and out."""
    hiss = noise("pink", length, 5)
    phase = np.arange(length) / SAMPLE_RATE / _BREATH_S * 2 * np.pi
    swelling: Signal = np.convolve(hiss, (1.0, -0.9), "same") * np.maximum(0.0, np.sin(phase)) ** 2
    return swelling


def typing(length: int) -> Signal:
    """Return the clicks of a keyboard, about five a second."""
    chance = np.random.default_rng(7)
    click_s = np.arange(SAMPLE_RATE // 25) / SAMPLE_RATE
    made = noise("pink", length, 6) * 0.003
    for at in chance.integers(0, length - len(click_s), length * _KEYS_PER_S // SAMPLE_RATE):
        made[at : at + len(click_s)] += chance.standard_normal(len(click_s)) * np.exp(-click_s * 250)
    return made


def babble(length: int, voices: Sequence[Samples]) -> Signal:
    """Return six voices at once, each of which reads recordings from a place of its own."""
    chance = np.random.default_rng(11)
    total = np.zeros(length)
    for number in range(_VOICES):
        read = np.concatenate(voices[number::_VOICES]).astype(np.float64)
        total += np.roll(np.resize(read / np.sqrt(np.square(read).mean()), length), chance.integers(length))
    return total


MAKERS: Final[dict[str, Callable[[int], Signal]]] = {
    "noise": lambda length: noise("pink", length),
    "music": music,
    "breathing": breathing,
    "typing": typing,
}
