"""Models: intact, damaged, missing, half downloaded, and downloading; by sizes or by every byte."""

from pathlib import Path

import pytest

from app.diagnostics.checks.installation import models
from speech.models.catalogue import Catalogue, Endpoints, LocalFolder, Model, ModelFile
from speech.models.lock import hold_lock
from speech.models.store import ModelStore
from tests.app.diagnostics.checks.found import keys

# SHA-256 of "abc".
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def model(name: str) -> Model:
    return Model(name, name, "MIT", "", (ModelFile("one.bin", 3, ABC),), (LocalFolder("/nowhere"),))


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path, Catalogue(Endpoints("", ""), (model("vad"), model("asr"))))


NAMES = ("vad", "asr")


def put(folder: Path, name: str, content: bytes = b"abc") -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "one.bin").write_bytes(content)


def test_models_are_ok_when_intact(store: ModelStore, tmp_path: Path) -> None:
    put(tmp_path, "vad")
    put(tmp_path, "asr")
    (found,) = models(store, NAMES, NAMES)
    assert keys([found]) == ["ok models-whole"] and found.values == {"models": "vad, asr", "size": "6 bytes"}
    assert keys(models(store, NAMES, NAMES, thorough=True)) == ["ok models-verified"]


def test_damaged_model_is_a_problem(store: ModelStore, tmp_path: Path) -> None:
    put(tmp_path, "vad")
    put(tmp_path, "asr", b"ab")
    assert keys(models(store, NAMES, ["vad"])) == ["ok models-whole", "problem model-damaged"]


def test_thorough_check_finds_flipped_bit(store: ModelStore, tmp_path: Path) -> None:
    put(tmp_path, "vad", b"abd")
    assert keys(models(store, NAMES, ["vad"])) == ["ok models-whole"]
    assert keys(models(store, NAMES, ["vad"], thorough=True)) == ["problem model-damaged"]


def test_missing_models_are_named_in_one_command(store: ModelStore) -> None:
    (found,) = models(store, NAMES, NAMES)
    assert keys([found]) == ["problem models-missing"]
    assert (found.values["names"], found.values["size"]) == ("vad asr", "6 bytes")
    assert keys(models(store, NAMES, [])) == ["ok models-none"]


def test_models_distinguish_stopped_and_running_download(store: ModelStore, tmp_path: Path) -> None:
    parts = tmp_path / ".staging" / "asr" / "parts"
    parts.mkdir(parents=True)
    (parts / "one.bin").write_bytes(b"a")
    assert keys(models(store, NAMES, ["asr"])) == ["problem model-unfinished"]
    with hold_lock(tmp_path / ".staging" / "asr.lock", 1.0, lambda: None):
        assert keys(models(store, NAMES, ["asr"])) == ["advice model-coming"]
