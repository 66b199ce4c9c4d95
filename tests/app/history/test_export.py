"""Export in every form, of several takes at once, without replacing files."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from app.core.format import Format
from app.history.errors import TakeExportFailed
from app.history.export import ExportProgress, ExportResult, Exports, export
from app.history.view import ExportTakes, HistoryMessage
from app.journal.library import Library, TakeSnapshot
from tests.app.history.takes import record, session

T0 = 1_700_000_000.0
TIMES = [datetime.fromtimestamp(T0 + number) for number in range(9)]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def takes(library: Library, *numbers: int) -> list[TakeSnapshot]:
    return [library.find(session(number)) for number in numbers]


def test_export_joins_texts_under_their_times(library: Library, out: Path) -> None:
    record(library, 2, "second")
    record(library, 1, "first", "half")
    record(library, 3)
    with library.reopen(session(2)) as journal:
        journal.edit("second, edited")
    done = export(takes(library, 2, 3, 1), Format.TXT, out)
    first, second = TIMES[1], TIMES[2]
    name = f"kikipounamu {first:%Y-%m-%d %H.%M.%S} - {second:%Y-%m-%d %H.%M.%S}.txt"
    assert done == ExportResult((out / name,), left_out=1)
    assert (out / name).read_text() == f"{first}\nfirst half\n\n{second}\nsecond, edited\n"


def test_export_of_one_text_has_no_heading(library: Library, out: Path) -> None:
    record(library, 1, "今天", "天气很好")
    assert export(takes(library, 1), Format.TXT, out / "a.txt") == ExportResult((out / "a.txt",))
    assert (out / "a.txt").read_text() == "今天天气很好\n"


@pytest.mark.parametrize(("form", "mark"), [(Format.SRT, ","), (Format.VTT, ".")])
def test_export_writes_edited_subtitles_per_take(library: Library, out: Path, form: Format, mark: str) -> None:
    record(library, 1, "first", "half", started_s=T0)
    record(library, 2, "second", started_s=T0)
    with library.reopen(session(1)) as journal:
        journal.edit("first two halves")
    done = export(takes(library, 2, 1), form, out)
    name = f"kikipounamu {TIMES[0]:%Y-%m-%d %H.%M.%S}"
    assert done == ExportResult((out / f"{name}.{form}", out / f"{name} (2).{form}"))
    edited = (out / f"{name} (2).{form}").read_text()
    assert f"00:00:00{mark}100 --> 00:00:00{mark}200\ntwo halves\n" in edited
    with pytest.raises(TakeExportFailed, match="choose a folder"):
        export(takes(library, 1, 2), form, out / "one")
    export(takes(library, 2), form, out / "one")
    assert "second" in (out / "one").read_text()


def test_export_json_has_recognised_and_edited_text(library: Library, out: Path) -> None:
    record(library, 1, "first", None)
    with library.reopen(session(1)) as journal:
        journal.edit("edited")
    export(takes(library, 1), Format.JSON, out / "a.json")
    (take,) = json.loads((out / "a.json").read_text())
    assert take["session"] == str(session(1)) and take["started"] == "2023-11-14T22:13:21+00:00"
    assert (take["text"], take["edited"], take["duration_ms"]) == ("edited", True, 200)
    assert [segment["text"] for segment in take["segments"]] == ["first", ""]


def test_stopped_export_reads_no_further_and_writes_nothing(library: Library, out: Path) -> None:
    for number in range(3):
        record(library, number, "text")
    progress = ExportProgress()

    def read() -> Iterator[TakeSnapshot]:
        for number in range(3):
            assert progress.done == number < 2
            progress.stopped = number == 1
            yield library.find(session(number))

    assert export(read(), Format.SRT, out, progress=progress) == ExportResult(stopped=True)
    assert progress.done == 1 and not list(out.iterdir())


def test_export_that_is_stopped_after_its_last_take_writes_nothing(library: Library, out: Path) -> None:
    record(library, 1, "text")
    progress = ExportProgress()

    def read() -> Iterator[TakeSnapshot]:
        yield library.find(session(1))
        progress.stopped = True

    assert export(read(), Format.TXT, out, progress=progress) == ExportResult(stopped=True)
    assert not list(out.iterdir())


def test_export_replaces_files_only_on_request(library: Library, out: Path) -> None:
    record(library, 1, "one")
    record(library, 2, "two")
    (first, _) = export(takes(library, 1, 2), Format.SRT, out).written
    first.write_text("mine")
    (out / "a.txt").write_text("mine too")
    record(library, 3, "three")
    again = export(takes(library, 1, 3), Format.SRT, out)
    assert again == ExportResult(exist=(first,))
    assert first.read_text() == "mine" and len(list(out.iterdir())) == 3
    assert export(takes(library, 1), Format.TXT, out / "a.txt").exist == (out / "a.txt",)
    export(takes(library, 1), Format.TXT, out / "a.txt", overwrite=True)
    assert (out / "a.txt").read_text() == "one\n"


def test_export_raises_when_there_is_no_text_or_folder(library: Library, out: Path) -> None:
    record(library, 1, None)
    with pytest.raises(TakeExportFailed, match="no text"):
        export(takes(library, 1), Format.TXT, out)
    record(library, 2, "two")
    with pytest.raises(TakeExportFailed, match="cannot be written"):
        export(takes(library, 2), Format.TXT, out / "no such folder" / "a.txt")
    with pytest.raises(TakeExportFailed, match="name too long"):
        export(takes(library, 2), Format.TXT, out / f"{'a' * 300}.txt")


async def test_end_of_one_export_leaves_another_one_that_can_be_cancelled() -> None:
    posted, ends = list[HistoryMessage](), {name: asyncio.Event() for name in "ab"}

    async def wait(*action: object, progress: ExportProgress, **_: object) -> ExportResult:
        await ends[str(action[-1])].wait()
        return ExportResult(stopped=progress.stopped)

    exports = Exports(wait, posted.append)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(exports.run(ExportTakes((), Format.TXT, Path("a"))))
        second = tasks.create_task(exports.run(ExportTakes((), Format.TXT, Path("b"))))
        ends["b"].set()
        await second
        exports.stop()
        ends["a"].set()
    assert [message.note.key for message in posted] == ["history.note.exported", "history.note.export-stopped"]
