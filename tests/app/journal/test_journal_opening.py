"""A journal that cannot be opened: the error says why, and nothing is held."""

import threading
from pathlib import Path
from uuid import UUID

import pytest

from app.journal.disk import AUDIO, EVENTS, is_locked
from app.journal.errors import JournalError, NotKept, TakeBusy, TakeUnknown
from app.journal.journal import Journal
from protocol.recognition import Options
from tests.app.journal.files import FaultyFile, tone
from tests.helpers.waiting import wait_until_sync

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


def test_take_stays_in_use_while_a_stalled_disk_may_still_write_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that opens it earlier would mix its own audio with the rest of the first one."""
    monkeypatch.setattr("app.journal.writer._ANSWER_S", 0.05)
    monkeypatch.setattr("app.journal.writer._CATCH_UP_S", 0.05)
    goes_on = threading.Event()

    class StalledFile(FaultyFile):
        def write(self, data: bytes) -> int:
            goes_on.wait()
            return super().write(data)

    Journal.create(tmp_path, ID, Options(), 7.0).close()
    journal = Journal.reopen(tmp_path, ID, lambda path: (StalledFile if path.name == AUDIO else FaultyFile)(path))
    journal.append(tone(0, 100))
    with pytest.raises(NotKept, match="does not answer"):
        journal.close()
    with pytest.raises(TakeBusy):
        Journal.reopen(tmp_path, ID)
    goes_on.set()
    wait_until_sync(lambda: not is_locked(tmp_path / str(ID)), "the disk goes on")
    with Journal.reopen(tmp_path, ID) as again:
        assert again.samples == 100
