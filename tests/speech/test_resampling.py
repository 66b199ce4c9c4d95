"""Resampling to 16 kHz mono int16: length and pitch, the same in any blocks, clipped and never wrapped."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from speech.resampling import HIGHEST_RATE, LOWEST_RATE, Downmix, PlaybackResampler, Resampler, to_int16

RATES = [8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000]


def resample(samples: NDArray[np.float32], rate: int, cuts: list[int]) -> NDArray[np.int16]:
    resampler = Resampler(rate)
    pieces = [resampler.accept(block) for block in np.split(samples, sorted(cuts))]
    return np.concatenate([*pieces, resampler.finish()])


def noise(samples: int, channels: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(3).uniform(-1, 1, (samples, channels)).astype(np.float32)


@settings(max_examples=30)
@given(st.sampled_from(RATES), st.integers(1, 3), st.lists(st.integers(0, 30_000), max_size=40))
def test_resampled_output_does_not_depend_on_the_blocks(rate: int, channels: int, cuts: list[int]) -> None:
    samples = noise(30_000, channels)
    assert np.array_equal(resample(samples, rate, cuts), resample(samples, rate, []))


@pytest.mark.parametrize("rate", [*RATES, LOWEST_RATE, HIGHEST_RATE])
@pytest.mark.parametrize("length", [0, 1, 80, 12_345])
def test_resampled_length_matches_the_rates(rate: int, length: int) -> None:
    assert abs(len(resample(noise(length)[:, 0], rate, [])) - length * 16_000 / rate) <= 1


@pytest.mark.parametrize("rate", RATES)
def test_resampled_tone_keeps_pitch_and_loudness(rate: int) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    spectrum = np.abs(np.fft.rfft(resample(tone.astype(np.float32), rate, [])))
    assert spectrum.argmax() == 440
    assert spectrum[440] == pytest.approx(0.5 * 32768 * 8000, rel=0.01)


def test_int16_audio_at_16_khz_is_unchanged() -> None:
    every = np.arange(-32768, 32768, dtype=np.int16)
    assert np.array_equal(resample(every.astype(np.float32) / np.float32(32768), 16_000, [100]), every)


def test_downmix_averages_the_channels() -> None:
    assert Downmix(16_000).mix(np.array([[1.0, 0.0], [0.5, -0.5]], np.float32)).tolist() == [0.5, 0.0]


@given(st.lists(st.integers(0, 9_000), max_size=20))
def test_channels_that_cancel_each_other_out_are_heard(cuts: list[int]) -> None:
    sound = 0.3 * noise(9_000)[:, 0]
    samples = np.stack([sound, -sound], axis=1)
    heard = resample(samples, 16_000, cuts)
    assert np.array_equal(heard[1_600:], to_int16(sound[1_600:]))
    assert np.array_equal(heard, resample(samples, 16_000, []))


def test_quiet_or_different_channels_keep_the_mean() -> None:
    sound = noise(9_000)[:, 0]
    for channels in ([0.001 * sound, -0.001 * sound], [sound, 0 * sound], [sound, noise(9_001)[1:, 0]]):
        samples = np.stack(channels, axis=1)
        assert np.array_equal(resample(samples, 16_000, []), to_int16(samples.mean(axis=1)))


def test_channels_are_averaged_again_after_a_hum_that_cancelled_itself_out() -> None:
    hum, speech = 0.01 * noise(3_200)[:, 0], 0.5 * noise(6_400)[:, 0]
    for other in (speech, 0 * speech):  # in both channels, or in one
        samples = np.stack([np.append(hum, other), np.append(-hum, speech)], axis=1)
        heard = resample(samples, 16_000, []).astype(np.float64)
        assert np.square(heard[4_800:]).mean() > 0.2 * np.square(speech * 32_768).mean()


def test_to_int16_rounds_samples() -> None:
    assert to_int16(np.array([0.6, -0.6, 0.4, -0.4], np.float32) / np.float32(32768)).tolist() == [1, -1, 0, 0]


def test_to_int16_clips_loud_samples() -> None:
    assert to_int16(np.array([1.0, 1.5, -1.5, -1.0], np.float32)).tolist() == [32767, 32767, -32768, -32768]


def test_full_scale_square_wave_does_not_wrap_around() -> None:
    """The resampled wave overshoots full scale by about a tenth."""
    square = np.where(np.arange(48_000) // 240 % 2, 1.0, -1.0)
    out = resample(square.astype(np.float32), 48_000, []).reshape(-1, 80)[1:-1]
    middle = out[:, 20:60].astype(np.int32)
    assert (np.abs(middle) > 25_000).all()
    assert (middle.max(axis=1) * middle.min(axis=1) > 0).all(), "half a period changed its sign"


def test_nan_becomes_silence_and_infinity_full_scale() -> None:
    odd = np.array([np.nan, np.inf, -np.inf, 3e38], np.float32)
    assert resample(odd, 16_000, []).tolist() == [0, 32767, -32768, 32767]
    assert len(resample(odd, 48_000, [])) == 1


@pytest.mark.parametrize("rate", [-1, 0, 1, LOWEST_RATE - 1, HIGHEST_RATE + 1])
def test_resampler_refuses_unusual_rates(rate: int) -> None:
    with pytest.raises(ValueError, match="sample rate"):
        Resampler(rate)


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000, 192_000])
def test_playback_keeps_loudness_pitch_and_length(rate: int) -> None:
    tone = np.rint(16_384 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)).astype(np.int16)
    resampler = PlaybackResampler(rate)
    heard = np.concatenate([*map(resampler.accept, np.split(tone, [100, 7_000])), resampler.finish()])
    assert abs(len(heard) - rate) <= 1
    spectrum = np.abs(np.fft.rfft(heard, rate))
    assert spectrum.argmax() == 440
    assert spectrum[440] == pytest.approx(0.5 * rate / 2, rel=0.01)
