"""Report files: the same figures for programs and people, without external resources."""

import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from client.connection import Address, fixed_locator
from loadtest.core.errors import LoadTestError
from loadtest.measurement.figures import Reconnection
from loadtest.measurement.processes import GATEWAY, LOAD_MAKER, ProcessUsage
from loadtest.measurement.promises import Promise
from loadtest.measurement.tally import RefusalCount, Tally
from loadtest.reports.report import LATE, STRAINED, doubt, page, prepare, write_report
from loadtest.reports.run import Report, Run, RunEvent, ScenarioCounts
from tests.loadtest.measurement.test_tally import ended

VOID = {"meta", "br"}


class Balanced(HTMLParser):
    """Parser that checks that every opened element is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Ignore elements that are already closed."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def run() -> Run:
    """Return a run with everything that a report may show."""
    run = Run("herd", {"clients": 2}, fixed_locator(Address("http://127.0.0.1:9", "secret")), complete=True)
    run.tally = Tally(
        segments=2,
        right=2,
        ended=[ended(1.0), ended(3.0, 900.0)],
        refused={"503 the <expected> wait is # s": RefusalCount(3, 1, 2.0, 9.5), "429 x": RefusalCount(1, 1)},
        refused_at={1: 4},
        complaints=["session 1: <b>"],
    )
    run.usages = [
        ProcessUsage(at_s, {LOAD_MAKER: 10.0}, {GATEWAY: 80.0}, 2, {LOAD_MAKER: 9.0}) for at_s in (1.0, 2.0)
    ]
    run.back = Reconnection(2, 2, 0, 0.5, 0.75, 1.25)
    return run


def test_report_page_is_well_formed_and_self_contained(run: Run) -> None:
    shown = page(run.report())
    reader = Balanced()
    reader.feed(shown)
    assert reader.open == []
    assert "<b>" not in shown and "<expected>" not in shown
    assert not re.search(r"<script|<link|<img|url\(|src=|https?:", shown)
    assert "prefers-color-scheme:dark" in shown
    for expected in (
        "Not flawless: 0 errors, 4 refusals",
        "9.5",
        "1.25",
        "900",
        "gateway",
        "5 % of the machine",
        "9 % of a core",
    ):
        assert expected in reader.text, expected
    assert shown.count("<svg") == 6


def test_report_page_shows_events_on_the_time_line(run: Run) -> None:
    assert "<h2>Events</h2>" not in page(run.report())
    run.marks = [RunEvent(2.0, 2.5, "kill worker 1"), RunEvent(1.0, 1.5, "kill <x> 0", "it is not running")]
    shown, reader = page(run.report()), Balanced()
    reader.feed(shown)
    assert reader.open == []
    assert "1 took place, 1 did not." in reader.text and "it is not running" in reader.text
    assert shown.count('class="span"') == 2, "one in each of two plots"
    assert [mark.at_s for mark in run.report().marks] == [1.0, 2.0]


def test_report_page_marks_a_partial_run(run: Run) -> None:
    run.complete, run.note = False, "interrupted"
    assert "Partial: interrupted" in page(run.report())


def test_report_page_marks_a_flawless_run(run: Run) -> None:
    assert "Flawless" in page(run.report(expect_refusals=True))


def test_report_page_warns_of_a_late_load_maker_that_is_not_busy(run: Run) -> None:
    assert LATE.split(",")[0] not in page(run.report())
    run.tally.late_ms.append(200.0)
    assert LATE.split(",")[0] in page(run.report())
    assert STRAINED not in page(run.report())


def test_busy_load_maker_is_advised_to_take_fewer(run: Run) -> None:
    run.tally.late_ms.append(200.0)
    busy = msgspec.structs.replace(run.report().figures, load_maker_core_percent=90.0)
    assert doubt(busy) == STRAINED


def test_report_error_names_the_unusable_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for write in (prepare, lambda folder: write_report(folder, run.report())):
        with pytest.raises(LoadTestError, match="Name another folder"):
            write(tmp_path / "file" / "x")


def test_report_page_works_without_measurements() -> None:
    shown = page(Run("streams", {}, fixed_locator(Address("http://127.0.0.1:9"))).report())
    assert "<svg" not in shown and "Partial: not finished" in shown


def test_report_files_are_written_without_keys(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    prepare(folder)
    assert list(folder.iterdir()) == []
    write_report(folder, run.report())
    read = msgspec.json.decode((folder / "report.json").read_bytes(), type=Report)
    assert read.figures.right == 2 and read.plan == {"clients": 2}
    assert "secret" not in (folder / "report.json").read_text() + (folder / "report.html").read_text()


@pytest.mark.parametrize(
    ("kept", "verdict"),
    [(True, "Every promise was kept"), (None, "Every promise was kept"), (False, "Not kept: &lt;this&gt;")],
)
def test_report_page_shows_promises_and_counts(run: Run, kept: bool | None, verdict: str) -> None:
    run.tally.refused.clear()
    run.judge = lambda run, found: [Promise("<this>", kept, "found")]
    run.counted = [ScenarioCounts(1.0, {"messages & more": 5.0}), ScenarioCounts(2.0, {"messages & more": 9.0})]
    shown = page(run.report())
    reader = Balanced()
    reader.feed(shown)
    assert verdict in shown and {True: "yes", False: "no", None: "not measured"}[kept] in reader.text
    assert shown.count("<svg") == 6 and "messages &amp; more" in shown
