"""Checks of settings and reports of failures that all engines share while they load."""

import pytest

from protocol.engine import EngineSettings, EngineUnavailable
from worker.engines.model_loading import lacks_memory, loading, model_folder, model_name, needed_library


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (EngineSettings("e", "m"), "the engine e needs a model: choose one with --model, or --set folder=DIR$"),
        (EngineSettings("e", "m", "/m", extra={"beam": "1"}), "the engine e has no setting beam$"),
        (EngineSettings("e", "m", extra={"folder": ""}), "needs a model"),
    ],
)
def test_wrong_settings_are_refused_with_advice(settings: EngineSettings, reason: str) -> None:
    with pytest.raises(EngineUnavailable, match=reason):
        model_folder("e", settings, frozenset({"folder"}))


def test_engine_without_the_setting_folder_does_not_advise_it() -> None:
    with pytest.raises(EngineUnavailable, match="choose one with --model$"):
        model_folder("e", EngineSettings("e"))


def test_device_that_the_engine_never_runs_on_is_refused() -> None:
    with pytest.raises(EngineUnavailable, match="runs on auto or cpu, not on 'cuda'"):
        model_folder("parakeet", EngineSettings("parakeet", "m", "/m", "cuda"))


def test_folder_of_the_settings_replaces_the_one_of_the_catalogue() -> None:
    settings = EngineSettings("e", "", "/catalogue", extra={"folder": "/my models/Größe 1"})
    folder = model_folder("e", settings, frozenset({"folder"}))
    assert (folder, model_name(settings, folder)) == ("/my models/Größe 1", "Gr--e-1")
    assert model_name(EngineSettings("e", "named"), folder) == "named"


def test_missing_library_is_reported_with_its_command() -> None:
    with (
        pytest.raises(EngineUnavailable, match="e needs wings: run .*kikipounamu.*no feathers"),
        needed_library("e needs wings", "whisper"),
    ):
        raise ImportError("no feathers")


@pytest.mark.parametrize(
    ("error", "lacks"),
    [
        (MemoryError(), True),
        (RuntimeError("CUDA failed with error out of memory"), True),
        (OSError(12, "Cannot allocate memory"), True),
        (RuntimeError("Unable to open file 'model.bin'\nat line 7"), False),
    ],
)
def test_lack_of_memory_is_distinguished_from_a_bad_model(error: Exception, lacks: bool) -> None:
    assert lacks_memory(error) is lacks
    with pytest.raises(type(error) if lacks else EngineUnavailable) as raised, loading("the model"):
        raise error
    assert lacks or str(raised.value) == "the model cannot be loaded: Unable to open file 'model.bin'"


def test_error_that_is_no_failure_of_loading_passes() -> None:
    with pytest.raises(KeyError), loading("the model", (ValueError,)):
        raise KeyError("wrong")
