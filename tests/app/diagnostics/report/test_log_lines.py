"""Parsing and filtering of log lines."""

import json

import pytest

from app.diagnostics.report.log_lines import LogFilter, parse

RAW = json.dumps(
    {
        "timestamp": "2026-03-01T10:00:00.5Z",
        "level": "warning",
        "event": "child.ended",
        "program": "desktop",
        "logger": "app.child",
        "child": "worker",
        "status": -9,
        "exception": "Traceback\n  File\nOSError: gone",
    }
)


def test_parse_reads_fields_of_line() -> None:
    line = parse(RAW, "desktop", 0.0)
    assert (line.at_s, line.level, line.event) == (1772359200.5, "warning", "child.ended")
    assert line.details == "child=worker status=-9 OSError: gone" and line.raw == RAW


@pytest.mark.parametrize("raw", ["{half a li", "[1]", '{"event": "no time"}', '{"timestamp": 3}', "[" * 100_000])
def test_unreadable_line_keeps_text_and_position(raw: str) -> None:
    line = parse(raw, "worker", 7.0)
    assert (line.at_s, line.program, line.level, line.event) == (7.0, "worker", "", raw)


def test_parse_maps_other_level_names() -> None:
    received = [parse(RAW.replace('"warning"', f'"{level}"'), "", 0.0).level for level in ("WARN", "fatal", "odd")]
    assert received == ["warning", "critical", "info"]


def test_filter_matches_level_program_and_text() -> None:
    line, damaged = parse(RAW, "desktop", 0.0), parse("{", "desktop", 0.0)
    assert LogFilter("warning", "desktop", "CHILD=").text and LogFilter().lets_through(line)
    assert LogFilter("warning", "desktop", "Child.Ended").lets_through(line)
    assert not LogFilter("error").lets_through(line)
    assert not LogFilter(program="worker").lets_through(line)
    assert not LogFilter(text="never said").lets_through(line)
    assert LogFilter("critical").lets_through(damaged), "it may be anything"
