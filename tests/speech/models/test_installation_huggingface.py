"""Models whose files Hugging Face states, from a real server."""

from pathlib import Path
from typing import Any

import pytest

from speech.models.errors import ModelUnavailable
from speech.models.file_list import FILE_LIST
from speech.models.installation import install_stated
from speech.models.progress import silent
from speech.models.store import FolderState, ModelStore
from tests.speech.models.example import CONFIG, NAME, QUICK, WEIGHTS
from tests.speech.models.server import FileServer, Served
from tests.speech.models.stating import STATED_CONTENTS
from tests.speech.models.stating_huggingface import FILES_AT, TREE, huggingface_catalogue, node, state, tree

CATALOGUE = huggingface_catalogue()


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", CATALOGUE)


def get(store: ModelStore, environment: dict[str, str]) -> Path:
    return install_stated(store, CATALOGUE, NAME, silent, environment, QUICK)


def test_huggingface_list_is_fetched_once_and_kept(store: ModelStore, server: FileServer) -> None:
    folder = get(store, state(server))
    assert all((folder / path).read_bytes() == data for path, data in STATED_CONTENTS.items())
    assert not (folder / "README.md").exists() and (folder / FILE_LIST).is_file()
    assert len(server.downloads(TREE)) == 1 and store.state(NAME) is FolderState.INSTALLED
    server.asked.clear()
    assert get(store, state(server)) == store.verify(NAME) == folder and server.asked == []


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([*tree(), node("../x", b"")], "leaves the folder"),
        ([one for one in tree() if one["path"] != CONFIG], f"it has no {CONFIG}"),
        ([*tree(), {**node("words/big.json", b""), "size": 10**9}], r"no SHA-256 of .words/big\.json"),
        ([{**one, "oid": "1" * 40} for one in tree()], "is not the file of its list"),
        ([{**one, "lfs": {"oid": "short", "size": 3}} for one in tree()], "not used, because of"),
        ([node(f"{number}", b"") for number in range(1_000)], "may be cut off"),
    ],
)
def test_invalid_huggingface_list_installs_nothing(
    store: ModelStore, server: FileServer, nodes: list[dict[str, Any]], reason: str
) -> None:
    with pytest.raises(ModelUnavailable, match=f"no source has the list of its files(.|\n)*{reason}"):
        get(store, state(server, nodes))
    assert store.state(NAME) is FolderState.MISSING


def test_large_file_that_differs_from_the_huggingface_list_is_refused(
    store: ModelStore, server: FileServer
) -> None:
    environment = state(server)
    server.files[FILES_AT + WEIGHTS] = Served(STATED_CONTENTS[WEIGHTS][::-1])
    with pytest.raises(ModelUnavailable, match="has other contents"):
        get(store, environment)
