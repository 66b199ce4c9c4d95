"""Fake hub that states files as Hugging Face does: SHA-256 of large ones, git ids of small ones."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from speech.models.catalogue import Catalogue, HuggingFace, Model
from tests.speech.models.example import ENDPOINTS, NAME, WEIGHTS
from tests.speech.models.server import FileServer, Served
from tests.speech.models.stating import STATED, STATED_CONTENTS

TREE = "/api/models/lab/tiny/tree/v1?recursive=true"
FILES_AT = "/lab/tiny/resolve/v1/"


def huggingface_catalogue() -> Catalogue:
    """Return a catalogue with the example model, whose files Hugging Face states."""
    model = Model(NAME, "Tiny", "MIT", "Made up.", (), (HuggingFace("lab/tiny", "v1"),), STATED)
    return Catalogue(ENDPOINTS, (model,))


def node(path: str, data: bytes) -> dict[str, Any]:
    """Return Hugging Face's description of a file."""
    stated = {"type": "file", "path": path, "size": len(data), "oid": git_id(data)}
    if path != WEIGHTS:
        return stated
    large = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
    return {**stated, "oid": "0" * 40, "lfs": large}


def git_id(data: bytes) -> str:
    """Return the id that git gives to a file with this content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def tree(contents: Mapping[str, bytes] = STATED_CONTENTS) -> list[dict[str, Any]]:
    """Return the repository's list: the model's files, a folder, and unwanted files."""
    folder = {"type": "directory", "path": "words", "size": 0, "oid": "0" * 40}
    return [node("README.md", b"# Tiny"), folder, *(node(path, data) for path, data in contents.items())]


def state(server: FileServer, nodes: list[dict[str, Any]] | None = None) -> dict[str, str]:
    """Put the files and their list on ``server``; return the environment that makes it the hub."""
    server.files[TREE] = Served(json.dumps(tree() if nodes is None else nodes).encode())
    server.files |= {f"{FILES_AT}{path}": Served(data) for path, data in STATED_CONTENTS.items()}
    return {"HF_ENDPOINT": server.url}
