"""Actions of a window whose takes are on a disk that is full or gone."""

import os
from errno import ENOTCONN
from pathlib import Path

import pytest

from app.history.view import EditTake, PlayState, PlayTake
from app.journal.library import Library
from tests.app.history.takes import record, session
from tests.app.history.test_service import Window, served
from tests.helpers.tmpfs import fill, small_disk
from tests.helpers.waiting import wait_until


async def test_edit_that_a_full_disk_refuses_is_stored_once_it_has_room(tmp_path: Path) -> None:
    window, edits, typed = Window(), list[str](), "right " * 5_000 + "text"  # more than the journal has reserved
    with small_disk(tmp_path / "disk") as disk:
        library = Library(disk)
        record(library, 1, "wrong")
        async with served(library, window) as (serving, _):
            serving.edited = lambda: edits.append(library.find(session(1)).text)
            ballast = fill(disk)
            serving.ask(EditTake(session(1), typed, library.find(session(1)).take.revision))
            await wait_until(lambda: window.notes == ["history.note.not-done"], "the reason")
            ballast.unlink()
            await wait_until(lambda: edits == [typed], "the edit")
        assert window.notes == ["history.note.not-done"]


async def test_edit_and_playback_on_a_disk_that_is_gone_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, library = Window(), Library(tmp_path / "takes")
    record(library, 1, "wrong")

    def is_gone(folder: Path) -> bool:
        raise OSError(ENOTCONN, os.strerror(ENOTCONN), str(folder))

    async with served(library, window) as (serving, _):
        monkeypatch.setattr(Path, "is_dir", is_gone)
        serving.ask(EditTake(session(1), "right"))
        await wait_until(lambda: window.notes == ["history.note.not-done"], "the reason why it is not edited")
        serving.ask(PlayTake(session(1)))
        await wait_until(lambda: window.playing == [PlayState.PLAYING, PlayState.STOPPED], "it does not play")
