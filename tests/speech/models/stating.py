"""Fake hub that states the files of a model, as ModelScope does, and such a model."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from speech.models.catalogue import Catalogue, Model, ModelScope, Stated
from tests.speech.models.example import CONTENTS, ENDPOINTS, NAME
from tests.speech.models.server import FileServer, Served

INNER = "words/vocabulary.json"
STATED_CONTENTS: Mapping[str, bytes] = {**CONTENTS, INNER: b'["a", "b"]\n'}
STATED = Stated(("config.json", "weights.bin", "words/*.json"), 1_000_000)
LISTING = "/api/v1/models/lab/tiny/repo/files?Revision=v1&Recursive=true"
RESOLVED = "/models/lab/tiny/resolve/v1/"


def stated_model() -> Model:
    """Return the example model with files stated by its hub."""
    return Model(NAME, "Tiny", "MIT", "Made up.", (), (ModelScope("lab/tiny", "v1"),), STATED)


def stated_catalogue() -> Catalogue:
    """Return a catalogue with only this model."""
    return Catalogue(ENDPOINTS, (stated_model(),))


def entry(path: str, data: bytes, **changes: Any) -> dict[str, Any]:
    """Return ModelScope's description of a file, with more fields than we read."""
    stated = {
        "Path": path,
        "Name": path.rpartition("/")[2],
        "Type": "blob",
        "Size": len(data),
        "Sha256": hashlib.sha256(data).hexdigest(),
        "IsLFS": len(data) > 1000,
        "Mode": "33188",
        "Revision": "0" * 40,
    }
    return stated | changes


def entries(contents: Mapping[str, bytes] = STATED_CONTENTS) -> list[dict[str, Any]]:
    """Return the repository's list: the model's files, a folder, and unwanted files."""
    others = [
        entry(".gitattributes", b"*.bin"),
        entry("README.md", b"# Tiny"),
        entry("example/语音 1.mp3", b"ID3"),
    ]
    folder = {"Path": "words", "Name": "words", "Type": "tree", "Size": 0, "Sha256": ""}
    return [*others, folder, *(entry(path, data) for path, data in contents.items())]


def answer(files: list[dict[str, Any]]) -> bytes:
    """Return the hub's answer to a request for its files."""
    return json.dumps({"Code": 200, "Success": True, "Message": "success", "Data": {"Files": files}}).encode()


def state(server: FileServer, contents: Mapping[str, bytes] = STATED_CONTENTS) -> dict[str, str]:
    """Put files and their list on ``server``; return the environment that makes it the hub."""
    server.files[LISTING] = Served(answer(entries(contents)))
    server.files |= {f"{RESOLVED}{path}": Served(data) for path, data in contents.items()}
    return {"MODELSCOPE_ENDPOINT": server.url}
