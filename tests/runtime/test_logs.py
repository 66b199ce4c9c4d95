import json
import logging
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from runtime.logs import RepeatLimit, logging_to


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "test.jsonl").read_text().splitlines()]


def test_a_line_carries_its_context_and_no_secret(tmp_path: Path) -> None:
    with logging_to("test", tmp_path, terminal=False), structlog.contextvars.bound_contextvars(session="s-1"):
        structlog.get_logger("here").info("segment queued", segment=3, text="secret words", key="secret key")
    (line,) = lines(tmp_path)
    assert line["event"] == "segment queued"
    assert (line["program"], line["session"], line["segment"]) == ("test", "s-1", 3)
    assert line["level"] == "info" and line["logger"] == "here" and "timestamp" in line
    assert "secret" not in json.dumps(line)


def test_other_libraries_and_tracebacks_land_in_the_same_file(tmp_path: Path) -> None:
    with logging_to("test", tmp_path, terminal=False):
        logging.getLogger("library").warning("from %s", "outside")
        try:
            raise ValueError("on purpose")
        except ValueError:
            structlog.get_logger().exception("failed")
    outside, failed = lines(tmp_path)
    assert outside["event"] == "from outside" and outside["level"] == "warning"
    assert "ValueError: on purpose" in str(failed["exception"])


def test_the_terminal_gets_readable_lines_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with logging_to("test", None):
        structlog.get_logger().info("ready", port=4711)
    out, err = capsys.readouterr()
    assert out == ""
    assert "ready" in err and "port=4711" in err


def test_a_flood_becomes_a_few_lines_and_a_count(tmp_path: Path) -> None:
    with logging_to("test", tmp_path, terminal=False):
        for _ in range(1_000):
            structlog.get_logger().warning("refused")
        structlog.get_logger().info("something else")
    events = [line["event"] for line in lines(tmp_path)]
    assert events.count("refused") == 20 and events[-1] == "something else"


def test_logging_is_as_before_afterwards(tmp_path: Path) -> None:
    before = logging.getLogger().handlers[:]
    with logging_to("test", tmp_path, terminal=False):
        pass
    assert logging.getLogger().handlers == before


@given(st.lists(st.floats(0, 5), max_size=200))
def test_every_event_is_let_through_or_counted(pauses: list[float]) -> None:
    limit = RepeatLimit(burst=3, interval_s=10)
    now, written, reported = 0.0, 0, 0
    for pause in pauses:
        now += pause
        dropped = limit.admit("event", now)
        if dropped is not None:
            written, reported = written + 1, reported + dropped
    held_back = limit.admit("event", now + 20)
    assert held_back is not None
    assert written + reported + held_back == len(pauses)


def test_the_memory_of_events_is_bounded() -> None:
    limit = RepeatLimit(most_events=10)
    for number in range(1_000):
        assert limit.admit(f"event {number}", 0.0) is not None
