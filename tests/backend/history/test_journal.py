"""Test the file with one line for each text."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend.history.journal import TextJournal
from backend.history.store import Store, open_store
from tests.backend.history.feed import BOB, DAY_MS, NOON_MS, cancelled, failure, final, over

NOON_S = NOON_MS / 1000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path}/history.sqlite", lambda: NOON_S)
    yield store
    store.close()


def clean(journal: TextJournal, store: Store, now_s: float = NOON_S, aged: bool = True) -> None:
    while journal.clean(store, now_s, aged):
        pass


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """Make writes beyond this file size fail, while earlier bytes succeed: like a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def texts(folder: Path) -> list[object]:
    """Return the texts of all parts, the newest part first."""
    return [text for place in sorted(folder.iterdir()) for text in texts_of(place)]


def texts_of(place: Path) -> list[object]:
    return [line["text"] for line in lines(place)]


def lines(place: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in place.read_text("utf-8").splitlines()]


def test_each_text_is_a_line_with_all_known_facts(tmp_path: Path) -> None:
    place = tmp_path / "folder" / "asr_history.jsonl"
    journal = TextJournal(place)
    journal.write([failure(), cancelled(), over()])
    assert not place.exists()
    journal.write([final("你好", about=BOB), final("two", segment=1)])
    assert [line["text"] for line in lines(place)] == ["你好", "two"]
    assert lines(place)[0] == {
        "at": "2024-10-04T12:00:00.000+00:00",
        "session": "s",
        "segment": 0,
        "text": "你好",
        "language": "en",
        "seconds": 1.0,
        "queue_ms": 5,
        "decode_ms": 70,
        "model": "m",
        "worker": "w/cuda:0",
        "device": "",
        "tenant": "acme",
        "words": [{"text": "你好", "start_ms": 0, "end_ms": 500}],
    }
    assert place.stat().st_mode & 0o777 == 0o600


def test_journal_is_bounded_and_keeps_five_older_parts(tmp_path: Path) -> None:
    journal = TextJournal(tmp_path / "j", most_bytes=600)
    for number in range(40):
        journal.write([final(f"text {number}")])
    parts = sorted(path.name for path in tmp_path.iterdir())
    assert parts == ["j", "j.1", "j.2", "j.3", "j.4", "j.5"]
    assert all(path.stat().st_size <= 600 and path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())
    kept = [line["text"] for name in reversed(parts) for line in lines(tmp_path / name)]
    assert kept == [f"text {number}" for number in range(40 - len(kept), 40)]


def test_text_is_left_out_when_journal_is_not_writable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = TextJournal(tmp_path / "file" / "j")
    journal.write([final()])
    journal.write([final()])
    (tmp_path / "file").unlink()
    journal.write([final()])
    assert len(lines(tmp_path / "file" / "j")) == 1


