"""What models are for is what the worker makes of them."""

import pytest

from app.errors import ModelUnfit
from app.models.engines import DEFAULT, KINDS, arguments_for, engine_is_here, lacks
from app.models.view import Purpose
from speech.models.catalogue import load_catalogue
from worker.choice import MODELS, PUNCTUATION


def test_every_model_of_the_catalogue_is_known() -> None:
    assert set(KINDS) == set(load_catalogue().names)
    assert {name for name, kind in KINDS.items() if kind.engine} == {
        model.name
        for model in load_catalogue().models
        if not model.for_later_engine and KINDS[model.name].purpose is Purpose.RECOGNISER
    }


def test_engines_are_those_of_the_worker() -> None:
    engines = {engine: {name for name, kind in KINDS.items() if kind.engine == engine} for engine in MODELS}
    assert engines == {engine: set(models) for engine, models in MODELS.items()}
    assert {kind.beside: name for name, kind in KINDS.items() if kind.beside} == PUNCTUATION
    assert MODELS["whisper"][0] == DEFAULT


def test_a_model_becomes_arguments_where_its_engine_is_here() -> None:
    assert arguments_for("SenseVoiceSmall", lambda engine: True) == (
        "--engine",
        "funasr",
        "--model",
        "SenseVoiceSmall",
    )
    with pytest.raises(ModelUnfit, match=r"pip install 'kikipounamu\[funasr\]'") as refused:
        arguments_for("SenseVoiceSmall", lambda engine: engine != "funasr")
    assert refused.value.extra == "funasr"


@pytest.mark.parametrize("name", ["fsmn-vad", "Fun-ASR-Nano", "no-such-model", "../x"])
def test_what_no_engine_runs_is_refused(name: str) -> None:
    with pytest.raises(ModelUnfit, match="choose another"):
        arguments_for(name, lambda engine: True)


def test_what_a_model_lacks_is_an_extra() -> None:
    assert lacks("paraformer-zh", lambda engine: False) == "funasr"
    assert lacks("paraformer-zh", lambda engine: True) == ""
    assert lacks("fsmn-vad", lambda engine: False) == ""
    assert engine_is_here("no-engine-at-all")
