"""Levels of blocks, the same for any chunking of the stream."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from speech.level import (
    BLOCK,
    FLOOR_DBFS,
    LevelMeter,
    NoiseFloor,
    SoundBegan,
    SoundCeased,
    SoundDetector,
    SoundEvent,
    contrast,
    gain_for,
    level_of,
    levels_of,
    loudness,
    quietest,
)

Samples = NDArray[np.int16]


def steady(dbfs: float, blocks: int) -> Samples:
    """Return a square wave of this level."""
    return np.full(blocks * BLOCK, round(2**15 * 10 ** (dbfs / 20)), np.int16)


def pieces(samples: Samples, cuts: list[int]) -> list[Samples]:
    return np.split(samples, sorted(cut % (len(samples) + 1) for cut in cuts))


def test_levels_are_dbfs_of_whole_blocks() -> None:
    samples = np.concatenate((steady(-20, 2), steady(-60, 1), np.zeros(2 * BLOCK - 1, np.int16)))
    assert levels_of(samples) == pytest.approx([-20, -20, -60, FLOOR_DBFS], abs=0.2)


@given(st.integers(0, 40), st.lists(st.integers(0, 2**30), max_size=10))
def test_level_meter_keeps_the_last_blocks_for_any_chunks(keep: int, cuts: list[int]) -> None:
    samples = np.random.default_rng(keep).integers(-3000, 3000, 30 * BLOCK + 7, np.int16)
    whole = levels_of(samples)
    meter, seen = LevelMeter(keep), 0
    for piece in pieces(samples, cuts):
        seen += len(piece)
        meter.accept(piece)
        done = seen // BLOCK
        wanted = whole[max(0, done - keep) : done]
        assert np.array_equal(meter.between(0, seen), wanted)
        assert np.array_equal(meter.between(5 * BLOCK + 1, seen), whole[max(6, done - keep) : max(6, done)])
        meter.forget()
        assert np.array_equal(meter.between(0, seen), wanted)


@given(st.lists(st.booleans(), max_size=30), st.lists(st.integers(0, 2**30), max_size=10))
def test_level_crossings_do_not_depend_on_the_chunks(loud: list[bool], cuts: list[int]) -> None:
    samples = np.concatenate([steady(-40 if block else -60, 1) for block in loud] or [steady(-60, 0)])
    meter, detector = LevelMeter(10), SoundDetector(-50)
    found = [event for piece in pieces(samples, cuts) for event in detector.accept(meter.accept(piece))]
    wanted: list[SoundEvent] = []
    for index, (before, block) in enumerate(zip([False, *loud], loud, strict=False)):
        if before != block:
            kind = SoundBegan if block else SoundCeased
            wanted.append(kind(index * BLOCK, (index + 1) * BLOCK))
    assert found == wanted


def test_contrast_is_high_for_speech_and_low_for_noise() -> None:
    noise = np.random.default_rng(1).normal(0, 300, 100 * BLOCK)
    speech = np.where(np.arange(100 * BLOCK) // (15 * BLOCK) % 2, 5000.0, 0.0)
    assert contrast(levels_of(noise.astype(np.int16))) < 3
    assert contrast(levels_of((noise + speech).astype(np.int16))) == pytest.approx(24.5, abs=1)


@pytest.mark.parametrize("count", [1, 2, 11, 300])
def test_contrast_is_the_difference_of_percentiles(count: int) -> None:
    levels = np.random.default_rng(count).uniform(-100, 0, count).astype(np.float32)
    quiet, loud = np.percentile(levels, [10, 90])
    assert contrast(levels) == pytest.approx(loud - quiet, abs=1e-3)


def test_quietest_takes_the_last_of_equal_points() -> None:
    assert quietest(np.zeros(48_000, np.int16)) == 47_200


def test_quietest_is_the_middle_of_the_quietest_100_ms() -> None:
    samples = np.concatenate((steady(-20, 100), steady(-40, 10), steady(-20, 100)))
    assert quietest(samples) == 105 * BLOCK


def test_noise_floor_falls_at_once_and_rises_slowly() -> None:
    noise = NoiseFloor()
    levels = np.array([-30.0] * 600 + [-70.0] * 100 + [-30.0] * 200, np.float32)
    floors = noise.accept(levels)
    assert floors[599] == pytest.approx(-30)
    assert floors[650] < -60
    assert floors[899] == pytest.approx(floors[699] + 200 * 0.06, abs=0.1)


@given(st.lists(st.floats(-100, 0, width=32), max_size=60), st.integers(0, 60))
def test_noise_floor_does_not_depend_on_the_chunks(levels: list[float], cut: int) -> None:
    whole, parts = NoiseFloor(), NoiseFloor()
    values = np.array(levels, np.float32)
    expected = whole.accept(values)
    assert np.array_equal(np.concatenate((parts.accept(values[:cut]), parts.accept(values[cut:]))), expected)


def test_sound_stands_out_from_steady_noise() -> None:
    detector = SoundDetector(-50)
    fan = np.full(3000, -40.0, np.float32)
    assert [type(event) for event in detector.accept(fan)] == [SoundBegan, SoundCeased]
    voice = detector.accept(np.full(10, -28.0, np.float32))
    assert [type(event) for event in voice] == [SoundBegan]


@given(st.floats(-100, 0), st.floats(-100, 0))
def test_gain_amplifies_only_quiet_speech_and_not_its_noise(speech: float, noise: float) -> None:
    gain = gain_for(speech, noise)
    assert 0 <= gain <= 40
    if speech >= -38 or speech < -66:
        assert gain == 0
    if gain:
        assert speech + gain <= -26 and noise + gain <= -45


def test_gain_brings_quiet_speech_to_usual_level() -> None:
    assert gain_for(-50, -80) == 24
    assert gain_for(-50, -60) == 15


def test_loudness_is_the_level_of_the_louder_blocks() -> None:
    assert loudness(np.array([-80.0] * 50 + [-30.0] * 50, np.float32)) == pytest.approx(-30)
    assert loudness(np.empty(0, np.float32)) == FLOOR_DBFS


@pytest.mark.parametrize(
    ("value", "level"), [(0, FLOOR_DBFS), (32767, 0.0), (16384, -6.02), (328, -40.0), (-32768, 0.0)]
)
def test_level_is_relative_to_full_scale(value: int, level: float) -> None:
    assert level_of(np.full(160, value, np.int16)) == pytest.approx(level, abs=0.02)
    assert level_of(np.empty(0, np.int16)) == FLOOR_DBFS
