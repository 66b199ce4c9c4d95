"""Acoustic front end: bit-identical for any chunks, and equal to its definition frame by frame."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from speech.errors import VadUnavailable
from speech.features import (
    CONTEXT,
    FEATURES,
    FRAME_LENGTH,
    FRAME_SHIFT,
    LATENCY,
    MEL_BANDS,
    Cmvn,
    FbankStream,
    FeatureStream,
    load_cmvn,
)

PLAIN = Cmvn(np.zeros(FEATURES, np.float32), np.ones(FEATURES, np.float32))
NOISE = np.random.default_rng(7).integers(-9000, 9000, 16_123, np.int16)


def features(samples: NDArray[np.int16], cuts: list[int], cmvn: Cmvn = PLAIN) -> NDArray[np.float32]:
    stream = FeatureStream(cmvn)
    pieces = [stream.accept(piece) for piece in np.split(samples, sorted(cuts))]
    return np.concatenate([*pieces, stream.finish()])


@settings(max_examples=30)
@given(st.lists(st.integers(0, len(NOISE)), max_size=60), st.integers(0, len(NOISE)))
def test_features_are_bit_identical_for_any_chunks(cuts: list[int], length: int) -> None:
    samples = NOISE[:length]
    assert np.array_equal(features(samples, cuts), features(samples, []))


def test_frames_are_stacked_with_neighbours_and_repeated_edges() -> None:
    mel = FbankStream().accept(NOISE)
    stacked = features(NOISE, []).reshape(len(mel), 2 * CONTEXT + 1, MEL_BANDS)
    for frame in range(len(mel)):
        neighbours = np.clip(np.arange(frame - CONTEXT, frame + CONTEXT + 1), 0, len(mel) - 1)
        assert np.array_equal(stacked[frame], mel[neighbours])


@pytest.mark.parametrize(
    ("samples", "frames"),
    [(0, 0), (1, 0), (FRAME_LENGTH - 1, 0), (FRAME_LENGTH, 1), (FRAME_LENGTH + FRAME_SHIFT, 2)],
)
def test_frame_needs_its_25_ms(samples: int, frames: int) -> None:
    assert features(NOISE[:samples], []).shape == (frames, FEATURES)


def test_frame_is_complete_with_its_right_neighbours() -> None:
    stream = FeatureStream(PLAIN)
    assert len(stream.accept(NOISE[: LATENCY - 1])) == 0
    assert len(stream.accept(NOISE[LATENCY - 1 : LATENCY])) == 1


def test_mel_bands_locate_a_tone() -> None:
    tone = (8000 * np.sin(2 * np.pi * 1000 * np.arange(8000) / 16_000)).astype(np.int16)
    loudest = FbankStream().accept(tone).mean(axis=0).argmax()
    to_mel = 1127 * np.log(1 + np.array([20, 1000, 8000]) / 700)
    expected = (to_mel[1] - to_mel[0]) / (to_mel[2] - to_mel[0]) * (MEL_BANDS + 1) - 1
    assert abs(loudest - expected) <= 1


def test_features_are_shifted_then_scaled() -> None:
    cmvn = Cmvn(np.arange(FEATURES, dtype=np.float32), np.full(FEATURES, 2, np.float32))
    assert np.array_equal(features(NOISE, [], cmvn), (features(NOISE, []) + cmvn.shift) * cmvn.scale)


def test_model_normalisation_is_loaded(models: Path) -> None:
    cmvn = load_cmvn(models / "fsmn-vad" / "am.mvn")
    assert cmvn.shift[:2] == pytest.approx([-8.311879, -8.600912])
    assert (cmvn.scale > 0).all()


@pytest.mark.parametrize("damage", ["", "<Nnet>", "<AddShift> 2 2\n<LearnRateCoef> 0 [ 1 2 ]", "<AddShift>\xff"])
def test_damaged_normalisation_error_says_what_to_do(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "am.mvn"
    path.write_text(damage, "latin-1")
    with pytest.raises(VadUnavailable, match="get the model again"):
        load_cmvn(path)


def test_missing_normalisation_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(VadUnavailable, match="get the model again"):
        load_cmvn(tmp_path / "am.mvn")
