"""Engine on an ONNX graph, with a fake session: batches, padding, lack of memory, and wrong settings."""

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from protocol.engine import DecodeRequest, EngineInfo, EngineSettings, EngineUnavailable, Transcript
from tests.helpers.digits import MODEL
from tests.worker.engines.onnx_runtime import CUDA, FakeSession, lengths_as_ids
from worker.engines import sensevoice_onnx
from worker.engines.batch_engine import SENSEVOICE, BatchEngine
from worker.engines.onnx_engine import recogniser
from worker.engines.onnx_session import OpenedModel
from worker.engines.sensevoice_onnx import SENSEVOICE_ONNX


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the digits model's features and a vocabulary of numbers."""
    shutil.copy(MODEL / "am.mvn", tmp_path)
    (tmp_path / "tokens.json").write_text(str([f"n{number}" for number in range(2_000)]).replace("'", '"'))
    return tmp_path


def engine_on(session: FakeSession, folder: Path, device: str = "cpu") -> BatchEngine:
    """Return an engine with a fake session."""
    opened = OpenedModel(session, device, "fp32")
    recognise = recogniser(SENSEVOICE_ONNX, opened, folder)
    return BatchEngine(EngineInfo("sensevoice-onnx", "m", device, SENSEVOICE.languages), SENSEVOICE, recognise)


def sound(samples: int) -> bytes:
    """Return the PCM of noise with this many samples."""
    return np.random.default_rng(samples).integers(-900, 900, samples, np.int16).tobytes()


def frames_in(samples: int) -> int:
    """Return the number of 60 ms frames of a recording."""
    return -(-(1 + (samples - 400) // 160) // 6)


@pytest.mark.parametrize("most", [1 << 30, 900])
def test_outcomes_match_their_recordings_in_mixed_batches(folder: Path, most: int) -> None:
    chance = random.Random(5)
    session = FakeSession(lengths_as_ids, most=most)
    engine = engine_on(session, folder)
    for _ in range(20):
        sizes = [chance.choice([0, 300, 900, 16_000, 60_000, 400_000]) for _ in range(chance.randrange(1, 9))]
        outcomes = engine.decode([DecodeRequest(sound(size)) for size in sizes])
        expected = [f"n{frames_in(size)}" if size >= 800 else "" for size in sizes]
        assert [outcome.text for outcome in outcomes if isinstance(outcome, Transcript)] == expected


def test_recordings_are_padded_with_zeros_after_their_end(folder: Path) -> None:
    session = FakeSession(lengths_as_ids)
    engine_on(session, folder).decode([DecodeRequest(sound(16_000)), DecodeRequest(sound(24_000))])
    (asked,) = session.asked
    assert asked["speech_lengths"].tolist() == [frames_in(24_000), frames_in(16_000)]
    assert asked["speech"].dtype == np.float32 and not asked["speech"][1, frames_in(16_000) :].any()
    assert asked["language"].tolist() == [0, 0] and asked["textnorm"].tolist() == [14, 14]


def test_calls_on_a_gpu_have_the_measured_size(folder: Path) -> None:
    session = FakeSession(lengths_as_ids, (CUDA,), most=2 * 417)
    engine = engine_on(session, folder, "cuda:0")
    assert [asked["speech"].shape[0] for asked in session.asked] == [1, 2, 4]
    session.asked.clear()
    engine.decode([DecodeRequest(sound(20 * 16_000))] * 5)
    assert [asked["speech"].shape[0] for asked in session.asked] == [2, 1, 2]


def test_wrong_settings_and_folders_are_explained(tmp_path: Path, folder: Path) -> None:
    for settings, reason in [
        (EngineSettings("sensevoice-onnx"), "needs a model"),
        (EngineSettings("sensevoice-onnx", extra={"beam": "5"}), "no setting beam"),
        (EngineSettings("sensevoice-onnx", model_folder=str(tmp_path)), "there is no ONNX model"),
    ]:
        with pytest.raises(EngineUnavailable, match=reason):
            sensevoice_onnx.create(settings)
    (folder / "am.mvn").unlink()
    with pytest.raises(EngineUnavailable, match=r"am\.mvn' is missing or damaged"):
        engine_on(FakeSession(lengths_as_ids), folder)
