import json
import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import aiohttp
import pytest
from aiohttp import web

from runtime.logger import EventRecord, Logger, bound_fields
from runtime.logs import (
    for_file,
    for_terminal,
    keep_traceback,
    line_of,
    logging_to,
    timestamp,
    write_gathered,
)
from tests.helpers.waiting import wait_until_sync
from tests.helpers.web_server import serving

AT = 86_400.25


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "test.jsonl").read_text().splitlines()]


def test_log_line_has_its_context_and_no_secret(tmp_path: Path) -> None:
    with logging_to("test", tmp_path, terminal=False), bound_fields(session="s-1"):
        Logger("here").info("segment queued", segment=3, text="secret words", key="secret key")
    (line,) = lines(tmp_path)
    assert line["event"] == "segment queued"
    assert (line["program"], line["session"], line["segment"]) == ("test", "s-1", 3)
    assert line["level"] == "info" and line["logger"] == "here" and "timestamp" in line
    assert "secret" not in json.dumps(line)


def test_late_log_line_keeps_the_time_of_its_event(tmp_path: Path) -> None:
    with logging_to("gateway", tmp_path, terminal=False):
        Logger("t").info("now")
        Logger("t").info("before", timestamp=timestamp(86_400.25))
    now, before = (json.loads(line)["timestamp"] for line in (tmp_path / "gateway.jsonl").read_text().splitlines())
    assert before == "1970-01-02T00:00:00.250000Z" and now > before and len(now) == len(before)


def test_log_file_contains_other_libraries_and_tracebacks(tmp_path: Path) -> None:
    with logging_to("test", tmp_path, terminal=False):
        logging.getLogger("library").warning("from %s", "outside")
        try:
            raise ValueError("on purpose")
        except ValueError:
            Logger("test").exception("failed")
            logging.getLogger("library").exception("failed outside")
    outside, failed, failed_outside = lines(tmp_path)
    assert outside["event"] == "from outside" and outside["level"] == "warning"
    for line in (failed, failed_outside):
        assert "ValueError: on purpose" in str(line["exception"]) and "exc_info" not in line


@pytest.mark.parametrize(("level", "written"), [("INFO", ["warned"]), ("DEBUG", ["progressed", "warned"])])
def test_progress_of_libraries_is_written_at_debug_only(tmp_path: Path, level: str, written: list[str]) -> None:
    with logging_to("test", tmp_path, level=level, terminal=False):
        logging.getLogger("library").info("progressed")
        logging.getLogger("library").warning("warned")
    assert [line["event"] for line in lines(tmp_path)] == written


async def test_key_among_offered_subprotocols_is_not_logged(tmp_path: Path) -> None:
    """Browsers show a key as a subprotocol, and aiohttp warns of offers of which the server knows none."""

    async def realtime(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("realtime",))
        await socket.prepare(request)
        return socket

    with logging_to("test", tmp_path, level="DEBUG", terminal=False):
        async with serving(web.get("/", realtime)) as url, aiohttp.ClientSession() as http:
            socket = await http.ws_connect(url, protocols=("openai-insecure-api-key.SECRET",))
            assert socket.protocol is None
            await socket.close()
    assert "SECRET" not in (tmp_path / "test.jsonl").read_text()


def test_malformed_log_call_loses_only_its_line_and_is_reported(tmp_path: Path) -> None:
    with logging_to("test", tmp_path):
        logging.getLogger("library").warning("%d of %d", "one")
        logging.getLogger("library").warning("the next one")
    failure, after = sorted(lines(tmp_path), key=lambda line: line["event"] == "the next one")
    assert (failure["event"], failure["of"], failure["logger"]) == (
        "log.write_failed",
        "library",
        "runtime.log_writer",
    )
    assert "TypeError" in str(failure["exception"]) and after["event"] == "the next one"


def test_terminal_log_is_readable_and_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with logging_to("test", None):
        Logger("test").info("ready", port=4711)
    out, err = capsys.readouterr()
    assert out == ""
    assert "ready" in err and "port=4711" in err


