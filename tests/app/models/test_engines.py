"""Purposes and engines of models agree with the worker."""

from pathlib import Path

import pytest

from app.core.errors import ModelUnfit, Note
from app.models.engines import DEFAULT, KINDS, arguments_for, engine_is_here, lacks, live_model, worker_program
from app.models.view import Purpose
from runtime.installing import extra_command
from speech.models.catalogue import load_catalogue
from worker.model_choice import MODELS, PUNCTUATION, STREAMING_MODELS


def test_kinds_cover_the_catalogue() -> None:
    assert set(KINDS) == set(load_catalogue().names)
    assert {name for name, kind in KINDS.items() if kind.engine} == {
        model.name
        for model in load_catalogue().models
        if not model.for_later_engine and KINDS[model.name].purpose is Purpose.RECOGNISER
    }


def test_kinds_agree_with_worker() -> None:
    engines = {engine: {name for name, kind in KINDS.items() if kind.engine == engine} for engine in MODELS}
    assert engines == {engine: set(models) for engine, models in MODELS.items()}
    assert {kind.beside: name for name, kind in KINDS.items() if kind.beside} == PUNCTUATION
    assert MODELS["whisper"][0] == DEFAULT


def test_arguments_need_installed_engine() -> None:
    assert arguments_for("SenseVoiceSmall", lambda engine: True) == (
        "--engine",
        "funasr",
        "--model",
        "SenseVoiceSmall",
    )
    with pytest.raises(ModelUnfit, match=r"pip install 'kikipounamu\[funasr\]'") as refused:
        arguments_for("SenseVoiceSmall", lambda engine: engine != "funasr")
    assert refused.value.note == Note(
        "model-needs-extra", {"model": "SenseVoiceSmall", "install": extra_command("funasr")}
    )


@pytest.mark.parametrize("name", ["fsmn-vad", "Fun-ASR-Nano", "no-such-model", "../x"])
def test_arguments_raise_when_no_engine_runs_model(name: str) -> None:
    with pytest.raises(ModelUnfit, match="choose another"):
        arguments_for(name, lambda engine: True)


def test_live_model_needs_its_engine_and_its_files() -> None:
    (name,) = (name for name, kind in KINDS.items() if kind.purpose is Purpose.LIVE)
    assert {name} == {model for models in STREAMING_MODELS.values() for model in models}
    assert live_model(lambda model: model == name, lambda engine: engine == "sherpa-onnx") == name
    assert live_model(lambda model: False, lambda engine: True) == ""
    assert live_model(lambda model: True, lambda engine: False) == ""


def test_lacks_names_missing_extra() -> None:
    assert lacks("paraformer-zh", lambda engine: False) == "funasr"
    assert lacks("paraformer-zh", lambda engine: True) == ""
    assert lacks("fsmn-vad", lambda engine: False) == ""
    assert engine_is_here("no-engine-at-all")


def test_engine_of_an_environment_brings_its_own_worker(tmp_path: Path) -> None:
    packages = tmp_path / "lib" / "python3.12" / "site-packages"
    program = tmp_path / "bin" / "kikipounamu-worker"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    for library in ("funasr", "torch"):
        assert worker_program("funasr", str(tmp_path)) == ""
        (packages / library).mkdir(parents=True)
    assert worker_program("funasr", str(tmp_path)) == str(program)
    assert engine_is_here("funasr", str(tmp_path))
    assert worker_program("whisper", str(tmp_path)) == worker_program("funasr", "") == ""
    program.unlink()
    assert worker_program("funasr", str(tmp_path)) == ""
