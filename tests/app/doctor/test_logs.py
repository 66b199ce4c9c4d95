"""Errors of the last day are counted; of a line only its event is told."""

import json
from pathlib import Path

from app.doctor.logs import DAY_S, logs
from tests.app.doctor.found import keys

NOW_S = 1_780_000_000.0
AT = "2026-05-28T20:26:40Z"


def line(event: str, level: str = "error", logger: str = "backend.hub", at: str = AT) -> str:
    told = {"event": event, "level": level, "logger": logger, "timestamp": at, "detail": "greenstone"}
    return json.dumps(told) + "\n"


def test_none(tmp_path: Path) -> None:
    assert keys(logs(tmp_path / "none", NOW_S)) == ["ok log-quiet"]
    (tmp_path / "gateway.jsonl").write_text(line("fine", "info") + line("an old one", at="2026-05-20T00:00:00Z"))
    assert keys(logs(tmp_path, NOW_S)) == ["ok log-quiet"]


def test_they_are_counted_by_program(tmp_path: Path) -> None:
    (tmp_path / "gateway.jsonl").write_text(line("first") + line("second") + "no json\n")
    (tmp_path / "worker.jsonl").write_text(line("third", "critical", at="2026-05-28T20:26:41Z"))
    (found,) = logs(tmp_path, NOW_S)
    assert keys([found]) == ["advice log-errors"]
    assert found.values["programs"] == "gateway 2, worker 1"
    assert (found.values["count"], found.values["event"]) == ("3", "third")
    assert "greenstone" not in str(found)


def test_what_a_library_says_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "gateway.jsonl").write_text(line("said greenstone", logger="asyncio"))
    (found,) = logs(tmp_path, NOW_S)
    assert found.values["event"] == "asyncio"
    assert keys(logs(tmp_path, NOW_S + 2 * DAY_S)) == ["ok log-quiet"]
