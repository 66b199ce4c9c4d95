"""FunASR's Paraformer and CT-Transformer classes with random weights: their input and output.

The texts are meaningless. They are compared with FunASR's own texts for the same weights.
"""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from protocol.captions import locate_words
from protocol.engine import DecodeRequest, EngineSettings, Transcript
from protocol.recognition import Options
from protocol.texts import join_texts
from tests.helpers.digits import DATA, MODEL, shipped_digits
from worker.engines import paraformer_onnx
from worker.engines.batch_engine import BatchEngine
from worker.engines.funasr import create
from worker.engines.onnx_export import export

pytestmark = [pytest.mark.funasr, pytest.mark.serial("engines")]

UNTRAINED = DATA / "paraformer-untrained"
HOTWORDS = ("达摩院", "wifi")


def loaded(folder: Path) -> Any:
    """Load FunASR's own model, on one thread."""
    from funasr import AutoModel

    dither = {"dither": 0.0}
    options = {"device": "cpu", "ncpu": 1, "disable_update": True, "disable_pbar": True, "frontend_conf": dither}
    return AutoModel(model=str(folder), **options)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return both models, with random weights that are the same in every run: FunASR seeds them."""
    import torch

    root = Path(shutil.copytree(UNTRAINED, tmp_path_factory.mktemp("models") / "untrained"))
    shutil.copy(MODEL / "am.mvn", root / "recognition")
    folders = {name: root / name for name in ("recognition", "punctuation")}
    for name, folder in folders.items():
        made = loaded(folder).model
        if name == "recognition":  # a token every few frames, where random weights give one in two
            made.predictor.cif_output.bias.data.fill_(-1.5)
        torch.save(made.state_dict(), folder / "model.pt")
    return folders


@pytest.fixture(scope="module")
def engine(folders: dict[str, Path]) -> BatchEngine:
    """Return an engine with both models."""
    extra = {"folder": str(folders["recognition"]), "punctuation": str(folders["punctuation"])}
    return create(EngineSettings("funasr", "paraformer-zh", "", "cpu", 1, extra))


@pytest.fixture(scope="module")
def said() -> list[bytes]:
    """Return recordings to recognise."""
    return [digits.pcm for digits in shipped_digits()[:4]]


def texts(engine: BatchEngine, said: list[bytes], options: Options) -> list[str]:
    """Return the engine's texts, decoded one by one."""
    outcomes = [engine.decode([DecodeRequest(pcm, options)])[0] for pcm in said]
    return [outcome.text for outcome in outcomes if isinstance(outcome, Transcript)]


@pytest.mark.parametrize("hotwords", [(), HOTWORDS])
def test_paraformer_texts_equal_those_of_funasr(
    engine: BatchEngine, folders: dict[str, Path], said: list[bytes], hotwords: tuple[str, ...]
) -> None:
    funasr = loaded(folders["recognition"])
    asked = {"hotword": " ".join(hotwords)} if hotwords else {}
    audio = [np.frombuffer(pcm, "<i2").astype(np.float32) / 32_768 for pcm in said]
    expected = [funasr.generate(input=samples, **asked)[0]["text"] for samples in audio]
    options = Options("zh", hotwords, punctuation=False)
    assert texts(engine, said, options) == [join_texts(text.split()) for text in expected]
    assert all(expected)


def test_words_have_times_within_their_recordings_in_batches_too(engine: BatchEngine, said: list[bytes]) -> None:
    together = engine.decode([DecodeRequest(pcm, Options("zh")) for pcm in said])
    for pcm, outcome in zip(said, together, strict=True):
        assert isinstance(outcome, Transcript) and outcome.words
        times = [ms for word in outcome.words for ms in (word.start_ms, word.end_ms)]
        assert times == sorted(times) and times[0] >= 0 and times[-1] <= len(pcm) // 32 + 60
        assert len(locate_words(outcome.text, outcome.words)) == len(outcome.words)


def test_hotwords_affect_only_their_own_request(engine: BatchEngine, said: list[bytes]) -> None:
    plain, helped = (Options("zh", hotwords, punctuation=False) for hotwords in ((), HOTWORDS))
    alone = [texts(engine, said[:1], plain), texts(engine, said[:1], helped)]
    assert alone[0] != alone[1]
    mixed = engine.decode([DecodeRequest(said[0], options) for options in (plain, helped, plain)])
    found = [outcome.text for outcome in mixed if isinstance(outcome, Transcript)]
    assert found == [*alone[0], *alone[1], *alone[0]]


@pytest.mark.parametrize("hotword", ["http://127.0.0.1:9/words.txt", "/etc/hostname.txt", "words.txt", "https"])
def test_hotword_is_neither_fetched_nor_opened(engine: BatchEngine, said: list[bytes], hotword: str) -> None:
    """FunASR would fetch a hotword that begins with http, and skip one that ends with .txt."""
    unknown = texts(engine, said, Options("zh", ("unheard",), punctuation=False))
    assert texts(engine, said, Options("zh", (hotword,), punctuation=False)) == unknown


def test_punctuation_equals_that_of_funasr(
    engine: BatchEngine, folders: dict[str, Path], said: list[bytes]
) -> None:
    funasr = loaded(folders["punctuation"])
    plain = texts(engine, said, Options("zh", punctuation=False))
    assert texts(engine, said, Options("zh")) == [funasr.generate(input=text)[0]["text"] for text in plain]
    assert texts(engine, said, Options("zh")) != plain


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_exported_paraformer_writes_the_same_texts(
    engine: BatchEngine, folders: dict[str, Path], said: list[bytes], tmp_path: Path, precision: str
) -> None:
    export(folders["recognition"], tmp_path, precision)
    graph = paraformer_onnx.create(EngineSettings("paraformer-onnx", "", str(tmp_path), "cpu", 1))
    expected = texts(engine, said, Options("zh", punctuation=False))
    assert texts(graph, said, Options("zh")) == expected and all(expected)
    together = graph.decode([DecodeRequest(pcm, Options("zh")) for pcm in said])
    assert [outcome.text for outcome in together if isinstance(outcome, Transcript)] == expected
