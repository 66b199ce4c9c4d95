"""The file with a line for each text."""

import json
from pathlib import Path

from backend.history.journal import Journal
from tests.backend.history.feed import BOB, cancelled, failure, final, over


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
