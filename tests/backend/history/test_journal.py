"""The file with a line for each text."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.history.journal import Journal
from backend.history.store import Store, open_store
from tests.backend.history.feed import BOB, DAY_MS, NOON_MS, cancelled, failure, final, over


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path}/history.sqlite", noon)
    yield store
    store.close()


def noon() -> float:
    return NOON_MS / 1000


def clean(journal: Journal, store: Store) -> None:
    while journal.clean(store):
        pass


def texts(folder: Path) -> list[object]:
    """Of all parts, the newest part first."""
    return [text for place in sorted(folder.iterdir()) for text in texts_of(place)]


def texts_of(place: Path) -> list[object]:
    return [line["text"] for line in lines(place)]


def lines(place: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in place.read_text("utf-8").splitlines()]


def test_each_text_is_a_line_with_what_is_known_of_it(tmp_path: Path) -> None:
    place = tmp_path / "folder" / "asr_history.jsonl"
    journal = Journal(place)
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


def test_it_is_bounded_and_its_older_parts_are_kept_for_a_while(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", most_bytes=600)
    for number in range(40):
        journal.write([final(f"text {number}")])
    parts = sorted(path.name for path in tmp_path.iterdir())
    assert parts == ["j", "j.1", "j.2", "j.3", "j.4", "j.5"]
    assert all(path.stat().st_size <= 600 and path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())
    kept = [line["text"] for name in reversed(parts) for line in lines(tmp_path / name)]
    assert kept == [f"text {number}" for number in range(40 - len(kept), 40)]


def test_what_cannot_be_written_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "j")
    journal.write([final()])
    journal.write([final()])
    (tmp_path / "file").unlink()
    journal.write([final()])
    assert len(lines(tmp_path / "file" / "j")) == 1


def test_what_is_deleted_goes_from_every_part(tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "journal"
    journal = Journal(folder / "j", most_bytes=600, clock=noon)
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


def test_what_was_deleted_before_this_process_began_goes_too(tmp_path: Path, store: Store) -> None:
    store.record([final()])
    store.delete("s")
    Journal(tmp_path / "journal" / "j", clock=noon).write([final("gone"), final("other", "other")])
    clean(Journal(tmp_path / "journal" / "j", clock=noon), store)
    assert texts(tmp_path / "journal") == ["other"]


def test_what_is_cancelled_goes(tmp_path: Path, store: Store) -> None:
    journal = Journal(tmp_path / "journal" / "j", clock=noon)
    journal.write([final("gone", segment=1), final("stays", segment=11), final("other", "other", 1)])
    journal.write([cancelled(segment=1), over()])
    clean(journal, store)
    assert texts(tmp_path / "journal") == ["stays", "other"]


def test_no_line_becomes_older_than_the_history(tmp_path: Path, store: Store) -> None:
    for days, kept in ((0, 6), (1, 1), (3, 3), (90, 6)):
        folder = tmp_path / f"days {days}"
        journal = Journal(folder / "j", days, most_bytes=600, clock=noon)
        for ago in reversed(range(6)):
            journal.write([final(f"{ago} days ago", at_ms=NOON_MS - ago * DAY_MS)])
        clean(journal, store)
        assert sorted(map(str, texts(folder))) == [f"{ago} days ago" for ago in range(kept)]


def test_a_part_that_cannot_be_written_anew_is_tried_again(tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "journal"
    journal = Journal(folder / "j", clock=noon)
    store.record([final()])
    journal.write([final("gone")])
    store.delete("s")
    (folder / "j.new").mkdir()
    assert not journal.clean(store)
    assert texts_of(folder / "j") == ["gone"]
    (folder / "j.new").rmdir()
    clean(journal, store)
    assert texts_of(folder / "j") == []


def test_what_is_no_line_of_ours_stays(tmp_path: Path, store: Store) -> None:
    journal = Journal(tmp_path / "j", clock=noon)
    (tmp_path / "j").write_bytes(b'half a line\n"session":"s"\n')
    journal.write([final("gone"), cancelled()])
    clean(journal, store)
    assert (tmp_path / "j").read_bytes() == b'half a line\n"session":"s"\n'
