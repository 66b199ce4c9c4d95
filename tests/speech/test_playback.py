"""Resampling from 16 kHz to any rate: length, pitch and loudness, in any blocks."""

import numpy as np
import pytest

from speech.playback import FromSpeech


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000, 192_000])
def test_playback_keeps_loudness_pitch_and_length(rate: int) -> None:
    tone = np.rint(16_384 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)).astype(np.int16)
    resampler = FromSpeech(rate)
    heard = np.concatenate([*map(resampler.accept, np.split(tone, [100, 7_000])), resampler.finish()])
    assert abs(len(heard) - rate) <= 1
    spectrum = np.abs(np.fft.rfft(heard, rate))
    assert spectrum.argmax() == 440
    assert spectrum[440] == pytest.approx(0.5 * rate / 2, rel=0.01)
