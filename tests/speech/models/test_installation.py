"""Models whose files their hub states, from a real server: trusted once, then checked against the list."""

from collections import deque
from collections.abc import Mapping
from pathlib import Path

import pytest

from speech.models.errors import ModelDamaged, ModelMissing, ModelUnavailable, Stopped
from speech.models.file_list import FILE_LIST
from speech.models.installation import install, install_stated
from speech.models.progress import Event, Fetching, Stating, silent
from speech.models.stop import Stop
from speech.models.store import FolderState, ModelStore
from tests.helpers.ports import free_port
from tests.helpers.waiting import wait_until_sync
from tests.speech.models.child import installer
from tests.speech.models.example import (
    CONFIG,
    CONTENTS,
    HALF,
    NAME,
    ON_MODELSCOPE,
    QUICK,
    WEIGHTS,
    catalogue_of,
    flip_bit,
)
from tests.speech.models.server import FileServer, Served
from tests.speech.models.stating import (
    INNER,
    LISTING,
    RESOLVED,
    STATED_CONTENTS,
    answer,
    entries,
    entry,
    state,
    stated_catalogue,
)
from tests.speech.models.stopping import stopped_when

CATALOGUE = stated_catalogue()
NEWER = {**STATED_CONTENTS, WEIGHTS: CONTENTS[WEIGHTS][::-1], "words/more.json": b"[]"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def store(folder: Path) -> ModelStore:
    return ModelStore(folder, CATALOGUE)


def get(store: ModelStore, environment: Mapping[str, str], events: list[Event] | None = None) -> Path:
    report = silent if events is None else events.append
    return install_stated(store, CATALOGUE, NAME, report, environment, QUICK)


def whole(folder: Path, contents: Mapping[str, bytes] = STATED_CONTENTS) -> bool:
    """Return whether the model has these files, its notice, its list, and no others."""
    found = {path.relative_to(folder / NAME).as_posix() for path in (folder / NAME).rglob("*") if path.is_file()}
    same = all((folder / NAME / path).read_bytes() == data for path, data in contents.items())
    return same and found == {*contents, "NOTICE.txt", FILE_LIST}


def nowhere() -> dict[str, str]:
    """Return an environment whose hub does not answer."""
    return {"MODELSCOPE_ENDPOINT": f"http://127.0.0.1:{free_port()}"}


def test_hub_list_is_fetched_once_and_reported(store: ModelStore, folder: Path, server: FileServer) -> None:
    events: list[Event] = []
    assert get(store, state(server), events) == folder / NAME
    assert whole(folder)
    size = sum(len(data) for data in STATED_CONTENTS.values())
    assert events[0] == Stating(NAME, "ModelScope (127.0.0.1, lab/tiny)", len(STATED_CONTENTS), size)
    assert len(server.downloads(LISTING)) == 1
    assert {asked.path for asked in server.asked} == {LISTING, *(RESOLVED + path for path in STATED_CONTENTS)}
    assert store.state(NAME) is FolderState.INSTALLED
    assert store.model(NAME).size == size


def test_installed_model_needs_no_hub(store: ModelStore, folder: Path, server: FileServer) -> None:
    get(store, state(server))
    server.asked.clear()
    assert get(store, nowhere()) == store.verify(NAME) == store.install(NAME, []) == folder / NAME
    assert store.installed_models() == (NAME,)
    assert server.asked == []


@pytest.mark.parametrize("path", list(STATED_CONTENTS))
def test_flipped_bit_is_detected_and_repaired_by_the_stored_list(
    store: ModelStore, folder: Path, server: FileServer, path: str
) -> None:
    environment = state(server)
    get(store, environment)
    flip_bit(folder / NAME / path)
    with pytest.raises(ModelDamaged, match=f"{path} has other contents"):
        store.verify(NAME)
    server.asked.clear()
    get(store, environment)
    assert whole(folder)
    assert {asked.path for asked in server.asked if not asked.is_probe} == {RESOLVED + path}


@pytest.mark.parametrize("damage", ["flipped", "missing"])
def test_damaged_file_list_is_fetched_again_from_the_hub(
    store: ModelStore, folder: Path, server: FileServer, damage: str
) -> None:
    environment = state(server)
    get(store, environment)
    path = folder / NAME / FILE_LIST
    flip_bit(path) if damage == "flipped" else path.unlink()
    assert store.state(NAME) is FolderState.DAMAGED
    with pytest.raises(ModelDamaged, match=FILE_LIST):
        store.verify(NAME)
    events: list[Event] = []
    get(store, environment, events)
    assert whole(folder)
    assert isinstance(events[0], Stating)
    assert [event.source for event in events if isinstance(event, Fetching)] == ["installed copy"] * 3


def test_later_changes_at_the_hub_have_no_effect(store: ModelStore, folder: Path, server: FileServer) -> None:
    get(store, state(server))
    environment = state(server, NEWER)
    get(store, environment)
    assert whole(folder)
    flip_bit(folder / NAME / WEIGHTS)
    with pytest.raises(ModelUnavailable, match=r"weights\.bin: not used.*\n.*models remove tiny") as caught:
        get(store, environment)
    assert caught.value.missing == (WEIGHTS,)
    store.remove(NAME)
    get(store, environment)
    assert whole(folder, NEWER)


def test_unfinished_installation_follows_changes_at_the_hub(
    store: ModelStore, folder: Path, server: FileServer
) -> None:
    environment = state(server)
    server.files[RESOLVED + WEIGHTS].statuses.extend([404, 404])
    with pytest.raises(ModelUnavailable):
        get(store, environment)
    assert (folder / ".staging" / NAME / "files" / CONFIG).is_file()
    newer = {path: data for path, data in NEWER.items() if path != INNER}
    get(store, state(server, newer))
    assert whole(folder, newer)


def test_file_that_differs_from_the_hubs_list_is_refused(
    store: ModelStore, folder: Path, server: FileServer
) -> None:
    environment = state(server)
    server.files[RESOLVED + WEIGHTS] = Served(CONTENTS[WEIGHTS][::-1])
    with pytest.raises(ModelUnavailable, match=r"weights\.bin: not used: weights\.bin has other contents"):
        get(store, environment)
    assert store.state(NAME) is FolderState.MISSING


@pytest.mark.parametrize(
    ("served", "reason"),
    [
        (None, "the server answered 404"),
        (Served(b"<html>"), "cannot be read"),
        (Served(answer([*entries(), entry("../x", b"")])), "leaves the folder"),
        (Served(answer([*entries(), entry("words/big.json", b"", Size=10**15)])), "more than the 1000000"),
        (Served(answer([*entries(), entry("words/bare.json", b"", Sha256="")])), r"words/bare\.json"),
        (Served(b" " * (4 * 1024 * 1024 + 1)), "longer there"),
        (Served(answer(entries()), statuses=deque([503, 503])), "503"),
        (Served(b"", redirect="http://mirror.invalid/list"), "not read over http: use https"),
    ],
)
def test_invalid_hub_list_installs_nothing(
    store: ModelStore, folder: Path, server: FileServer, served: Served | None, reason: str
) -> None:
    environment = state(server)
    del server.files[LISTING]
    server.files |= {LISTING: served} if served else {}
    with pytest.raises(ModelUnavailable, match=f"no source has the list of its files(.|\n)*{reason}"):
        get(store, environment)
    assert not folder.exists()
    assert {asked.path for asked in server.asked} == {LISTING}


def test_file_list_is_never_fetched_over_plain_http(store: ModelStore) -> None:
    with pytest.raises(ModelUnavailable, match="not read over http: use https"):
        get(store, {"MODELSCOPE_ENDPOINT": "http://hub.invalid"})


def test_error_of_a_missing_model_says_how_to_get_it(store: ModelStore) -> None:
    assert store.state(NAME) is FolderState.MISSING
    assert store.model(NAME).files == ()
    with pytest.raises(ModelMissing, match="models get tiny"):
        store.verify(NAME)


def test_installation_resumes_after_a_kill(store: ModelStore, folder: Path, server: FileServer) -> None:
    environment = state(server)
    server.files[RESOLVED + WEIGHTS].hold_at = HALF
    part = folder / ".staging" / NAME / "parts" / WEIGHTS
    with installer(folder, server, "stated") as process:
        wait_until_sync(lambda: part.is_file() and part.stat().st_size == HALF, "half of the file is here")
        process.kill()
        process.wait()
    assert store.state(NAME) is FolderState.MISSING
    server.files[RESOLVED + WEIGHTS].hold_at = None
    server.asked.clear()
    get(store, environment)
    assert whole(folder)
    assert [asked.range for asked in server.downloads(RESOLVED + WEIGHTS)] == [f"bytes={HALF}-"]


def test_remove_deletes_the_file_list(store: ModelStore, folder: Path, server: FileServer) -> None:
    get(store, state(server))
    store.remove(NAME)
    assert store.state(NAME) is FolderState.MISSING
    assert [path.name for path in (folder / ".staging").iterdir()] == [f"{NAME}.lock"]


def test_installation_can_be_imported_on_an_offline_computer(
    store: ModelStore, folder: Path, server: FileServer, tmp_path: Path
) -> None:
    get(store, state(server))
    imported = ModelStore(tmp_path / "imported", CATALOGUE)
    for place in (folder, folder / NAME):
        assert imported.import_folder(NAME, place) == tmp_path / "imported" / NAME
        assert whole(tmp_path / "imported")
        imported.remove(NAME)
    events: list[Event] = []
    get(imported, {**nowhere(), "KIKIPOUNAMU_MODEL_SOURCE": str(folder)}, events)
    assert whole(tmp_path / "imported")
    assert isinstance(events[0], Stating) and events[0].source == f"folder {folder / NAME}"


def test_folder_without_file_list_is_not_imported(store: ModelStore, folder: Path, server: FileServer) -> None:
    get(store, state(server))
    (folder / NAME / FILE_LIST).unlink()
    elsewhere = ModelStore(folder.parent / "imported", CATALOGUE)
    with pytest.raises(
        ModelUnavailable, match=r"FILES\.json is missing.*from a computer where `models get` made it"
    ):
        elsewhere.import_folder(NAME, folder)
    with pytest.raises(ModelUnavailable, match=r"FILES\.json is missing"):
        get(elsewhere, {**nowhere(), "KIKIPOUNAMU_MODEL_SOURCE": str(folder)})


def test_install_handles_pinned_and_stated_models(tmp_path: Path, server: FileServer) -> None:
    environment = state(server)
    pinned = catalogue_of(ON_MODELSCOPE)
    for place, catalogue in (("pinned", pinned), ("stated", CATALOGUE)):
        store = ModelStore(tmp_path / place, catalogue, stop=Stop())
        for _ in range(2):
            assert install(store, catalogue, NAME, silent, environment) == tmp_path / place / NAME
        assert store.verify(NAME) == tmp_path / place / NAME
    assert len(server.downloads(RESOLVED + WEIGHTS)) == 2, "once each"


def test_stop_ends_the_wait_for_the_file_list(folder: Path, server: FileServer) -> None:
    environment, stop = state(server), Stop()
    server.files[LISTING] = Served(b"", silent=True)
    with stopped_when(stop, lambda: server.asked), pytest.raises(Stopped):
        install(ModelStore(folder, CATALOGUE, stop=stop), CATALOGUE, NAME, silent, environment)
