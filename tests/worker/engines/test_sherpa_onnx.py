"""The engine for live text with sherpa-onnx itself, on a tiny transducer of random weights."""

from pathlib import Path

import numpy as np
import pytest

from protocol.engine import EnginePiece, EngineSettings, EngineUnavailable
from tests.conftest import ROOT
from worker.engines.sherpa_onnx import SESSIONS, SherpaEngine, create, model_files

STUB = ROOT / "tests" / "data" / "stub-transducer"
STEP = 3_200


def engine(**extra: str) -> SherpaEngine:
    """Return the engine on the stub."""
    return create(EngineSettings("sherpa-onnx", "stub", extra={"folder": str(STUB), **extra}))


def sound(seed: int, seconds: float = 3.0) -> bytes:
    """Return noise of a seed and a length."""
    samples = np.random.default_rng(seed).standard_normal(round(seconds * 16_000)) * 3_000
    return samples.astype("<i2").tobytes()


def test_text_grows_and_equals_that_of_the_whole_utterance() -> None:
    made = engine()
    one, other = sound(1), sound(2)
    texts = [
        made.feed([EnginePiece(1, one[at : at + 2 * STEP]), EnginePiece(2, other[at : at + 2 * STEP])])
        for at in range(0, len(one), 2 * STEP)
    ]
    assert all(later[0].startswith(earlier[0]) for earlier, later in zip(texts, texts[1:], strict=False))
    assert texts[-1] == [*made.feed([EnginePiece(3, one)]), *made.feed([EnginePiece(4, other)])]
    assert len(texts[-1][0].split()) > 9


def test_dropped_utterance_begins_again() -> None:
    made = engine()
    first = made.feed([EnginePiece(1, sound(1))])
    made.drop([1, 9])
    assert made.feed([EnginePiece(1, sound(1))]) == first
    made.close()


def test_information_states_places_and_languages() -> None:
    info = engine().info()
    assert (info.engine, info.model, info.device, info.slots) == ("sherpa-onnx", "stub", "cpu", SESSIONS)
    assert info.languages == ("en", "zh")
    other = engine(sessions="7", languages="de,fr").info()
    assert (other.slots, other.languages) == (7, ("de", "fr"))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (EngineSettings("sherpa-onnx"), "choose one with --model"),
        (EngineSettings("sherpa-onnx", extra={"beam": "1"}), "has no setting beam"),
        (EngineSettings("sherpa-onnx", device="cuda:0"), "runs on auto or cpu"),
        (EngineSettings("sherpa-onnx", extra={"sessions": "0"}), "not a number from 1"),
    ],
)
def test_wrong_settings_are_refused(settings: EngineSettings, reason: str) -> None:
    with pytest.raises(EngineUnavailable, match=reason):
        create(settings)


def test_files_are_found_anywhere_below_the_folder_and_must_be_one_model(tmp_path: Path) -> None:
    below = tmp_path / "deployment" / "models"
    below.mkdir(parents=True)
    for name in ("encoder-160ms.onnx", "decoder-160ms.onnx", "joiner-160ms.onnx", "tokens.txt"):
        (below / name).touch()
    assert model_files(tmp_path)["encoder"] == str(below / "encoder-160ms.onnx")
    (below / "encoder-480ms.onnx").touch()
    with pytest.raises(EngineUnavailable, match="2 files"):
        model_files(tmp_path)


def test_damaged_model_is_unavailable(tmp_path: Path) -> None:
    for name in ("decoder.onnx", "joiner.onnx", "tokens.txt"):
        (tmp_path / name).write_bytes((STUB / name).read_bytes())
    (tmp_path / "encoder.onnx").write_bytes(b"no graph")
    with pytest.raises(EngineUnavailable, match="cannot be loaded"):
        create(EngineSettings("sherpa-onnx", "stub", str(tmp_path)))
