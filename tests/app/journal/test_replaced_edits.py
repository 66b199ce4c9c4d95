"""Replaced edits are shortened: a journal stays readable however long its user types."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import app.journal.journal
from app.journal import replaced_edits, take_files
from app.journal.disk import EVENTS, Disk
from app.journal.errors import JournalError
from app.journal.events import Edited, Event, Reran, encode_line, sealed
from app.journal.library import Library
from app.journal.replaced_edits import LEAST, without_replaced_edits
from app.journal.take import TakeState
from app.journal.take_reader import read_take
from protocol.recognition import Options
from protocol.session import Final
from tests.app.history.takes import record, session

LONG = "word " * 20_000
RUN = Reran("2024-01-01T00:00:00+00:00", Options(), True, "m", LONG)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


@pytest.fixture(scope="module", autouse=True)
def small_limits() -> Iterator[None]:
    """Limits a hundred times smaller, with texts to match."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(take_files, "MOST_BYTES", take_files.MOST_BYTES // 100)
        patch.setattr(replaced_edits, "LEAST", LEAST // 100)
        yield


def journal(library: Library) -> bytes:
    return (library.root / str(session(1)) / EVENTS).read_bytes()


def edit(library: Library, text: str) -> None:
    with library.reopen(session(1)) as opened:
        opened.edit(text)


@pytest.fixture
def edited(library: Library) -> bytes:
    """Journal of a take whose edits are shortened when it is opened again."""
    record(library, 1, "one")
    with library.reopen(session(1)) as opened:
        for text in (f"{LONG}1", f"{LONG}2", f"{LONG}3"):
            opened.edit(text)
    return journal(library)


def test_take_is_readable_after_any_number_of_edits(library: Library) -> None:
    record(library, 1, "one", None)
    for number in range(60):
        edit(library, f"{LONG[:30_000]}{number}")
    assert len(journal(library)) < 100_000
    found = library.find(session(1))
    assert found.take.edited == f"{LONG[:30_000]}59" and found.state is TakeState.WAITING
    with library.reopen(session(1)) as opened:
        opened.settle(1, Final(1, "two"))
    assert library.find(session(1)).text == f"{LONG[:30_000]}59 two"


def test_shortened_journal_has_every_line_and_the_last_edit(library: Library) -> None:
    record(library, 1, "one")
    with library.reopen(session(1)) as opened:
        for text in ("", f"{LONG}1", f"{LONG}2", "", f"{LONG}3"):
            opened.edit(text)
        opened.record_dismissed(0)
    before = journal(library)
    after = without_replaced_edits(before)
    assert after is not None and after.count(b"\n") == before.count(b"\n")
    audio = (library.root / str(session(1)) / "audio.pcm16").stat().st_size
    assert read_take(after, audio) == read_take(before, audio) and not read_take(after, audio).damage
    assert read_take(after, audio).following == read_take(before, audio).following
    assert read_take(after, audio).revision == read_take(before, audio).revision == 6
    assert without_replaced_edits(after) is None, "there is nothing more to shorten"
    assert without_replaced_edits(before + b'{"type":"edi') == after, "the end was torn by a crash"


def test_edit_from_a_rerun_stays_whole_when_later_ones_are_shortened() -> None:
    events: tuple[Event, ...] = (RUN, *(Edited(LONG + end) for end in ("", "1", "2", "3")), Edited("mine"))
    lines = b"".join(sealed(encode_line(event), number) for number, event in enumerate(events))
    after = without_replaced_edits(lines)
    assert after is not None and read_take(after, 0) == read_take(lines, 0)
    assert read_take(after, 0).edit_is_whole


def test_damaged_and_unsealed_lines_stay_as_they_are() -> None:
    texts = [sealed(encode_line(Edited(f"{LONG}{number}")), number) for number in range(6)]
    texts[1] = texts[1].replace(b"word", b"ward", 1)
    unsealed = encode_line(Edited("of an earlier version"))
    after = without_replaced_edits(b"".join((*texts, unsealed)))
    assert after is not None
    lines = after.splitlines(keepends=True)
    assert (lines[1], lines[5], lines[6]) == (texts[1], texts[5], unsealed)
    assert sum(map(len, lines)) < 3 * len(texts[0])


def test_journal_that_a_full_disk_does_not_replace_is_used_as_it_is(
    library: Library, monkeypatch: pytest.MonkeyPatch, edited: bytes
) -> None:
    def refuse(*_: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(app.journal.journal, "replacing", refuse)
    edit(library, "mine")
    assert journal(library).startswith(edited) and library.find(session(1)).text == "mine"


def test_take_with_a_shortened_journal_stays_in_its_place(library: Library, edited: bytes) -> None:
    """The tray copies the text of the newest recording."""
    folder = library.root / str(session(1))
    os.utime(folder, (1, 1))
    record(library, 2, "newer")
    edit(library, "mine")
    assert len(journal(library)) < len(edited)
    assert library.newest_sessions() == [session(2), session(1)]


def test_shortened_journal_survives_a_power_loss_before_anything_is_added(
    library: Library, monkeypatch: pytest.MonkeyPatch, edited: bytes
) -> None:
    """Otherwise the old file may return, without the lines that were added to the new one."""
    synced: list[bytes] = []
    monkeypatch.setattr(Disk, "sync_folder", lambda disk, folder: synced.append((folder / EVENTS).read_bytes()))
    edit(library, "mine")
    assert synced == [without_replaced_edits(edited)]


def test_shortened_journal_that_may_not_survive_a_power_loss_gets_no_line(
    library: Library, monkeypatch: pytest.MonkeyPatch, edited: bytes
) -> None:
    def refuse(disk: Disk, folder: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Disk, "sync_folder", refuse)
    with pytest.raises(JournalError, match="cannot be opened: Input/output error"):
        edit(library, "mine")
    assert journal(library) == without_replaced_edits(edited)
    monkeypatch.undo()
    edit(library, "mine")
    assert library.find(session(1)).text == "mine"
