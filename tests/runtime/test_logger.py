import logging
import subprocess
import sys

import pytest

from runtime.logger import EventRecord, Logger, bound_fields
from tests.helpers.logs import capture_logs


@pytest.mark.parametrize(
    ("method", "level"),
    [("debug", "debug"), ("info", "info"), ("warning", "warning"), ("error", "error"), ("exception", "error")],
)
def test_logger_passes_event_and_fields_on(method: str, level: str) -> None:
    with capture_logs() as logs:
        getattr(Logger("test"), method)("some.event", port=4711)
    assert logs == [{"event": "some.event", "port": 4711, "log_level": level}]


def test_logger_drops_events_below_the_level(monkeypatch: pytest.MonkeyPatch) -> None:
    with capture_logs() as logs:
        monkeypatch.setattr(logging.getLogger(), "level", logging.WARNING)
        logging.getLogger("test.level").setLevel(logging.ERROR)
        Logger("test.level").warning("too.low")
        Logger("test.level").error("high.enough")
    assert [line["event"] for line in logs] == ["high.enough"]


def test_records_have_the_error_that_is_given_or_handled() -> None:
    records: list[logging.LogRecord] = []
    logger = logging.getLogger("test.errors")
    logger.propagate = False
    logger.addFilter(records.append)  # type: ignore[arg-type]  # it returns nothing, so it also drops them
    error = ValueError("on purpose")
    Logger("test.errors").error("given", exc_info=error)
    try:
        raise error
    except ValueError:
        Logger("test.errors").exception("handled")
    Logger("test.errors").exception("none")
    assert [record.exc_info and record.exc_info[1] for record in records] == [error, error, None]


def test_bound_fields_end_with_their_context() -> None:
    def bound() -> dict[str, object]:
        return dict(EventRecord("test", logging.INFO, "an.event", {}).bound)

    with bound_fields(session="s-1", worker="w"):
        with bound_fields(session="s-2"):
            assert bound() == {"session": "s-2", "worker": "w"}
        assert bound() == {"session": "s-1", "worker": "w"}
    assert bound() == {}


def test_warning_reaches_standard_error_where_nothing_is_configured() -> None:
    code = "from runtime.logger import Logger; Logger('t').info('one'); Logger('t').error('two', why=3)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert (done.stdout, done.stderr) == ("", "two why=3\n")
