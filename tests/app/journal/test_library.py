"""Finding takes, and deleting expired ones."""

import os
from errno import EACCES, ENOTCONN
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.core.errors import Note
from app.journal.disk import AUDIO, DELETED, EVENTS, LOCK, TakeLock
from app.journal.errors import (
    JournalError,
    NotDeleted,
    TakeAmbiguous,
    TakeBusy,
    TakeDamaged,
    TakesNotThere,
    TakeUnknown,
)
from app.journal.journal import Journal
from app.journal.library import Library, parse_session, users_library
from app.journal.retention import DAY_S, RetentionLimits
from app.journal.take import TakeState
from protocol.recognition import Options
from protocol.session import Final
from runtime.clocks import WallClock
from tests.app.journal.files import tone

NOW = 1_000 * DAY_S
FIRST = UUID(int=1)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "takes", RetentionLimits(age_s=30 * DAY_S, size=10_000))


def recorded(library: Library, days: float, samples: int = 100, text: str | None = "yes") -> UUID:
    """Record a take that began ``days`` ago; without ``text`` its segment has no result."""
    session = uuid4()
    with Journal.create(library.root, session, Options(), NOW - days * DAY_S) as journal:
        journal.append(tone(0, samples))
        journal.begin(0, 0)
        journal.end(0, samples)
        if text is not None:
            journal.settle(0, Final(0, text))
        journal.finish()
    return session


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "/etc", "x", str(FIRST).upper().replace("0", "A"), f"{{{FIRST}}}", FIRST.hex],
)
def test_parse_session_accepts_only_canonical_ids(name: str) -> None:
    with pytest.raises(TakeUnknown):
        parse_session(name)


def test_latest_reads_takes_one_by_one(library: Library) -> None:
    assert list(library.newest_takes()) == []
    sessions = [recorded(library, days=1) for _ in range(3)]
    for place, session in enumerate(sessions):
        os.utime(library.root / str(session), (place, place))
    latest = library.newest_takes()
    assert next(latest).session == sessions[2]
    assert library.discard(sessions[1])
    assert not library.discard(sessions[1])
    assert [found.session for found in latest] == [sessions[0]]


def test_file_in_the_place_of_the_folder_is_an_error_and_not_an_empty_list(tmp_path: Path) -> None:
    (tmp_path / "takes").touch()
    for root in (tmp_path / "takes", tmp_path / "takes" / "takes"):
        with pytest.raises(JournalError, match="takes cannot be used .*: move away the file"):
            Library(root).all()


def test_discard_keeps_a_take_in_use(library: Library) -> None:
    with library.reopen(session := recorded(library, days=0)):
        assert not library.discard(session)
    assert library.discard(session)


def test_delete_removes_all_files_of_a_take(library: Library) -> None:
    session = recorded(library, days=0)
    (library.root / str(session) / "notes").mkdir()
    (library.root / str(session) / "notes" / "more.txt").write_text("of some other version")
    library.delete(session)
    assert list(library.root.iterdir()) == []
    with pytest.raises(TakeUnknown):
        library.delete(session)


def test_delete_reports_why_it_failed(library: Library) -> None:
    session = recorded(library, days=0)
    with library.reopen(session), pytest.raises(TakeBusy):
        library.delete(session)
    (library.root / str(session) / LOCK).unlink()
    (library.root / str(session) / LOCK).mkdir()  # a lock that cannot be taken
    with pytest.raises(NotDeleted):
        library.delete(session)
    assert not library.discard(session)


