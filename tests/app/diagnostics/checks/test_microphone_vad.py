"""Voice activity detection is tried on a sample and on silence; a missing model is reported."""

import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.diagnostics.checks.microphone import examine_detector, vad
from speech.models.catalogue import load_catalogue
from speech.models.store import ModelStore
from speech.vad import SpeechEnded, SpeechStarted, VadEvent
from tests.app.diagnostics.checks.found import keys


class Pretender:
    """``Vad`` that finds speech everywhere or nowhere."""

    name = "pretender"

    def __init__(self, *, everywhere: bool, reason: str = "") -> None:
        self.reason = reason
        self._everywhere = everywhere
        self._samples = 0

    def accept(self, samples: NDArray[np.int16]) -> list[VadEvent]:
        self._samples += len(samples)
        return [SpeechStarted(0)] if self._everywhere else []

    def finish(self) -> list[VadEvent]:
        return [SpeechEnded(self._samples)] if self._everywhere else []

    def reset(self) -> None:
        self._samples = 0


def store(folder: Path) -> ModelStore:
    return ModelStore(folder, load_catalogue())


def test_vad_check_is_ok_with_intact_model(models: Path) -> None:
    (found,) = vad(store(models))
    assert keys([found]) == ["ok vad-hears"] and found.values["detector"] == "fsmn-vad"


def test_vad_check_reports_fallback_without_model(tmp_path: Path) -> None:
    assert keys(vad(store(tmp_path))) == ["advice vad-fallback", "ok vad-hears"]


def test_vad_check_notices_flipped_bit(models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "fsmn-vad", tmp_path / "fsmn-vad")
    model = tmp_path / "fsmn-vad" / "model.onnx"
    content = bytearray(model.read_bytes())
    content[1000] ^= 1
    model.write_bytes(content)
    assert keys(vad(store(tmp_path)))[0] == "advice vad-fallback"


def test_vad_check_reports_model_that_does_not_load(models: Path) -> None:
    broken = vad(store(models), lambda folder: Pretender(everywhere=False, reason="onnxruntime: no"))
    assert keys(broken) == ["problem vad-broken", "problem vad-deaf"]


def test_deaf_and_imagining_detectors_are_problems() -> None:
    assert keys([examine_detector(Pretender(everywhere=False))]) == ["problem vad-deaf"]
    assert keys([examine_detector(Pretender(everywhere=True))]) == ["problem vad-imagines"]
