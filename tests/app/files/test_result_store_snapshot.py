"""The saved list of files is restored, and invalid documents are refused."""

import json
from dataclasses import replace

import pytest

from app.core.errors import Note
from app.core.format import Format
from app.files.events import Add, FileInspected, RunFinished
from app.files.queue import FileQueue, SavingOptions
from app.files.result_store import decode_queue, encode_queue
from app.files.view import FileNote, FileState, FileView

FULL = FileView(
    3,
    "/录音/会议 1.m4a",
    FileState.FAILED,
    61.5,
    7200.25,
    text="你好",
    note=Note(FileNote.REFUSED, {"place": "x"}, Note("gateway-refuses")),
    results=("/a.srt", "/a.txt"),
    gaps=True,
    truncated=True,
)


@pytest.mark.parametrize(
    "entry",
    [
        FULL,
        replace(FULL, again=True),
        replace(FULL, track=2, tracks=3),
        FileView(1, "/a"),
        replace(FULL, state=FileState.PAUSED),
    ],
)
def test_snapshot_restores_every_field(entry: FileView) -> None:
    queue = FileQueue([entry], SavingOptions((Format.VTT, Format.JSON), "/texts"), 9)
    again = decode_queue(encode_queue(queue))
    assert again is not None
    assert (again.files, again.saving, again.following) == (queue.files, queue.saving, 9)


def test_running_file_waits_after_restore() -> None:
    queue = FileQueue()
    for event in (Add(("/a", "/b")), FileInspected(1, 5.0), FileInspected(2, 5.0), RunFinished(1, 5.0, "x")):
        queue.handle(event)
    again = decode_queue(encode_queue(queue))
    assert again is not None
    assert [view.state for view in again.view().files] == [FileState.DONE, FileState.WAITING]


def test_decode_ignores_fields_of_later_version() -> None:
    document = json.loads(encode_queue(FileQueue([FULL])))
    document["files"][0]["colour"] = "green"
    again = decode_queue(json.dumps(document))
    assert again is not None
    assert again.files == (FULL,)


@pytest.mark.parametrize("document", ["", "{", "[]", '{"files": [{}]}', '{"files": [{"file": "x", "path": 1}]}'])
def test_decode_returns_none_for_invalid_document(document: str) -> None:
    assert decode_queue(document) is None
