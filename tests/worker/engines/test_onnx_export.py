"""Exported graphs compared with FunASR's own classes in torch: scores, texts, and what cannot be exported."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from protocol.engine import DecodeRequest, EngineSettings, EngineUnavailable, Transcript
from protocol.recognition import Options
from speech.lfr import lfr_features, load_lfr_cmvn
from tests.helpers.digits import MODEL, every_digits, shipped_digits
from tests.helpers.sensevoice import export_all, log_softmax, torch_scores, write_full_size
from worker.engines import funasr, sensevoice_onnx
from worker.engines.batch_engine import samples_of
from worker.engines.onnx_export import export
from worker.engines.onnx_session import FILES
from worker.engines.sensevoice_onnx import queries

pytestmark = [pytest.mark.funasr, pytest.mark.serial("engines"), pytest.mark.timeout(300)]

TOLERANCE = 1e-3


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the digits model as graphs of every precision."""
    return export_all(MODEL, tmp_path_factory.mktemp("digits"))


def difference(model: Path, graphs: Path, recordings: list[bytes]) -> float:
    """Return the largest difference between the log probabilities of graph and torch."""
    auto = funasr.load_auto_model(str(model), "cpu", 2)
    session: Any = onnxruntime.InferenceSession(str(graphs / FILES["fp32"]), providers=["CPUExecutionProvider"])
    cmvn, most = load_lfr_cmvn(graphs / "am.mvn"), 0.0
    for number, pcm in enumerate(recordings):
        language, itn = ("auto", "en", "zh")[number % 3], number % 2 == 0
        features = lfr_features(np.frombuffer(pcm, "<i2"), cmvn)
        asked = queries({"language": language, "use_itn": itn}, 1)
        lengths = np.array([len(features)], np.int32)
        logits, _ = session.run(None, {"speech": features[None], "speech_lengths": lengths, **asked})
        expected = torch_scores(auto, samples_of(pcm), language, itn)
        assert logits.shape[1:] == expected.shape
        most = max(most, float(np.abs(log_softmax(logits[0]) - expected).max()))
    return most


def texts(engine: Any, itn: bool = False) -> list[str]:
    """Return an engine's texts of all recorded digits, four per call."""
    requests = [DecodeRequest(digits.pcm, Options("en", itn=itn)) for digits in every_digits()]
    outcomes = sum((list(engine.decode(requests[at : at + 4])) for at in range(0, len(requests), 4)), [])
    return [outcome.text for outcome in outcomes if isinstance(outcome, Transcript)]


def onnx_engine(folder: Path, precision: str) -> Any:
    """Return the engine on the graph of this precision."""
    extra = {"precision": precision}
    return sensevoice_onnx.create(EngineSettings("sensevoice-onnx", "digits", str(folder), "cpu", 2, extra))


def test_scores_of_the_graph_equal_those_of_torch(exported: Path) -> None:
    assert difference(MODEL, exported, [digits.pcm for digits in shipped_digits()]) < TOLERANCE


def test_digit_strings_of_the_graphs_equal_those_of_torch(exported: Path) -> None:
    torch_engine = funasr.create(EngineSettings("funasr", "digits", str(MODEL), "cpu", 2))
    for itn in (False, True):
        expected = texts(torch_engine, itn)
        assert len(set(expected)) > len(expected) // 2
        assert texts(onnx_engine(exported, "fp32"), itn) == expected
        assert texts(onnx_engine(exported, "fp16"), itn) == expected
        found = texts(onnx_engine(exported, "int8"), itn)
        assert sum(map(str.__ne__, found, expected)) <= len(expected) // 8, found


def test_small_graphs_are_chosen_on_the_processor_and_are_small(exported: Path) -> None:
    sizes = {name: (exported / file).stat().st_size for name, file in FILES.items()}
    assert sizes["int8"] < 0.4 * sizes["fp32"] and sizes["fp16"] < 0.6 * sizes["fp32"]
    assert not (exported / "traced.onnx").exists()


@pytest.mark.proof(minutes=6)
@pytest.mark.timeout(1200)
def test_scores_at_full_size_equal_those_of_torch(tmp_path: Path) -> None:
    model = write_full_size(tmp_path / "model")
    export(model, tmp_path / "graphs", "fp32")
    recordings = [digits.pcm for digits in shipped_digits()[:3]]
    assert difference(model, tmp_path / "graphs", recordings) < TOLERANCE


def test_impossible_exports_are_explained(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="precision is one of int8, fp16, fp32, not 'int4'"):
        export(MODEL, tmp_path / "new", "int4")
    with pytest.raises(EngineUnavailable, match=r"it has no config\.yaml"):
        export(tmp_path, tmp_path / "new", "fp32")
    other = Path(shutil.copytree(MODEL, tmp_path / "other"))
    (other / "config.yaml").write_text("model: FsmnVADStreaming\n")
    with pytest.raises(EngineUnavailable, match="is a FsmnVADStreaming: only SenseVoiceSmall"):
        export(other, tmp_path / "new", "fp32")
    assert not (tmp_path / "new").exists()


def test_export_without_libraries_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['onnx'] = None; sys.argv = ['export', *sys.argv[1:]]\n"
        "from worker.engines.onnx_export import main; main()"
    )
    command = [sys.executable, "-c", program, str(MODEL), str(tmp_path / "new"), "fp32"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3 and "pip install 'kikipounamu[funasr]'" in done.stderr
