"""Help for its panels: actions in, values out.

    async with Help(post, sources) as helping:
        helping.ask(WatchLogs(True))     # from now on ``post`` gets ``LogLines`` whenever they change

Logs are read only while they are visible. Everything here belongs to one loop; ``post`` must not wait.
"""

import asyncio
import json
import os
import sys
import time
import zipfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self

from app.capture.devices import Input, list_microphones
from app.core.errors import AppError, Note
from app.core.problem_notes import note_of, unexpected_note
from app.diagnostics.checks.finding import Finding, Topic
from app.diagnostics.checks.runner import Examination, examine
from app.diagnostics.report import facts
from app.diagnostics.report.licences import dependencies, licences, text_of
from app.diagnostics.report.log_lines import LogFilter, LogReader, logs_in, tail_of
from app.diagnostics.report.redaction import PROGRAMS, Redaction, own_modules
from app.diagnostics.report.view import (
    ExaminationView,
    Examine,
    HelpAction,
    HelpValue,
    LicencesView,
    LicencesWanted,
    LicenceText,
    LicenceTextWanted,
    LogLines,
    PrepareReport,
    ReportPart,
    ReportState,
    ReportView,
    SaveReport,
    WatchLogs,
)
from app.journal.library import Library, users_library
from app.local_services import local_gateway
from app.local_services.worker_view import WorkerView
from app.settings.sections import Settings
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.folders import Folders, folders
from runtime.tasks import OneTask, TaskOwner, Tasks, is_set_within
from runtime.whole_file import replacing

LOG_BYTES: Final = 1_000_000
"""Most bytes from the end of each program's log."""


class ReportNotSaved(AppError):
    """Failure to write the file of a report."""

    note = Note("report-not-saved")


@dataclass(frozen=True)
class ReportFile:
    """File of a report: its name and its content."""

    name: str
    content: bytes

    @classmethod
    def of(cls, name: str, facts: Any) -> Self:
        """Return a file with these facts as JSON."""
        return cls(name, (json.dumps(facts, ensure_ascii=False, indent=2) + "\n").encode())


@dataclass(frozen=True)
class Sources:
    """Sources of a report.

    ``worker``: this computer's worker, if the app supervises one.
    """

    settings: Settings = Settings()
    worker: WorkerView | None = None
    places: Folders = field(default_factory=folders)
    library: Library = field(default_factory=users_library)
    list_inputs: Callable[[], Awaitable[list[Input]]] = list_microphones


async def gather_report(sources: Sources) -> tuple[ReportFile, ...]:
    """Gather all parts in memory: a few megabytes at most."""
    inputs = await sources.list_inputs()
    endpoint = local_gateway.read_endpoint()
    readiness = await local_gateway.ask(endpoint) if endpoint else None
    workers = await local_gateway.workers(endpoint) if endpoint else ()
    found = {
        "settings.json": facts.settings(sources.settings, inputs),
        "microphones.json": facts.microphones(inputs),
        "states.json": facts.states(readiness, workers, sources.worker),
    }
    found |= await asyncio.to_thread(_blocking, sources)
    logs = await asyncio.to_thread(redacted_logs, sources.places.logs)
    return (*(ReportFile.of(name, part) for name, part in sorted(found.items())), *logs)


def _blocking(sources: Sources) -> dict[str, Any]:
    return {
        "system.json": facts.system(dependencies()),
        "models.json": facts.models(sources.places),
        "disk.json": facts.disk(sources.places),
        "recordings.json": facts.journal(sources.library, time.time()),
    }


def redacted_logs(folder: Path) -> tuple[ReportFile, ...]:
    """Return the end of each log, with only this program's own texts. Blocks."""
    redaction = Redaction(own_modules())
    found: list[ReportFile] = []
    for path in logs_in(folder):
        if path.stem in PROGRAMS:
            lines = tail_of(path, LOG_BYTES).decode(errors="replace").splitlines()
            redacted = [redaction.line(line) for line in lines]
            unread = redacted.count(None)
            kept = [line for line in redacted if line is not None]
            kept += [json.dumps({"unreadable lines": unread})] if unread else []
            found.append(ReportFile(f"logs/{path.name}", "".join(f"{line}\n" for line in kept).encode()))
    return tuple(found)


