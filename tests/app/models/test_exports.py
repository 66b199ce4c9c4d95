"""Exports: an installed torch model becomes an installed ONNX model, checked like any other."""

import shutil
from pathlib import Path

import pytest

from app.models.exports import export_installed
from protocol.engine import DecodeRequest, EngineSettings, Transcript
from protocol.recognition import Options
from speech.models.catalogue import Catalogue, LocalExport, LocalFolder, Model, ModelFile, Stated, load_catalogue
from speech.models.errors import ExportFailed, ModelMissing, ModelUnavailable
from speech.models.file_list import file_list, write_file_list
from speech.models.files import sha256_of
from speech.models.installation import install
from speech.models.store import FolderState, ModelStore
from tests.helpers.digits import MODEL, shipped_digits
from worker.engines.sensevoice_onnx import create

NAME, GRAPH = "digits", "digits-onnx"


def files_in(folder: Path) -> tuple[ModelFile, ...]:
    """Return the files in this folder with their sizes and digests."""
    found = sorted(folder.iterdir())
    return tuple(ModelFile(path.name, path.stat().st_size, sha256_of(path)) for path in found)


def catalogue_of(folder: Path) -> Catalogue:
    """Return a catalogue with the model in ``folder`` and its export."""
    model = Model(NAME, "Digits", "CC", "Made up.", files_in(folder), (LocalFolder(str(folder)),))
    wanted = Stated(("am.mvn", "config.yaml", "*.bpe.model", "model*.onnx"), 10_000_000)
    graph = Model(GRAPH, "Digits", "CC", "Made up.", (), (LocalExport(NAME),), wanted)
    return Catalogue(load_catalogue().endpoints, (model, graph))


def store_with(tmp_path: Path, folder: Path) -> tuple[ModelStore, Catalogue]:
    """Return a store in which the model of ``folder`` is installed, and its catalogue."""
    catalogue = catalogue_of(folder)
    store = ModelStore(tmp_path / "models", catalogue)
    store.import_folder(NAME, folder)
    return store, catalogue


@pytest.mark.funasr
@pytest.mark.serial("engines")
@pytest.mark.timeout(300)
def test_export_is_installed_checked_and_replaced(tmp_path: Path) -> None:
    store, catalogue = store_with(tmp_path, MODEL)
    folder = store.path(GRAPH)
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    for name in ("am.mvn", "config.yaml", "digits.bpe.model", "model.onnx"):
        (earlier / name).write_text("an export of another precision")
    write_file_list(earlier, file_list("an export", files_in(earlier)))
    store.import_folder(GRAPH, earlier)
    assert [path.name for path in folder.glob("*.onnx")] == ["model.onnx"]
    assert export_installed(store, catalogue, NAME, "int8") == (GRAPH, folder)
    assert store.verify(GRAPH) == folder
    assert [path.name for path in folder.glob("*.onnx")] == ["model_quant.onnx"]
    engine = create(EngineSettings("sensevoice-onnx", GRAPH, str(folder), "cpu", 1))
    (outcome,) = engine.decode([DecodeRequest(shipped_digits()[0].pcm, Options("en", itn=False))])
    assert isinstance(outcome, Transcript) and outcome.text == shipped_digits()[0].text
    assert {path.name for path in (tmp_path / "models").iterdir()} == {NAME, GRAPH, ".staging"}


def test_impossible_export_is_explained_and_leaves_nothing(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(MODEL, tmp_path / "other"))
    (folder / "config.yaml").write_text("model: FsmnVADStreaming\n")
    store, catalogue = store_with(tmp_path, folder)
    with pytest.raises(
        ExportFailed, match="digits cannot be exported: .*(is a FsmnVADStreaming|kikipounamu.funasr)"
    ):
        export_installed(store, catalogue, NAME, "fp32")
    with pytest.raises(ExportFailed, match="whisper-base cannot be exported: choose one of digits"):
        export_installed(store, catalogue, "whisper-base", "fp32")
    assert store.state(GRAPH) is FolderState.MISSING
    assert {path.name for path in (tmp_path / "models").iterdir()} == {NAME, ".staging"}
    store.remove(NAME)
    with pytest.raises(ModelMissing):
        export_installed(store, catalogue, NAME, "fp32")


def test_download_of_an_export_says_how_to_make_it(tmp_path: Path) -> None:
    catalogue = catalogue_of(MODEL)
    with pytest.raises(ModelUnavailable, match="run `kikipounamu models export digits`"):
        install(ModelStore(tmp_path / "models", catalogue), catalogue, GRAPH, environment={})
