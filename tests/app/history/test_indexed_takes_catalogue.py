"""Index equals the folder of takes after any change, with little reading."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.history.errors import IndexUnavailable
from app.history.index import Index
from app.history.indexed_takes import IndexUpdater, RefreshProgress, row_of
from app.journal.disk import AUDIO, EVENTS
from app.journal.journal import Journal
from app.journal.library import Library
from app.journal.take import TakeState
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.session import Failed, Final
from tests.app.history.takes import fill, record, session
from tests.helpers.takes import write_take


@pytest.fixture
def index() -> Iterator[Index]:
    index = Index(None)
    yield index
    index.close()


def refreshed(library: Library, index: Index, most: int | None = None) -> RefreshProgress:
    """Refresh the index and return the last progress."""
    *_, last = [RefreshProgress(), *IndexUpdater(library, index, most).refresh()]
    return last


def texts(index: Index) -> list[str]:
    return [row.text for row in index.page(999)]


def test_refresh_finds_no_takes_when_folder_is_missing(library: Library, index: Index) -> None:
    refreshed(library, index)
    assert texts(index) == []


def test_row_has_language_and_model_of_most_text(library: Library, index: Index) -> None:
    record(library, 1, started_s=5.0, finished=False)
    with library.reopen(session(1)) as journal:
        fill(journal, "yes", Failed(1, ErrorCode.ENGINE_DIED, "it died"), None, None)
        journal.settle(2, Final(2, "今天天气很好", "zh", model="sense"))
        journal.finish()
        journal.edit("so it is")
    row = row_of(library.find(session(1)))
    assert (row.session, row.started_s, row.seconds, row.text) == (session(1), 5.0, 0.4, "so it is")
    assert (row.state, row.language, row.model, row.edited) == (TakeState.WAITING, "zh", "sense", True)
    assert row.revision == library.find(session(1)).take.revision == 3
    refreshed(library, index)
    (shown,) = index.page(9)
    assert shown.size == library.find(session(1)).size
    assert (shown.text, shown.revision) == ("so it is", 3)


def test_refresh_reads_only_changed_takes(library: Library, index: Index) -> None:
    for number in range(5):
        record(library, number, f"take {number}")
    assert refreshed(library, index).total == 5
    assert texts(index) == [f"take {number}" for number in (4, 3, 2, 1, 0)]
    assert list(IndexUpdater(library, index).refresh()) == [RefreshProgress()]
    with library.reopen(session(2)) as journal:
        journal.edit("changed")
    library.delete(session(3))
    record(library, 7, "new")
    assert refreshed(library, index).total == 2
    assert texts(index) == ["new", "take 4", "changed", "take 1", "take 0"]
    assert len(index.keys("take")) == 3
    assert not index.must_purge()


def test_refresh_notices_audio_without_event(library: Library, index: Index) -> None:
    record(library, 1, "said", finished=False)
    refreshed(library, index)
    with (library.root / str(session(1)) / AUDIO).open("ab") as audio:
        audio.write(b"\0" * 32_000)
    refreshed(library, index)
    (row,) = index.page(9)
    assert (row.seconds, row.state) == (1.1, TakeState.INTERRUPTED)


def test_row_does_not_store_live_state(library: Library, index: Index) -> None:
    with Journal.create(library.root, session(1), Options(), 9.0) as journal:
        fill(journal, "a")
        refreshed(library, index)
        assert [row.state for row in index.page(9)] == [TakeState.INTERRUPTED]
        journal.finish()
    IndexUpdater(library, index).read([session(1), session(2)])
    assert [row.state for row in index.page(9)] == [TakeState.DONE]
    library.delete(session(1))
    IndexUpdater(library, index).read([session(1)])
    assert texts(index) == []


def test_row_is_damaged_when_its_audio_gets_shorter(library: Library, index: Index) -> None:
    record(library, 1, "said")
    refreshed(library, index)
    assert [row.state for row in index.page(9)] == [TakeState.DONE]
    with (library.root / str(session(1)) / AUDIO).open("r+b") as audio:
        audio.truncate(2)
    refreshed(library, index)
    assert [row.state for row in index.page(9)] == [TakeState.DAMAGED]


def test_refresh_skips_unreadable_entries(library: Library, index: Index) -> None:
    for number in range(3):
        record(library, number, f"take {number}")
    events = library.root / str(session(1)) / EVENTS
    events.unlink()
    events.mkdir()  # not readable as a file, even by root
    (library.root / "notes.txt").write_text("no take")
    (library.root / str(session(9))).mkdir()
    (library.root / str(session(8))).write_text("no folder")
    refreshed(library, index)
    found = {row.session: (row.state, row.text) for row in index.page(9)}
    assert found == {
        session(0): (TakeState.DONE, "take 0"),
        session(1): (TakeState.DAMAGED, ""),
        session(2): (TakeState.DONE, "take 2"),
    }


def test_index_keeps_rows_when_folder_is_unreadable(tmp_path: Path, index: Index) -> None:
    library = Library(tmp_path / "takes")
    record(library, 1, "a")
    refreshed(library, index)
    os.rename(library.root, tmp_path / "away")
    library.root.write_text("no folder")
    with pytest.raises(IndexUnavailable, match="cannot be read"):
        refreshed(library, index)
    assert texts(index) == ["a"]


def test_refresh_reads_newest_takes_first_in_bounded_steps(library: Library, index: Index) -> None:
    for number in range(150):
        folder = write_take(library.root, session(number), number, f"take {number}")
        os.utime(folder / EVENTS, (number, number))
    steps = IndexUpdater(library, index).refresh()
    assert next(steps) == RefreshProgress()
    assert next(steps) == RefreshProgress(64, 150, changed=True)
    assert set(texts(index)) == {f"take {number}" for number in range(86, 150)}
    assert [step.done for step in steps] == [128, 150]
    assert len(index.keys("take")) == 150


def test_refresh_respects_limit_of_takes(library: Library, index: Index) -> None:
    for number in range(5):
        record(library, number, f"take {number}")
        os.utime(library.root / str(session(number)) / EVENTS, (number, number))
    refreshed(library, index, most=2)
    assert texts(index) == ["take 4", "take 3"]


def test_refresh_purges_takes_deleted_by_other_process(library: Library, index: Index) -> None:
    for number in range(3):
        record(library, number, f"take {number}")
    refreshed(library, index)
    library.delete(session(1))
    steps = list(IndexUpdater(library, index).refresh())
    assert steps[:2] == [RefreshProgress(), RefreshProgress(changed=True)]
    assert not index.must_purge()
    assert texts(index) == ["take 2", "take 0"]


@pytest.mark.parametrize("inserted", [True, False])
def test_cancelled_take_stays_cancelled_in_reopened_index(
    inserted: bool, library: Library, tmp_path: Path
) -> None:
    record(library, 1, started_s=5.0, finished=False)
    with library.reopen(session(1)) as journal:
        fill(journal, "kia ora")
        journal.finish()
        journal.set_wanted(inserted=True)
        if inserted:
            journal.inserting(0)
            journal.record_inserted(0)
        journal.cancel()
        journal.set_wanted(inserted=False)  # like recovery after a crash
    for _ in range(2):
        index = Index(tmp_path / "index.sqlite")
        refreshed(library, index)
        (shown,) = index.page(9)
        assert (shown.cancelled, shown.partly, shown.text) == (True, inserted, "kia ora")
        index.close()
    assert library.sweep(5.0 + 1e9) == [session(1)], "all that was said is known, and it is old"
