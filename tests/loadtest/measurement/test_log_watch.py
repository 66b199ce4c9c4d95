"""Watch of logs: only what is new counts, also after a rotation."""

import json
from pathlib import Path

from loadtest.measurement.log_watch import LogWatch


def write(place: Path, *lines: dict[str, str]) -> None:
    """Append lines of JSON."""
    with place.open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def test_only_new_errors_and_tracebacks_count(tmp_path: Path) -> None:
    gateway, own = tmp_path / "gateway.jsonl", tmp_path / "loadtest.jsonl"
    write(gateway, {"level": "error", "event": "old"})
    watch = LogWatch(tmp_path)
    write(gateway, {"level": "info", "event": "fine"}, {"level": "error", "event": "request.failed"})
    traceback = 'Traceback (most recent call last):\n  File "x.py", line 3, in f\n    g()\nKeyError: 7'
    write(gateway, {"level": "warning", "event": "task.failed", "exception": traceback})
    write(own, {"level": "error", "event": "mine"})
    write(tmp_path / "worker.jsonl", {"level": "critical", "event": "new program"})
    watch.read_new()
    watch.read_new()
    failed = 'gateway: task.failed (File "x.py", line 3, in f | g() | KeyError: 7)'
    assert watch.faults == ["gateway: request.failed", failed, "worker: new program"]
    assert watch.lines == 4


def test_half_a_line_is_read_once_it_is_whole(tmp_path: Path) -> None:
    place = tmp_path / "gateway.jsonl"
    watch = LogWatch(tmp_path)
    place.write_text('{"level": "err')
    watch.read_new()
    assert watch.lines == 0
    place.write_text('{"level": "error", "event": "x"}\nnot JSON\n')
    watch.read_new()
    assert (watch.lines, watch.faults) == (2, ["gateway: x"])


def test_rotated_file_is_read_to_its_end(tmp_path: Path) -> None:
    place = tmp_path / "gateway.jsonl"
    write(place, {"event": "before"})
    watch = LogWatch(tmp_path)
    write(place, {"level": "error", "event": "last words"})
    place.rename(tmp_path / "gateway.jsonl.1")
    write(place, {"level": "error", "event": "first words"})
    watch.read_new()
    assert watch.faults == ["gateway: last words", "gateway: first words"]


def test_file_that_is_rotated_while_it_is_looked_up_is_read_later(tmp_path: Path) -> None:
    """A link to nothing is listed, like the file of a moment ago, but is not there."""
    place = tmp_path / "gateway.jsonl"
    place.symlink_to(tmp_path / "rotated")
    watch = LogWatch(tmp_path)
    watch.read_new()
    assert (watch.lines, watch.faults) == (0, [])
    place.unlink()
    write(place, {"level": "error", "event": "x"})
    watch.read_new()
    assert watch.faults == ["gateway: x"]
