"""Tests of which models each command needs, and of the error when they are missing."""

from pathlib import Path

import pytest

from app.core.errors import ModelsMissing, UsageMistake
from app.models.engines import VAD_MODEL, ensure_models, needed_models, vad_folder
from speech.models.errors import ModelMissing, ModelUnknown


def test_needed_models_depend_on_engine_and_model() -> None:
    assert needed_models(None) == [VAD_MODEL]
    assert needed_models("checksum") == [VAD_MODEL]
    assert needed_models("whisper") == [VAD_MODEL, "whisper-base"]
    assert needed_models("funasr") == [VAD_MODEL, "SenseVoiceSmall"]
    assert needed_models("whisper", "other") == [VAD_MODEL, "other"]
    assert needed_models(None, "other") == [VAD_MODEL]


def test_ensure_accepts_installed_models(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    ensure_models(needed_models("whisper"), fetch=False, get=print)
    assert vad_folder() == models / VAD_MODEL


def test_ensure_fetches_missing_models_without_touching_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(tmp_path))
    ensure_models(needed_models("whisper"), fetch=True, get=print)
    assert capsys.readouterr() == ("", "['fsmn-vad', 'whisper-base']\n")


@pytest.mark.parametrize("fetch", [False, None])
def test_ensure_names_install_command_without_terminal(
    fetch: bool | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(tmp_path))
    with pytest.raises(ModelsMissing, match="kikipounamu models get fsmn-vad whisper-base"):
        ensure_models(needed_models("whisper"), fetch, get=print)
    with pytest.raises(ModelMissing):
        vad_folder()


def test_ensure_rejects_unknown_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(tmp_path))
    with pytest.raises(ModelUnknown):
        ensure_models(["no-such-model"], fetch=True, get=print)


def test_ensure_rejects_model_that_no_engine_runs() -> None:
    with pytest.raises(UsageMistake, match="no engine of this version runs Fun-ASR-Nano"):
        ensure_models(needed_models("funasr", "Fun-ASR-Nano"), fetch=True, get=print)
