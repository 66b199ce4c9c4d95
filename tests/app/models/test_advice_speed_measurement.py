"""Measurement of a model with the worker's benchmark, and errors that say why there is no figure."""

from pathlib import Path

import pytest

from app.models import advice
from app.models.advice import measure_speed, read_speeds
from speech.models.catalogue import load_catalogue
from speech.models.errors import MeasurementFailed


def test_speed_from_the_benchmark_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    monkeypatch.setattr(advice, "arguments_for", lambda model: ("--engine", "checksum"))
    speed = measure_speed(load_catalogue().model("whisper-base"))
    assert speed > 0 and read_speeds() == {"whisper-base": round(speed, 2)}


@pytest.mark.proof(minutes=0.5)
def test_installed_model_is_measured_and_kept(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    speed = measure_speed(load_catalogue().model("whisper-base"))
    assert speed > 0 and read_speeds() == {"whisper-base": round(speed, 2)}


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("whisper-small", "whisper-small cannot be measured: .*models get whisper-small"),
        ("fsmn-vad", "no .*engine"),
    ],
)
def test_model_that_cannot_run_is_not_measured(
    model: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    monkeypatch.delenv("KIKIPOUNAMU_MODELS", raising=False)
    with pytest.raises(MeasurementFailed, match=reason):
        measure_speed(load_catalogue().model(model))
    assert read_speeds() == {}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo loading; echo out of memory >&2; exit 1", "loading"),
        ("echo loading >&2; echo out of memory >&2; exit 1", "out of memory"),
        ("echo 'no JSON'", "malformed"),
        ("""echo '{"speeds": []}'""", "not enough values"),
        ("""echo '{"speeds": [{"rtf": 0}]}'""", "zero"),
    ],
)
def test_failed_benchmark_gives_the_reason(
    script: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "worker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    monkeypatch.setattr(advice, "arguments_for", lambda model: ())
    monkeypatch.setattr(advice, "find_program", lambda name: str(program))
    with pytest.raises(MeasurementFailed, match=f"whisper-base cannot be measured: .*{reason}"):
        measure_speed(load_catalogue().model("whisper-base"))
    assert read_speeds() == {}