@pytest.mark.parametrize("folder", ["a file", "a loop"])
def test_unusable_log_folder_is_reported_and_program_works(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / folder
    if folder == "a file":
        place.touch()
    else:
        place.symlink_to(place)
    with logging_to("test", place / "logs", terminal=True):
        Logger("test").info("works")
    message = capsys.readouterr().err
    assert message.startswith(f"no log is written, because {place / 'logs'} cannot be used: ")
    assert "works" in message


def test_repeated_events_are_limited_and_the_last_line_counts_the_rest(tmp_path: Path) -> None:
    with logging_to("test", tmp_path, terminal=False):
        for number in range(110_000):
            Logger("backend.answers").info("refused", session=f"s-{number}", reason="load")
    found = lines(tmp_path)
    refused = [line for line in found if line["event"] == "refused"]
    assert 20 <= len(refused) < 100 and len(found) < 150
    summaries = [line for line in found if line["event"] == "log.lines_held_back"]
    assert found[-1] == summaries[-1] and {line["of"] for line in summaries} == {"refused"}
    assert sum(cast(int, line["lines"]) for line in summaries) + len(refused) == 110_000


def test_lines_of_other_libraries_are_limited(tmp_path: Path) -> None:
    with logging_to("test", tmp_path, terminal=False):
        for number in range(1_000):
            logging.getLogger("library").error("bad request from %d", number)
    *written, summary = lines(tmp_path)
    assert len(written) == 20 and (summary["of"], summary["lines"]) == ("bad request from %d", 980)


def test_events_of_different_kinds_have_separate_limits(tmp_path: Path) -> None:
    with logging_to("test", tmp_path, terminal=False):
        for number in range(30):
            Logger("test").info(f"audit.kind_{number}")
    assert len(lines(tmp_path)) == 30


def test_audit_of_each_device_is_complete_and_that_of_strangers_is_limited(tmp_path: Path) -> None:
    audit = Logger("backend.access")
    with logging_to("test", tmp_path, terminal=False):
        for number in range(2_000):
            audit.info("audit.key_refused", peer=f"10.0.0.{number % 250}")
        for number in range(300):
            audit.info("audit.stream_opened", device=f"d-{number}")
            audit.info("audit.stream_closed", device=f"d-{number}", audio_s=1.5)
    *written, summary = lines(tmp_path)
    for event in ("audit.stream_opened", "audit.stream_closed"):
        devices = [line["device"] for line in written if line["event"] == event]
        assert devices == [f"d-{number}" for number in range(300)]
    assert len(written) == 20 + 600 and (summary["of"], summary["lines"]) == ("audit.key_refused", 1_980)
    assert "device" not in summary


def test_audit_of_one_device_is_limited_and_counted(tmp_path: Path) -> None:
    with logging_to("test", tmp_path, terminal=False):
        for _ in range(1_300):
            Logger("backend.access").info("audit.stream_opened", device="d-1")
        Logger("backend.access").info("audit.stream_opened", device="d-2")
    *_, other, summary = lines(tmp_path)
    assert (other["event"], other["device"]) == ("audit.stream_opened", "d-2")
    assert (summary["of"], summary["device"], summary["lines"]) == ("audit.stream_opened", "d-1", 300)


def test_suppressed_lines_of_every_kind_are_reported(tmp_path: Path) -> None:
    with logging_to("test", tmp_path, terminal=False):
        for number in range(50):
            for _ in range(20 + number + 1):
                Logger("test").info(f"audit.kind_{number}")
    counts = [line["lines"] for line in lines(tmp_path) if line["event"] == "log.lines_held_back"]
    assert counts == list(range(1, 51))


def test_story_lines_have_their_own_limit(tmp_path: Path) -> None:
    written = 0

    def count(record: logging.LogRecord) -> None:
        nonlocal written
        written += 1

    with logging_to("test", tmp_path, terminal=False, also=(count,)):
        for number in range(10_100):
            Logger("backend.story").info("segment.concluded", session="s", segment=number)
            if number == 5_000:  # never more at once than the queue holds, as in practice
                wait_until_sync(lambda: written > 5_000, "they are written")
    *stories, held_back = lines(tmp_path)
    assert len(stories) == 10_000 and (held_back["of"], held_back["lines"]) == ("lines of stories", 100)


def test_gathered_lines_equal_lines_written_alone(tmp_path: Path) -> None:
    gathered = [{"segment": n, "text": "secret words", "timestamp": timestamp(n)} for n in range(3)]
    with logging_to("test", tmp_path, terminal=False):
        for line in gathered:
            Logger("backend.story").info("segment.concluded", **line)
        write_gathered("backend.story", [line | {"event": "segment.concluded"} for line in gathered])
    found = lines(tmp_path)
    assert len(found) == 6 and found[:3] == found[3:]
    assert found[0]["logger"] == "backend.story" and "secret" not in str(found)


def test_gathered_lines_are_limited_like_others(tmp_path: Path) -> None:
    with logging_to("test", tmp_path, terminal=False):
        write_gathered("backend.story", [{"event": "segment.concluded", "segment": n} for n in range(10_100)])
    *stories, held_back = lines(tmp_path)
    assert len(stories) == 10_000 and (held_back["of"], held_back["lines"]) == ("lines of stories", 100)


@pytest.mark.parametrize("level", ["INFO", "WARNING"])
def test_gathered_lines_respect_the_level_on_a_terminal(capsys: pytest.CaptureFixture[str], level: str) -> None:
    with logging_to("test", None, level=level):
        write_gathered("backend.story", [{"event": "first"}, {"event": "second"}])
    shown = [line for line in capsys.readouterr().err.splitlines() if "backend.story" in line]
    assert len(shown) == (2 if level == "INFO" else 0)


def test_terminal_shows_only_story_warnings_when_a_file_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with logging_to("test", tmp_path):
        Logger("worker.story").info("it goes well")
        Logger("worker.story").warning("it does not")
    _, err = capsys.readouterr()
    assert "it does not" in err and "it goes well" not in err
    assert len(lines(tmp_path)) == 2


def test_lines_lost_to_a_slow_disk_are_counted(tmp_path: Path) -> None:
    unblock = threading.Event()

    def blocked(record: logging.LogRecord) -> None:
        unblock.wait()

    with logging_to("test", tmp_path, terminal=False, also=(blocked,)):
        for number in range(10_000):
            Logger("backend.story").info("segment.concluded", segment=number)
        for number in range(500):
            Logger("test").info(f"audit.kind_{number}")
        unblock.set()
        file = tmp_path / "test.jsonl"  # created with its first line
        wait_until_sync(
            lambda: file.exists() and file.read_bytes().count(b"\n") > 9_000,
            "most are written: the end waits for 5 s",
        )
    *written, lost = lines(tmp_path)
    assert lost["event"] == "log.lines_lost"
    assert len(written) + cast(int, lost["lines"]) == 10_500 and len(written) <= 10_001


def test_logging_context_restores_previous_handlers(tmp_path: Path) -> None:
    before = logging.getLogger().handlers[:]
    with logging_to("test", tmp_path, terminal=False):
        pass
    assert logging.getLogger().handlers == before


def test_terminal_line_escapes_control_characters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to("test", tmp_path, terminal=True):
        Logger("ours").warning("paired\x1b[2J", device="a\x1b]0;b\x07\nforged", place=Path("c\x9b"))
        try:
            raise ValueError("d\x1b[31m")
        except ValueError:
            logging.getLogger("foreign").exception("e\x1b[2J")
    shown = capsys.readouterr().err
    assert r"paired\x1b[2J" in shown and r"a\x1b]0;b\x07\nforged" in shown and r"c\x9b" in shown
    assert r"e\x1b[2J" in shown and r"d\x1b[31m" in shown and "Traceback" in shown
    assert "\x1b" not in shown and "\x07" not in shown and "\x9b" not in shown


# -- one line -----------------------------------------------------------------------------------------------


def event(fields: Mapping[str, object], error: Exception | None = None) -> EventRecord:
    record = EventRecord("here.now", logging.WARNING, "some.event", fields, error)
    record.created = AT
    return record


def test_timestamp_is_iso_with_microseconds_in_utc() -> None:
    assert timestamp(AT) == "1970-01-02T00:00:00.250000Z"


def test_line_has_own_fields_then_bound_ones_then_those_of_every_line() -> None:
    with bound_fields(session="s-1", port=1):
        record = event({"port": 4711})
    assert json.loads(for_file(line_of(record, "test"))) == {
        "port": 4711,
        "event": "some.event",
        "session": "s-1",
        "level": "warning",
        "logger": "here.now",
        "program": "test",
        "timestamp": timestamp(AT),
    }
    assert [*line_of(record, "test")] == ["port", "event", "session", "level", "logger", "program", "timestamp"]


@pytest.mark.parametrize("name", ["pcm", "audio", "text", "key", "api_key", "authorization", "hotwords"])
def test_private_fields_are_blanked(name: str) -> None:
    assert line_of(event({name: "secret"}), "test")[name] == "(not logged)"


def test_line_of_another_library_has_its_message_and_traceback() -> None:
    try:
        raise ValueError("on purpose")
    except ValueError as error:
        exc_info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("library", logging.ERROR, "", 0, "%d of %d", (1, 2), exc_info)
    keep_traceback(record)
    line = line_of(record, "test")
    assert record.exc_info is None and (line["event"], line["level"]) == ("1 of 2", "error")
    assert line["exception"].startswith("Traceback") and line["exception"].endswith("ValueError: on purpose")


def test_terminal_line_is_in_columns_with_fields_by_name() -> None:
    record = event({"z": 1, "b": "two words", "path": Path("/x"), "empty": None})
    keep_traceback(record)
    at, rest = for_terminal(line_of(record, "test"), colours=False).split(" ", 1)
    assert at == timestamp(AT)
    assert rest == f"[warning  ] {'some.event':30} [here.now] b='two words' empty=None path=/x program=test z=1"


def test_terminal_line_ends_with_traceback() -> None:
    record = event({}, ValueError("on purpose"))
    keep_traceback(record)
    assert for_terminal(line_of(record, "test"), colours=False).endswith("program=test\nValueError: on purpose")


def test_only_the_level_has_a_colour() -> None:
    coloured, plain = (for_terminal(line_of(event({}), "test"), colours=colours) for colours in (True, False))
    assert coloured.replace("\x1b[33m", "").replace("\x1b[0m", "") == plain != coloured
