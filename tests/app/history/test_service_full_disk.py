"""Actions of a window whose takes are on a full disk."""

from pathlib import Path

from app.history.view import EditTake
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
