"""Features of whole recordings: equal to their definition, and to FunASR's own front end."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speech.features import MEL_BANDS, Cmvn, FbankStream
from speech.lfr import LFR_FEATURES, lfr_features, load_lfr_cmvn, pad_features
from tests.helpers.digits import MODEL, shipped_digits

PLAIN = Cmvn(np.zeros(LFR_FEATURES, np.float32), np.ones(LFR_FEATURES, np.float32))
NOISE = np.random.default_rng(7).integers(-9000, 9000, 16_123, np.int16)


@settings(max_examples=30)
@given(st.integers(0, 6_000))
def test_lfr_features_stack_seven_frames_every_sixty_milliseconds(length: int) -> None:
    frames = FbankStream().accept(NOISE[:length])
    found = lfr_features(NOISE[:length], PLAIN).reshape(-1, 7, MEL_BANDS)
    assert len(found) == -(-len(frames) // 6)
    for number, stack in enumerate(found):
        for place, frame in enumerate(stack):
            assert np.array_equal(frame, frames[min(max(6 * number + place - 3, 0), len(frames) - 1)])


def test_lfr_features_are_normalised_by_shift_and_scale() -> None:
    cmvn = load_lfr_cmvn(MODEL / "am.mvn")
    expected = (lfr_features(NOISE, PLAIN) + cmvn.shift) * cmvn.scale
    assert np.array_equal(lfr_features(NOISE, cmvn), expected)


def test_padded_features_keep_each_recording() -> None:
    recordings = [lfr_features(NOISE[:length], PLAIN) for length in (4_000, 16_000, 0)]
    padded, lengths = pad_features(recordings)
    assert padded.shape == (3, len(recordings[1]), LFR_FEATURES)
    assert lengths.tolist() == [len(features) for features in recordings]
    for row, features in zip(padded, recordings, strict=True):
        assert np.array_equal(row[: len(features)], features) and not row[len(features) :].any()


def test_cmvn_of_another_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "am.mvn").write_text("<AddShift> <LearnRateCoef> 0 [ 1 2 ]", "ascii")
    with pytest.raises(ValueError, match="2 values, not 560"):
        load_lfr_cmvn(tmp_path / "am.mvn")


@pytest.mark.proof(minutes=1)
@pytest.mark.funasr
def test_lfr_features_equal_those_of_funasr() -> None:
    import torch
    from funasr.frontends.wav_frontend import WavFrontend

    frontend = WavFrontend(cmvn_file=str(MODEL / "am.mvn"), lfr_m=7, lfr_n=6, dither=0.0)
    cmvn = load_lfr_cmvn(MODEL / "am.mvn")
    for digits in shipped_digits():
        samples = np.frombuffer(digits.pcm, "<i2")
        wave = torch.from_numpy(samples.astype(np.float32) / 32_768)[None]
        expected, _ = frontend(wave, torch.tensor([len(samples)]))
        np.testing.assert_allclose(lfr_features(samples, cmvn), expected[0].numpy(), rtol=0, atol=1e-4)