@pytest.fixture
def gone(library: Library, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A take whose disk is gone."""
    session = recorded(library, days=0)

    def is_gone(folder: Path) -> bool:
        raise OSError(ENOTCONN, os.strerror(ENOTCONN), str(folder))

    monkeypatch.setattr(Path, "is_dir", is_gone)
    return session


def test_take_on_a_disk_that_is_gone_is_not_deleted(library: Library, gone: UUID) -> None:
    assert not library.discard(gone)
    with pytest.raises(NotDeleted, match="not connected"):
        library.delete(gone)


def test_take_on_a_disk_that_is_gone_is_not_unknown(library: Library, gone: UUID) -> None:
    for access in (library.find, library.reopen):
        with pytest.raises(JournalError, match="not connected") as error:
            access(gone)
        assert not isinstance(error.value, TakeUnknown)


def test_text_of_an_edited_take_is_the_edit(library: Library) -> None:
    with library.reopen(session := recorded(library, days=0)) as journal:
        assert library.find(session).text == "yes"
        journal.edit("no")
    assert (library.find(session).text, library.find(session).transcript.text) == ("no", "yes")


def test_sweep_accepts_other_limits(library: Library) -> None:
    session = recorded(library, days=5)
    assert library.sweep(NOW) == []
    assert library.sweep(NOW, RetentionLimits(age_s=DAY_S)) == [session]


def test_parse_session_returns_the_id() -> None:
    assert parse_session(str(FIRST)) == FIRST


def test_session_named_finds_the_take_with_this_prefix(library: Library) -> None:
    names = [f"{start}-1111-4111-8111-111111111111" for start in ("abcd0001", "abcd0002", "f0000000")]
    for name in names:
        library.create(UUID(name), Options(), 0.0).close()
    assert [str(library.session_named(start)) for start in (names[0], "ABCD0002", "f")] == names
    with pytest.raises(TakeAmbiguous, match=r"several .* abcd: (abcd000\d\S* ?){2}: give more of the id"):
        library.session_named("abcd")
    for unknown in ("", "e", "../x"):
        with pytest.raises(TakeUnknown, match="takes list"):
            library.session_named(unknown)


def test_takes_are_in_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    assert users_library().root == tmp_path / "data" / "takes"
    assert users_library().all() == []


def test_find_describes_the_take_on_disk(library: Library) -> None:
    session = recorded(library, 0, 16_000)
    found = library.find(session)
    assert (found.session, found.samples, found.seconds, found.state) == (session, 16_000, 1.0, TakeState.DONE)
    assert found.transcript.text == "yes"
    assert found.audio.stat().st_size == 32_000
    assert found.size == 32_000 + (found.folder / EVENTS).stat().st_size


def test_find_changes_no_file_and_detects_a_live_take(library: Library) -> None:
    session = uuid4()
    Journal.create(library.root, session, Options(), NOW).close()
    (library.root / str(session) / AUDIO).write_bytes(b"abc")
    with library.reopen(session) as journal:
        assert library.find(session).state is TakeState.LIVE
        journal.append(tone(0, 1))
    with (library.root / str(session) / AUDIO).open("ab") as audio:
        audio.write(b"x")
    assert library.find(session).samples == 2
    assert (library.root / str(session) / AUDIO).stat().st_size == 5
    with pytest.raises(TakeUnknown):
        library.find(FIRST)


def test_all_lists_takes_newest_first_and_nothing_else(library: Library) -> None:
    old, new, middle = (recorded(library, days) for days in (3, 1, 2))
    (library.root / "notes.txt").write_text("not a take")
    (library.root / str(FIRST)).mkdir()
    assert [found.session for found in library.all()] == [new, middle, old]


def test_takes_of_one_second_are_in_the_order_of_their_beginning(library: Library) -> None:
    sessions = [recorded(library, days=1 - milliseconds / 1000 / DAY_S) for milliseconds in (100, 101, 500, 999)]
    assert [found.session for found in library.all()] == sessions[::-1]


def test_takes_of_one_second_are_in_the_order_of_their_folders_when_an_earlier_version_wrote_them(
    library: Library,
) -> None:
    sessions = [recorded(library, days=1) for _ in range(6)]
    for place, session in enumerate(sessions):
        os.utime(library.root / str(session), (place, place))
    assert [found.session for found in library.all()] == sessions[::-1]
    one = library.find(sessions[0])
    assert library.sweep(NOW, RetentionLimits(size=3 * one.size)) == sessions[:3]


def test_find_returns_a_take_without_audio(library: Library) -> None:
    session = recorded(library, 0)
    (library.root / str(session) / AUDIO).unlink()
    assert (library.find(session).samples, library.find(session).transcript.text) == (0, "yes")


def test_create_deletes_expired_takes(library: Library) -> None:
    old, needed, recent = recorded(library, 31), recorded(library, 50, text=None), recorded(library, 29)
    with library.create(FIRST, Options(), NOW):
        assert {found.session for found in library.all()} == {needed, recent, FIRST}
    assert not (library.root / str(old)).exists()


def test_sweep_deletes_the_oldest_but_no_needed_take_above_the_size_limit(library: Library) -> None:
    waiting = recorded(library, 9, 6_000, text=None)  # alone above the limit
    with Journal.create(library.root, FIRST, Options(), NOW - 8 * DAY_S) as interrupted:
        interrupted.append(tone(0, 500))
    done = [recorded(library, days, 600) for days in (7, 6)]
    assert library.sweep(NOW) == []
    newest = recorded(library, 5, 4_000)
    assert done[0] in library.sweep(NOW)
    assert {found.session for found in library.all()} - {done[1]} == {waiting, FIRST, newest}


def test_sweep_keeps_texts_that_are_still_offered_above_the_size_limit(library: Library) -> None:
    offered, late = recorded(library, 0.9), recorded(library, 1.1)
    for session in (offered, late):
        with library.reopen(session) as journal:
            journal.set_wanted(inserted=True)
        assert library.find(session).state is TakeState.HELD
    assert library.sweep(NOW, RetentionLimits(size=1)) == [late]


def test_sweep_ignores_age_when_clock_was_changed(tmp_path: Path) -> None:
    now_s, steady_s = float(NOW), 0.0
    library = Library(tmp_path, RetentionLimits(), WallClock(lambda: now_s, lambda: steady_s))
    done = {recorded(library, 0), recorded(library, 1)}
    for set_by_s in (0.0, 60 * DAY_S, 0.0):
        now_s, steady_s = now_s + 3600 + set_by_s, steady_s + 3600
        assert library.sweep(now_s) == []
    assert set(library.sweep(now_s, RetentionLimits(size=1))) == done, "they may still be too many"


def test_command_started_with_clock_in_the_future_deletes_no_take(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    done = recorded(users_library(), 0)
    for started in (NOW, NOW + 400 * DAY_S, NOW + 401 * DAY_S):
        assert users_library().sweep(started) == []
    assert [found.session for found in users_library().all()] == [done]


def test_sweep_keeps_a_take_in_use(library: Library) -> None:
    session = recorded(library, 0)
    lock = TakeLock(library.root / str(session))
    assert library.sweep(NOW + 40 * DAY_S) == []
    with pytest.raises(TakeBusy):
        library.reopen(session)
    lock.release()
    assert library.sweep(NOW + 40 * DAY_S) == [session]
    assert list(library.root.iterdir()) == []


def test_sweep_deletes_an_empty_take(library: Library) -> None:
    with library.create(FIRST, Options(), NOW - 31 * DAY_S):
        pass
    assert library.find(FIRST).state is TakeState.EMPTY
    assert library.sweep(NOW) == [FIRST]


def test_sweep_skips_a_take_of_another_user(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read every folder, so the refusal is simulated."""
    stat, (others, old) = os.stat, (recorded(library, 40), recorded(library, 31))

    def refuse(path: Any, **how: Any) -> os.stat_result:
        if str(others) in str(path) and not str(path).endswith(str(others)):
            raise PermissionError(EACCES, "Permission denied")
        return stat(path, **how)

    monkeypatch.setattr(os, "stat", refuse)
    assert library.sweep(NOW) == [old]


def damage(library: Library, session: UUID) -> None:
    """Remove the last line but one from the journal."""
    lines = (library.root / str(session) / EVENTS).read_bytes().splitlines(keepends=True)
    (library.root / str(session) / EVENTS).write_bytes(b"".join((*lines[:-2], lines[-1])))


def test_damaged_take_is_deleted_only_on_request(library: Library) -> None:
    session = recorded(library, 400, 5_000)
    damage(library, session)
    found = library.find(session)
    assert (found.state, found.damaged) == (TakeState.DAMAGED, True)
    assert library.sweep(NOW, RetentionLimits(age_s=0, size=0)) == []
    library.delete(session)
    assert library.all() == []


@pytest.mark.parametrize("name", [AUDIO, EVENTS])
def test_take_with_a_folder_for_a_file_is_listed_kept_and_deletable(library: Library, name: str) -> None:
    session, other = recorded(library, 400), recorded(library, 1)
    (library.root / str(session) / name).unlink()
    (library.root / str(session) / name / "inside").mkdir(parents=True)
    assert [found.state for found in library.all() if found.session == session] == [TakeState.DAMAGED]
    assert session in library.newest_sessions() and library.stamp(session)
    assert library.sweep(NOW) == []
    with pytest.raises(TakeDamaged, match=f"{name}: it is a folder, not a file"):
        library.reopen(session)
    library.delete(session)
    assert [found.session for found in library.all()] == [other]


def test_audio_without_a_journal_is_a_damaged_take_dated_by_its_folder(library: Library) -> None:
    session = recorded(library, 400)
    (library.root / str(session) / EVENTS).unlink()
    os.utime(library.root / str(session), (NOW, NOW))
    found = library.find(session)
    assert (found.state, found.samples, found.take.started_s) == (TakeState.DAMAGED, 100, NOW)
    assert library.sweep(NOW) == []


def test_interrupted_deletion_leaves_no_take_and_is_completed_by_sweep(library: Library) -> None:
    session = recorded(library, 0)
    (library.root / str(session) / AUDIO).rename(library.root / str(session) / DELETED)
    assert library.all() == []
    with pytest.raises(TakeUnknown):
        library.find(session)
    library.sweep(NOW)
    assert list(library.root.iterdir()) == []


def test_unreadable_folder_of_takes_is_an_error(library: Library) -> None:
    library.root.symlink_to(library.root.name)
    with pytest.raises(JournalError, match="cannot be read: .*Too many levels"):
        library.all()


def test_takes_on_a_disk_that_is_not_mounted_are_not_reported_as_none(tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to("/media/missing-disk/kikipounamu")
    with pytest.raises(TakesNotThere, match="cannot be read: .*/data cannot be used .*: mount the disk") as raised:
        Library(tmp_path / "data" / "takes").all()
    assert raised.value.note == Note("takes-not-there")
