"""A journal that cannot be opened: the error says why, and nothing is held."""

from pathlib import Path
from uuid import UUID

import pytest

from app.journal.disk import AUDIO, EVENTS, is_locked
from app.journal.errors import JournalError, TakeUnknown
from app.journal.journal import Journal
from protocol.recognition import Options
from tests.app.journal.files import FaultyFile

ID = UUID(int=5)


def test_reopen_fails_for_an_unknown_take(tmp_path: Path) -> None:
    with pytest.raises(TakeUnknown, match="takes list"):
        Journal.reopen(tmp_path, ID)
    assert list(tmp_path.iterdir()) == []


def test_create_reports_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "takes").write_text("not a folder")
    with pytest.raises(JournalError, match="cannot be made"):
        Journal.create(tmp_path / "takes", ID, Options(), 0)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [(AUDIO, "Permission denied"), (EVENTS, "Permission denied"), ("", "Read-only file system")],
)
def test_failed_reopen_holds_no_lock_and_no_file(tmp_path: Path, broken: str, reason: str) -> None:
    files: list[FaultyFile] = []

    def open_file(path: Path) -> FaultyFile:
        if path.name == broken:
            raise PermissionError(13, "Permission denied")
        files.append(FaultyFile(path))
        files[-1].read_only = not broken
        return files[-1]

    Journal.create(tmp_path, ID, Options(), 7.0).close()
    with pytest.raises(JournalError, match=f"cannot be opened: {reason}"):
        Journal.reopen(tmp_path, ID, open_file)
    assert not is_locked(tmp_path / str(ID))
    for file in files:
        file.read_only = False
        with pytest.raises(OSError, match="Bad file descriptor"):
            file.truncate(0)