def test_deleted_session_is_removed_from_every_part(tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "journal"
    journal = TextJournal(folder / "j", most_bytes=600)
    for number in range(8):
        entry = final(f"text {number}", "deleted" if number % 2 else "stays")
        store.record([entry])
        journal.write([entry])
    assert len([*folder.iterdir()]) > 2
    clean(journal, store)
    assert len(texts(folder)) == 8
    store.delete("deleted")
    clean(journal, store)
    assert sorted(map(str, texts(folder))) == ["text 0", "text 2", "text 4", "text 6"]
    assert all(place.stat().st_mode & 0o777 == 0o600 for place in folder.iterdir())


def test_session_deleted_before_start_is_removed(tmp_path: Path, store: Store) -> None:
    store.record([final()])
    store.delete("s")
    TextJournal(tmp_path / "journal" / "j").write([final("gone"), final("other", "other")])
    clean(TextJournal(tmp_path / "journal" / "j"), store)
    assert texts(tmp_path / "journal") == ["other"]


def test_cancelled_segment_is_removed(tmp_path: Path, store: Store) -> None:
    journal = TextJournal(tmp_path / "journal" / "j")
    journal.write([final("gone", segment=1), final("stays", segment=11), final("other", "other", 1)])
    journal.write([cancelled(segment=1), over()])
    clean(journal, store)
    assert texts(tmp_path / "journal") == ["stays", "other"]


def test_lines_expire_with_the_history(tmp_path: Path, store: Store) -> None:
    for days, kept in ((0, 6), (1, 1), (3, 3), (90, 6)):
        folder = tmp_path / f"days {days}"
        journal = TextJournal(folder / "j", days, most_bytes=600)
        for ago in reversed(range(6)):
            journal.write([final(f"{ago} days ago", at_ms=NOON_MS - ago * DAY_MS)])
        clean(journal, store)
        assert sorted(map(str, texts(folder))) == [f"{ago} days ago" for ago in range(kept)]


def test_failed_rewrite_of_a_part_is_retried(tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "journal"
    journal = TextJournal(folder / "j")
    store.record([final()])
    journal.write([final("gone")])
    store.delete("s")
    (folder / "j.new").mkdir()
    assert not journal.clean(store, NOON_S, aged=True)
    assert texts_of(folder / "j") == ["gone"]
    (folder / "j.new").rmdir()
    clean(journal, store)
    assert texts_of(folder / "j") == []


def test_foreign_lines_stay(tmp_path: Path, store: Store) -> None:
    journal = TextJournal(tmp_path / "j")
    (tmp_path / "j").write_bytes(b'half a line\n"session":"s"\n')
    journal.write([final("gone"), cancelled()])
    clean(journal, store)
    assert (tmp_path / "j").read_bytes() == b'half a line\n"session":"s"\n'


def test_lines_do_not_expire_while_clock_is_not_trusted(tmp_path: Path, store: Store) -> None:
    journal = TextJournal(tmp_path / "journal" / "j", days=30)
    store.record([final(session="deleted")])
    journal.write([final("stays"), final("gone", "deleted")])
    store.delete("deleted")
    clean(journal, store, NOON_S + 400 * DAY_MS / 1000, aged=False)
    assert texts(tmp_path / "journal") == ["stays"]
    clean(journal, store, NOON_S + 400 * DAY_MS / 1000)
    assert texts(tmp_path / "journal") == []


def test_deleted_session_is_removed_after_clock_was_set_back(tmp_path: Path, store: Store) -> None:
    journal = TextJournal(tmp_path / "journal" / "j")
    store.record([final()])
    journal.write([final("gone"), final("stays", "other")])
    clean(journal, store, NOON_S + DAY_MS / 1000)
    store.delete("s")
    clean(journal, store)
    assert texts(tmp_path / "journal") == ["stays"]


def test_full_disk_leaves_out_whole_lines(tmp_path: Path, store: Store) -> None:
    place = tmp_path / "journal" / "j"
    journal = TextJournal(place)
    store.record([final("later", "deleted")])
    journal.write([final("before")])
    line = place.stat().st_size
    with no_file_over(2 * line + line // 2):
        journal.write([final(text) for text in ("fits..", "halves", "beyond")])
        assert texts_of(place) == ["before", "fits.."]
        journal.write([final("halves")])
    assert texts_of(place) == ["before", "fits.."]
    journal.write([final("later", "deleted"), final("last")])
    assert texts_of(place) == ["before", "fits..", "later", "last"]
    store.delete("deleted")
    clean(journal, store)
    assert texts_of(place) == ["before", "fits..", "last"]


@pytest.mark.parametrize(
    ("tail", "kept"),
    [
        (b'{"at":"2024-10-04T12:00:00.000+00:00","session":"s","segment":7,"text":"ha', ["first"]),
        (b"\0" * 5_000_000, ["first"]),
        (b'"\xff"', ["first"]),
        (b"[" * 100_000, ["first"]),
        (b'{"text":"whole"}', ["first", "whole"]),
        (b'{"text":"' + b"long" * 1_000_000 + b'"}', ["first", "long" * 1_000_000]),
    ],
)
def test_unterminated_last_line_is_removed_or_terminated(tmp_path: Path, tail: bytes, kept: list[str]) -> None:
    place = tmp_path / "j"
    TextJournal(place).write([final("first")])
    with place.open("ab") as file:
        file.write(tail)
    TextJournal(place).write([final("next")])
    assert texts_of(place) == [*kept, "next"]


def test_file_with_only_an_incomplete_line_is_started_again(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(b'{"at":"2024')
    TextJournal(tmp_path / "j").write([final()])
    assert texts_of(tmp_path / "j") == ["hello"]


def test_part_ends_with_complete_line_at_rotation(tmp_path: Path) -> None:
    place = tmp_path / "j"
    journal = TextJournal(place, most_bytes=600)
    journal.write([final("first"), final("second")])
    with place.open("ab") as file:
        file.write(b'{"at":"2024')
    journal.write([final("third")])
    assert (texts_of(tmp_path / "j.1"), texts_of(place)) == (["first", "second"], ["third"])


def test_deleted_text_after_incomplete_line_is_removed(tmp_path: Path, store: Store) -> None:
    journal = TextJournal(tmp_path / "journal" / "j")
    store.record([final("gone", "deleted")])
    journal.write([final("kept"), final("gone", "deleted")])
    whole = (tmp_path / "journal" / "j").read_bytes().splitlines(keepends=True)
    (tmp_path / "journal" / "j").write_bytes(whole[0][:80] + whole[1] + whole[0])
    store.delete("deleted")
    clean(journal, store)
    assert texts(tmp_path / "journal") == ["kept"]


def test_expired_line_after_foreign_line_is_removed(tmp_path: Path, store: Store) -> None:
    journal = TextJournal(tmp_path / "journal" / "j", days=1)
    journal.write([final("old", at_ms=NOON_MS - DAY_MS), final("new")])
    place = tmp_path / "journal" / "j"
    place.write_bytes(b"not ours\n" + place.read_bytes())
    clean(journal, store)
    assert place.read_bytes().startswith(b"not ours\n") and texts_of_ours(place) == ["new"]


def texts_of_ours(place: Path) -> list[object]:
    return [json.loads(line)["text"] for line in place.read_text().splitlines() if line.startswith("{")]