def save_report(parts: tuple[ReportFile, ...], place: Path) -> None:
    """Write the zip atomically and readable only by this user. Raises ``ReportNotSaved``. Blocks."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with replacing(place) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in parts:
                archive.writestr(part.name, part.content)
    except OSError as error:
        raise ReportNotSaved(f"{place} cannot be written ({error.strerror}): choose another place") from error


log = loggers.APP_HELP_SERVING

MOST_SHOWN: Final = 5_000
FOLLOW_S: Final = 0.5
_LONGEST_LOOK: Final = 20_000


def examinations() -> Sequence[Examination]:
    """Return the checks of ``kikipounamu doctor``. Blocks."""
    from app.diagnostics.checks.all_checks import (  # imported late: it may never be needed
        AllChecks,
        CheckOptions,
        this_computer,
    )

    return AllChecks(CheckOptions(), this_computer(sys.platform, os.environ)).examinations()


class Help(TaskOwner):
    """Service of the help panels.

    ``sources``: returns the sources of the next report. ``examinations``: returns the checks.
    """

    def __init__(
        self,
        post: Callable[[HelpValue], None],
        sources: Callable[[], Sources] = Sources,
        examinations: Callable[[], Sequence[Examination]] = examinations,
    ) -> None:
        self.sources = sources
        self._examinations = examinations
        self._post = post
        self._logs = folders().logs
        self._tasks = Tasks("help")
        self._examining, self._log_watch = OneTask(self._tasks, "examination"), OneTask(self._tasks, "logs")
        self._reporting = OneTask(self._tasks, "report")
        self._seen, self._wanted = False, LogFilter()
        self._read_now = asyncio.Event()
        self._parts: tuple[ReportFile, ...] = ()

    def ask(self, action: HelpAction) -> None:
        """Start an action; returns at once."""
        match action:
            case Examine():
                self._examining.start(self._examine)
            case WatchLogs(on, wanted):
                self._watch_logs(on, wanted)
            case PrepareReport():
                self._reporting.start(partial(self._report, self._gather))
            case SaveReport(place) if self._parts:  # only what was shown for review
                self._reporting.start(partial(self._report, partial(self._save, place)))
            case LicencesWanted():
                self._tasks.start(self._post_licences(), "licences")
            case LicenceTextWanted(name):
                self._tasks.start(self._post_licence(name), "licence")

    # -- the doctor ----------------------------------------------------------------------------------------

    async def _examine(self) -> None:
        """Post the findings of each check when it and all checks before it are done."""
        there = await asyncio.to_thread(self._examinations)
        left = [one.area for one in there]
        found: list[Finding] = []
        self._post(ExaminationView((), left[0]))

        def post_findings(area: Topic, findings: tuple[Finding, ...]) -> None:
            left.remove(area)
            found.extend(findings)
            self._post(ExaminationView(tuple(found), left[0] if left else None))

        await examine(there, post_findings)

    # -- logs ----------------------------------------------------------------------------------------------

    def _watch_logs(self, on: bool, wanted: LogFilter) -> None:
        self._seen, self._wanted = on, wanted
        self._read_now.set()
        if on:
            self._log_watch.keep(self._follow)

    async def _follow(self) -> None:
        """Follow the logs while they are visible; drop all lines afterwards."""
        reader = LogReader(self._logs)
        shown: LogFilter | None = None
        while True:
            self._read_now.clear()
            wanted = self._wanted
            added = await asyncio.to_thread(reader.read)
            if not self._seen:
                return
            if added or wanted != shown:
                shown = wanted
                self._post(await asyncio.to_thread(_chosen, reader, wanted))
            await is_set_within(self._read_now, FOLLOW_S)

    # -- the report ----------------------------------------------------------------------------------------

    async def _report(self, work: Callable[[], Awaitable[None]]) -> None:
        """Work on the report, and show a failure."""
        try:
            await work()
        except AppError as error:
            self._show_report(ReportState.FAILED, note=note_of(error))
        except Exception as error:  # last resort of the task: show it to the user
            log.exception(LogEvent.REPORT_FAILED)
            self._show_report(ReportState.FAILED, note=unexpected_note(error))

    async def _gather(self) -> None:
        self._parts = ()
        self._show_report(ReportState.GATHERING)
        self._parts = await gather_report(self.sources())
        self._show_report(ReportState.READY)

    async def _save(self, place: Path) -> None:
        self._show_report(ReportState.SAVING)
        await asyncio.to_thread(save_report, self._parts, place)
        self._show_report(ReportState.SAVED, place=str(place))

    def _show_report(self, state: ReportState, place: str = "", note: Note | None = None) -> None:
        self._post(ReportView(state, tuple(map(_report_part, self._parts)), place, note))

    # -- licences ------------------------------------------------------------------------------------------

    async def _post_licences(self) -> None:
        found = await asyncio.to_thread(licences)
        self._post(LicencesView(found[0].version, found))

    async def _post_licence(self, name: str) -> None:
        self._post(LicenceText(name, await asyncio.to_thread(text_of, name)))


def _chosen(reader: LogReader, wanted: LogFilter) -> LogLines:
    found = [line for line in reader.lines if wanted.lets_through(line)]
    left_out = max(0, len(found) - MOST_SHOWN)
    return LogLines(wanted, tuple(islice(found, left_out, None)), reader.programs, left_out)


def _report_part(part: ReportFile) -> ReportPart:
    beginning = part.content[:_LONGEST_LOOK].decode(errors="ignore")
    return ReportPart(part.name, len(part.content), beginning)
