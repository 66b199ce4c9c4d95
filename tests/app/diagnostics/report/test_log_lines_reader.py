"""Merged log of all programs, through additions, rotation and damage."""

from pathlib import Path

from app.diagnostics.report.log_lines import LogReader
from tests.app.diagnostics.report.logs import line, write


def events(reading: LogReader) -> list[str]:
    return [one.event for one in reading.lines]


def test_reading_merges_programs_by_time_and_follows(tmp_path: Path) -> None:
    write(tmp_path, "desktop", line(1, "a"), line(4, "d"))
    write(tmp_path, "worker", line(2, "b"), line(3, "c"))
    reading = LogReader(tmp_path)
    assert reading.read() and events(reading) == ["a", "b", "c", "d"]
    assert reading.programs == ("desktop", "worker") and not reading.read()
    write(tmp_path, "worker", line(5, "e"))
    write(tmp_path, "gateway", line(2, "late"))
    assert reading.read() and events(reading) == ["a", "b", "late", "c", "d", "e"]


def test_reading_waits_for_end_of_partial_line(tmp_path: Path) -> None:
    whole = line(1, "one")
    (tmp_path / "desktop.jsonl").write_text(whole[:20])
    reading = LogReader(tmp_path)
    assert not reading.read()
    (tmp_path / "desktop.jsonl").write_text(f"{whole}\n")
    assert reading.read() and events(reading) == ["one"]


def test_reading_continues_over_rotation(tmp_path: Path) -> None:
    write(tmp_path, "desktop", line(1, "before"))
    reading = LogReader(tmp_path)
    reading.read()
    write(tmp_path, "desktop", line(2, "just before"))
    (tmp_path / "desktop.jsonl").rename(tmp_path / "desktop.jsonl.1")
    write(tmp_path, "desktop", line(3, "after"))
    assert reading.read() and events(reading) == ["before", "just before", "after"]


def test_reading_continues_with_the_newest_file_after_two_rotations(tmp_path: Path) -> None:
    log = tmp_path / "desktop.jsonl"
    log.write_text(f"{line(1, 'before')}\n{line(2, 'cut')[:20]}")
    reading = LogReader(tmp_path)
    reading.read()
    log.rename(tmp_path / "desktop.jsonl.2")
    write(tmp_path, "desktop", line(3, "between"), rotated=1)
    write(tmp_path, "desktop", line(4, "after"))
    assert reading.read() and events(reading) == ["before", "after"]


def test_reading_includes_rotated_files_up_to_limit(tmp_path: Path) -> None:
    write(tmp_path, "desktop", *(line(at, f"old {at}") for at in range(10)), rotated=2)
    write(tmp_path, "desktop", line(20, "newer"), rotated=1)
    write(tmp_path, "desktop", line(30, "newest"))
    room = 5 * len(line(9, "old 9"))
    reading = LogReader(tmp_path, most_bytes=room)
    reading.read()
    assert events(reading)[-3:] == ["old 9", "newer", "newest"] and len(reading.lines) == 4
    assert len(LogReader(tmp_path, most_bytes=10**6).lines) == 0


def test_reading_begins_with_complete_line(tmp_path: Path) -> None:
    write(tmp_path, "desktop", line(1, "old"), rotated=1)
    write(tmp_path, "desktop", *(line(at, f"event {at}") for at in range(10, 20)))
    reading = LogReader(tmp_path, most_bytes=5 * len(line(10, "event 10")))
    assert reading.read() and events(reading) == ["event 16", "event 17", "event 18", "event 19"]


def test_reading_keeps_only_newest_lines(tmp_path: Path) -> None:
    write(tmp_path, "desktop", *(line(at, str(at)) for at in range(50)))
    reading = LogReader(tmp_path, most_lines=20)
    reading.read()
    assert events(reading) == [str(at) for at in range(30, 50)]


def test_reading_keeps_damaged_lines_in_place(tmp_path: Path) -> None:
    write(tmp_path, "desktop", line(1, "a"), "{brok\x00en", line(2, "b"))
    (tmp_path / "worker.jsonl").write_bytes(b"\xff\xfe not text\n")
    (tmp_path / "other.out").write_text("no log\n")
    (tmp_path / "folder.jsonl").mkdir()
    reading = LogReader(tmp_path)
    reading.read()
    assert events(reading)[1:] == ["a", "{brok\x00en", "b"] and "not text" in events(reading)[0]
    assert LogReader(tmp_path / "nowhere").read() is False
