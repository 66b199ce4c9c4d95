"""Help answers each action, and reads logs only while they are visible."""

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.diagnostics.checks.finding import Finding, Topic, ok
from app.diagnostics.checks.runner import Examination
from app.diagnostics.report.licences import PROGRAM
from app.diagnostics.report.log_lines import LogFilter
from app.diagnostics.report.service import MOST_SHOWN, Help, Sources, examinations
from app.diagnostics.report.view import (
    ExaminationView,
    Examine,
    HelpValue,
    LicencesView,
    LicencesWanted,
    LicenceText,
    LicenceTextWanted,
    LogLines,
    PrepareReport,
    ReportState,
    ReportView,
    SaveReport,
    WatchLogs,
)
from tests.app.diagnostics.report.logs import line, write
from tests.helpers.waiting import wait_until


class Desk:
    """Recorder of posted values, and source of reports."""

    def __init__(self, home: Path) -> None:
        self.told: list[HelpValue] = []
        self.logs = home / "logs"
        self.fails = False

    async def _inputs(self) -> list[object]:
        if self.fails:
            raise RuntimeError("broken")
        return []

    def sources(self) -> Sources:
        return Sources(list_inputs=self._inputs)  # type: ignore[arg-type]  # an empty list

    @property
    def events(self) -> list[str]:
        shown = [news for news in self.told if isinstance(news, LogLines)]
        return [one.event for one in shown[-1].lines] if shown else []

    @property
    def report(self) -> ReportView:
        shown = [news for news in self.told if isinstance(news, ReportView)]
        return shown[-1] if shown else ReportView()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    return Desk(tmp_path)


@pytest.fixture
async def helping(desk: Desk) -> AsyncIterator[Help]:
    async with Help(desk.told.append, desk.sources) as made:
        yield made


async def test_help_posts_findings_as_checks_finish(desk: Desk) -> None:
    go_on = asyncio.Event()

    async def waits() -> list[Finding]:
        await go_on.wait()
        return [ok(Topic.TRAY, "tray-there")]

    async def nothing() -> list[Finding]:
        return []

    def there() -> list[Examination]:
        return [Examination(Topic.PERMISSIONS, nothing), Examination(Topic.TRAY, waits)]

    async with Help(desk.told.append, examinations=there) as helping:
        helping.ask(Examine())
        helping.ask(Examine())
        await wait_until(lambda: len(desk.told) == 2, "the first one is over")
        go_on.set()
        await wait_until(lambda: len(desk.told) == 3, "the second one is over")
    assert desk.told == [
        ExaminationView((), Topic.PERMISSIONS),
        ExaminationView((), Topic.TRAY),
        ExaminationView((ok(Topic.TRAY, "tray-there"),)),
    ]


def test_help_runs_checks_of_the_command(desk: Desk) -> None:
    reported_by_others = {Topic.BROKER, Topic.INSERTION, Topic.TRAY, Topic.OVERLAY, Topic.FOCUS}
    assert {one.area for one in examinations()} == set(Topic) - reported_by_others


async def test_help_follows_logs_only_while_visible(helping: Help, desk: Desk) -> None:
    write(desk.logs, "desktop", line(1, "a"), line(2, "b", "error"))
    assert desk.told == []
    helping.ask(WatchLogs(True))
    await wait_until(lambda: desk.events == ["a", "b"], "they are reported")
    write(desk.logs, "worker", line(3, "c"))
    await wait_until(lambda: desk.events == ["a", "b", "c"], "what is added is told")
    helping.ask(WatchLogs(True, LogFilter("error")))
    await wait_until(lambda: desk.events == ["b"], "those that are wanted")
    helping.ask(WatchLogs(False))
    count = len(desk.told)
    write(desk.logs, "worker", line(4, "unseen", "error"))
    helping.ask(LicenceTextWanted(PROGRAM))
    await wait_until(lambda: isinstance(desk.told[-1], LicenceText), "something else is told")
    assert len(desk.told) == count + 1


async def test_help_shows_newest_lines_up_to_limit(helping: Help, desk: Desk) -> None:
    write(desk.logs, "desktop", *(line(at % 3600, str(at)) for at in range(1, MOST_SHOWN + 3)))
    helping.ask(WatchLogs(True))
    await wait_until(lambda: desk.told, "they are reported")
    shown = desk.told[-1]
    assert isinstance(shown, LogLines) and len(shown.lines) == MOST_SHOWN and shown.left_out == 2


async def test_saved_report_equals_reviewed_report(helping: Help, desk: Desk, tmp_path: Path) -> None:
    write(desk.logs, "desktop", line(1, "child.ended", logger="app.child"))
    place = tmp_path / "report.zip"
    helping.ask(SaveReport(place))
    helping.ask(PrepareReport())
    await wait_until(lambda: desk.report.state is ReportState.READY, "it is gathered")
    assert not place.exists(), "nothing was gathered before"
    seen = {part.name: part.text for part in desk.report.parts}
    write(desk.logs, "desktop", line(2, "child.ended", logger="app.child"))
    helping.ask(SaveReport(place))
    await wait_until(lambda: desk.report.state is ReportState.SAVED, "it is saved")
    assert desk.report.place == str(place)
    with zipfile.ZipFile(place) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == seen
    assert json.loads(seen["logs/desktop.jsonl"])["event"] == "child.ended"


async def test_saving_while_a_report_is_gathered_lets_it_finish(helping: Help, desk: Desk, tmp_path: Path) -> None:
    helping.ask(PrepareReport())
    await wait_until(lambda: desk.report.state is ReportState.READY, "the first report")
    helping.ask(PrepareReport())
    await wait_until(lambda: desk.report.state is ReportState.GATHERING, "the second is gathered")
    helping.ask(SaveReport(tmp_path / "report.zip"))
    await wait_until(lambda: desk.report.state is ReportState.READY, "the second report")
    assert not (tmp_path / "report.zip").exists(), "the user has not reviewed it yet"


async def test_failed_report_can_be_retried(helping: Help, desk: Desk, tmp_path: Path) -> None:
    desk.fails = True
    helping.ask(PrepareReport())
    await wait_until(lambda: desk.report.state is ReportState.FAILED, "it is reported")
    assert desk.report.note is not None
    desk.fails = False
    helping.ask(PrepareReport())
    await wait_until(lambda: desk.report.state is ReportState.READY, "it works now")
    helping.ask(SaveReport(tmp_path / "logs" / "x" / ".." / "no\0name"))
    await wait_until(lambda: desk.report.state is ReportState.FAILED, "it is reported")
    assert desk.report.parts, "it can still be saved elsewhere"


async def test_help_posts_licences_and_their_texts(helping: Help, desk: Desk) -> None:
    helping.ask(LicencesWanted())
    await wait_until(lambda: desk.told, "they are reported")
    assert isinstance(desk.told[-1], LicencesView) and desk.told[-1].version
    helping.ask(LicenceTextWanted("aiohttp"))
    await wait_until(lambda: len(desk.told) == 2, "its text is told")
    assert isinstance(desk.told[-1], LicenceText) and "Apache" in desk.told[-1].text
