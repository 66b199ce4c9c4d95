"""Errors of the last day are counted; of each line only the event is reported."""

import gzip
import json
import os
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from app.diagnostics.checks.logs import DAY_S, logs
from tests.app.diagnostics.checks.found import keys

NOW_S = 1_780_000_000.0
AT = "2026-05-28T20:26:40Z"


def line(event: str, level: str = "error", logger: str = "backend.hub", at: str = AT) -> str:
    result = {"event": event, "level": level, "logger": logger, "timestamp": at, "detail": "greenstone"}
    return json.dumps(result) + "\n"


def put(path: Path, text: str, changed_s: float = NOW_S) -> None:
    data = text.encode()
    path.write_bytes(gzip.compress(data, 1) if path.suffix == ".gz" else data)
    os.utime(path, (changed_s, changed_s))


def ticks() -> Iterator[float]:
    """Return a clock that advances one second per call."""
    return map(float, count())


def test_log_check_is_quiet_without_recent_errors(tmp_path: Path) -> None:
    assert keys(logs(tmp_path / "none", NOW_S)) == ["ok log-quiet"]
    put(tmp_path / "gateway.jsonl", line("fine", "info") + line("an old one", at="2026-05-20T00:00:00Z"))
    assert keys(logs(tmp_path, NOW_S)) == ["ok log-quiet"]


def test_log_check_says_that_logs_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (found,) = logs(tmp_path / "loop", NOW_S)
    assert keys([found]) == ["advice log-refused"] and "symbolic links" in found.values["reason"]


def test_log_check_counts_errors_by_program(tmp_path: Path) -> None:
    put(tmp_path / "gateway.jsonl", line("first") + line("second") + "no json\n")
    put(tmp_path / "worker.jsonl", line("third", "critical", at="2026-05-28T20:26:41Z"))
    (found,) = logs(tmp_path, NOW_S)
    assert keys([found]) == ["advice log-errors"]
    assert found.values["programs"] == "gateway 2, worker 1"
    assert (found.values["count"], found.values["event"]) == ("3", "third")
    assert "greenstone" not in str(found)


def test_log_check_hides_messages_of_libraries(tmp_path: Path) -> None:
    put(tmp_path / "gateway.jsonl", line("said greenstone", logger="asyncio"))
    (found,) = logs(tmp_path, NOW_S)
    assert found.values["event"] == "asyncio"
    assert keys(logs(tmp_path, NOW_S + 2 * DAY_S)) == ["ok log-quiet"]


def test_log_check_reads_whole_day_of_large_logs(tmp_path: Path) -> None:
    much = line("fine", "info") * 25_000
    put(tmp_path / "gateway.jsonl", much)
    put(tmp_path / "gateway.jsonl.1", line("newer", at="2026-05-28T20:00:00Z") + much, NOW_S - 60)
    put(tmp_path / "gateway.jsonl.2.gz", line("older", "fatal", at="2026-05-28T02:00:00Z") + much, NOW_S - 3600)
    put(tmp_path / "gateway.jsonl.3.gz", line("too old", at="2026-05-26T02:00:00Z"), NOW_S - 2 * DAY_S)
    (found,) = logs(tmp_path, NOW_S)
    assert (found.values["count"], found.values["event"]) == ("2", "newer")


def test_log_check_names_start_of_read_period(tmp_path: Path) -> None:
    put(tmp_path / "gateway.jsonl", line("fine", "info"))
    put(tmp_path / "gateway.jsonl.1", line("fine", "info"), NOW_S - 3600)
    put(tmp_path / "gateway.jsonl.2", line("unread"), NOW_S - 7200)
    (found,) = logs(tmp_path, NOW_S, 2.5, ticks().__next__)
    assert keys([found]) == ["ok log-quiet-since"]
    assert found.values["since"] == time.strftime("%H:%M", time.localtime(NOW_S - 7200))
    put(tmp_path / "gateway.jsonl", line("an error"))
    assert keys(logs(tmp_path, NOW_S, 1.5, ticks().__next__)) == ["advice log-errors", "ok log-unread"]


def test_log_check_skips_damaged_lines_and_files(tmp_path: Path) -> None:
    put(tmp_path / "gateway.jsonl", '"error"\n[]\n{"level": "error"}\n' + line("an error"))
    (tmp_path / "gateway.jsonl.2.gz").write_bytes(gzip.compress(line("lost").encode())[:-12])
    os.utime(tmp_path / "gateway.jsonl.2.gz", (NOW_S, NOW_S))
    (found,) = logs(tmp_path, NOW_S)
    assert found.values["event"] == "an error"
