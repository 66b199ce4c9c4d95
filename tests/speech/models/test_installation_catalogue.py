"""The catalogue's models whose files a hub states, with small files from a fake of Hugging Face."""

import json
from pathlib import Path

import pytest

from speech.models.catalogue import HuggingFace, load_catalogue
from speech.models.file_list import FILE_LIST
from speech.models.installation import install_stated
from speech.models.progress import silent
from speech.models.store import FolderState, ModelStore
from tests.helpers.ports import free_port
from tests.speech.models.example import QUICK
from tests.speech.models.server import FileServer, Served
from tests.speech.models.stating_huggingface import node

STREAMING = "deployment/models/chunk-160ms-model"
PUBLISHED = {
    "whisper-small": ["config.json", "model.bin", "tokenizer.json", "vocabulary.txt"],
    "whisper-large-v3-turbo": [
        "config.json",
        "model.bin",
        "preprocessor_config.json",
        "tokenizer.json",
        "vocabulary.json",
    ],
    "parakeet-tdt-0.6b-v3-int8": [
        "config.json",
        "decoder_joint-model.int8.onnx",
        "encoder-model.int8.onnx",
        "vocab.txt",
    ],
    "x-asr-zh-en-160ms": [
        f"{STREAMING}/{name}"
        for name in ("decoder-160ms.onnx", "encoder-160ms.onnx", "joiner-160ms.onnx", "tokens.txt")
    ],
}
UNWANTED = ["README.md", "encoder-model.onnx", "encoder-model.onnx.data", "nemo128.onnx", "model.py"]


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_published_files_are_installed_by_the_list_of_the_hub(
    name: str, tmp_path: Path, server: FileServer
) -> None:
    catalogue = load_catalogue()
    (hub,) = (source for source in catalogue.model(name).sources if isinstance(source, HuggingFace))
    contents = {path: f"{name} {path}".encode() for path in PUBLISHED[name]}
    tree = [node(path, data) for path, data in contents.items()] + [node(path, b"x") for path in UNWANTED]
    listing = f"/api/models/{hub.repository}/tree/{hub.revision}?recursive=true"
    server.files[listing] = Served(json.dumps(tree).encode())
    at = f"/{hub.repository}/resolve/{hub.revision}/"
    server.files |= {f"{at}{path}": Served(data) for path, data in contents.items()}
    environment = {"HF_ENDPOINT": server.url, "MODELSCOPE_ENDPOINT": f"http://127.0.0.1:{free_port()}"}
    store = ModelStore(tmp_path, catalogue)
    folder = install_stated(store, catalogue, name, silent, environment, QUICK)
    assert store.state(name) is FolderState.INSTALLED and (folder / FILE_LIST).is_file()
    assert all((folder / path).read_bytes() == data for path, data in contents.items())
    assert not any((folder / path).exists() for path in UNWANTED)

    assert {file.path for file in store.file_list(name).files} == set(contents)
