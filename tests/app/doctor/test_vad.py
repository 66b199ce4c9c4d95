"""What finds speech is tried on a sample and on silence; where its model is not there, that is said."""

import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.doctor.vad import tried, vad
from speech.models.catalogue import load_catalogue
from speech.models.store import ModelStore
from speech.vad import SpeechEnded, SpeechStarted, VadEvent
from tests.app.doctor.found import keys


class Pretender:
    """A ``Vad`` that finds speech in everything, or in nothing."""

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


def test_the_model_is_there_and_right(models: Path) -> None:
    (found,) = vad(store(models))
    assert keys([found]) == ["ok vad-hears"] and found.values["detector"] == "fsmn-vad"


def test_without_it_another_one_does_its_work(tmp_path: Path) -> None:
    assert keys(vad(store(tmp_path))) == ["advice vad-fallback", "ok vad-hears"]


def test_a_flipped_bit_is_noticed(models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "fsmn-vad", tmp_path / "fsmn-vad")
    model = tmp_path / "fsmn-vad" / "model.onnx"
    content = bytearray(model.read_bytes())
    content[1000] ^= 1
    model.write_bytes(content)
    assert keys(vad(store(tmp_path)))[0] == "advice vad-fallback"


def test_one_that_does_not_load_is_said(models: Path) -> None:
    broken = vad(store(models), lambda folder: Pretender(everywhere=False, reason="onnxruntime: no"))
    assert keys(broken) == ["problem vad-broken", "problem vad-deaf"]


def test_one_that_is_deaf_or_imagines_is_found() -> None:
    assert keys([tried(Pretender(everywhere=False))]) == ["problem vad-deaf"]
    assert keys([tried(Pretender(everywhere=True))]) == ["problem vad-imagines"]
