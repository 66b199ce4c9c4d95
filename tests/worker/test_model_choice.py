"""Choice of the worker's engine and model."""

import pytest

from protocol.engine import EngineUnavailable
from runtime.installing import extra_command
from speech.models.catalogue import load_catalogue
from worker.engines.registry import installed_engines
from worker.model_choice import MODELS, PUNCTUATION, ModelChoice, choose

ONNX = {"sensevoice-onnx", "paraformer-onnx"}
"""Engines that need no library beyond the base install."""
EVERYTHING = {"funasr", "whisper", "SenseVoiceSmall", "whisper-base", "paraformer-zh", *ONNX}


def chosen(engine: str, model: str, here: set[str]) -> ModelChoice:
    """Return the choice if only the libraries and models in ``here`` are installed."""
    return choose(engine, model, here.__contains__, here.__contains__)


def test_requested_engine_is_chosen_even_if_not_installed() -> None:
    assert chosen("whisper", "", set()) == ModelChoice("whisper", "whisper-base", "asked for")
    assert chosen("funasr", "", set()).model == "SenseVoiceSmall"
    assert chosen("funasr", "paraformer-zh", set()).model == "paraformer-zh"
    assert chosen("checksum", "", set()) == ModelChoice("checksum", "", "asked for")
    assert chosen("package.module:create", "mine", set()).model == "mine"


@pytest.mark.parametrize("engine", list(MODELS))
def test_model_of_another_engine_is_refused(engine: str) -> None:
    for model in load_catalogue().models:
        if model.name in MODELS[engine]:
            continue
        with pytest.raises(EngineUnavailable, match=f"engine {engine} does not run {model.name}: it runs"):
            chosen(engine, model.name, EVERYTHING)


@pytest.mark.parametrize(
    ("here", "engine", "why"),
    [
        (EVERYTHING, "funasr", "funasr and SenseVoiceSmall are installed"),
        (
            EVERYTHING - {"SenseVoiceSmall"},
            "whisper",
            "funasr needs kikipounamu models get SenseVoiceSmall; sensevoice-onnx needs kikipounamu models get "
            "sensevoice-small-int8; whisper",
        ),
        (EVERYTHING - {"funasr"}, "whisper", f"funasr needs {extra_command('funasr')}; sensevoice-onnx needs"),
        (EVERYTHING - {"whisper"}, "funasr", "funasr and SenseVoiceSmall are installed"),
    ],
)
def test_auto_chooses_the_first_installed_engine_and_says_why(here: set[str], engine: str, why: str) -> None:
    choice = chosen("auto", "", here)
    assert choice.engine == engine and choice.model == MODELS[engine][0]
    assert choice.why.startswith(why)


@pytest.mark.parametrize("model", MODELS["sensevoice-onnx"])
def test_engine_runs_the_model_that_is_installed(model: str) -> None:
    assert chosen("sensevoice-onnx", "", {model}) == ModelChoice("sensevoice-onnx", model, "asked for")
    choice = chosen("auto", "", {"whisper", "whisper-base", model, *ONNX})
    assert choice[:2] == ("sensevoice-onnx", model)
    assert choice.why.endswith(f"sensevoice-onnx and {model} are installed")


def test_auto_chooses_the_engine_of_the_requested_model() -> None:
    assert chosen("auto", "sensevoice-small-int8", {*EVERYTHING, "sensevoice-small-int8"})[0] == "sensevoice-onnx"
    assert chosen("auto", "whisper-base", EVERYTHING)[:2] == ("whisper", "whisper-base")
    assert chosen("auto", "paraformer-zh", EVERYTHING)[:2] == ("funasr", "paraformer-zh")


@pytest.mark.parametrize(
    ("model", "here", "advice"),
    [
        (
            "",
            set(ONNX),
            r"pip install 'kikipounamu\[funasr\]'; sensevoice-onnx needs .*; whisper needs \S+ -m pip install "
            r"'kikipounamu\[whisper\]'",
        ),
        (
            "",
            {"funasr", "whisper", *ONNX},
            "models get SenseVoiceSmall; sensevoice-onnx needs .*; whisper needs .* models get whisper-base",
        ),
        (
            "other",
            EVERYTHING,
            "funasr does not run other; sensevoice-onnx does not run other; whisper does not run other",
        ),
    ],
)
def test_auto_error_lists_what_each_engine_lacks(model: str, here: set[str], advice: str) -> None:
    with pytest.raises(EngineUnavailable, match=advice):
        chosen("auto", model, here)


def test_choice_tables_name_existing_models_and_engines() -> None:
    names = {name for models in MODELS.values() for name in models} | set(PUNCTUATION) | set(PUNCTUATION.values())
    assert names <= set(load_catalogue().names)
    assert set(MODELS) <= set(installed_engines())


def test_catalogue_marks_models_without_engine() -> None:
    run = {name for models in MODELS.values() for name in models}
    later = {model.name for model in load_catalogue().models if model.for_later_engine}
    assert later and not later & run
