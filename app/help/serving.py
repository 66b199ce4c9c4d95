"""The help for its panels: actions in, values out.

    async with Help(post, sources) as helping:
        helping.ask(LookAtLogs(True))     # ``post`` gets ``LogLines`` from now on, whenever there are others

Logs are read only while somebody sees them. Everything here belongs to one loop; ``post`` must not wait.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import structlog

from app.errors import AppError
from app.help import report
from app.help.actions import (
    HelpAction,
    LicencesWanted,
    LicenceTextWanted,
    LookAtLogs,
    PrepareReport,
    SaveReport,
)
from app.help.licences import PROGRAM, licences, text_of
from app.help.log_lines import LogFilter
from app.help.log_reading import LogReading
from app.help.report import Part, Sources
from app.help.view import HelpValue, LicencesView, LicenceText, LogLines, ReportPart, ReportState, ReportView
from app.problem_notes import note_of, unexpected
from app.view import Note
from runtime.folders import folders
from runtime.tasks import Tasks, cancel_and_wait

log = structlog.get_logger(__name__)

MOST_SHOWN: Final = 5_000
FOLLOW_S: Final = 0.5
_LONGEST_LOOK: Final = 20_000


class Help:
    """``sources``: of the next report. ``logs``: the folder of them."""

    def __init__(
        self,
        post: Callable[[HelpValue], None],
        sources: Callable[[], Sources] = Sources,
        logs: Path | None = None,
    ) -> None:
        self.sources = sources
        self._post = post
        self._logs = logs or folders().logs
        self._tasks = Tasks("help")
        self._looking: asyncio.Task[None] | None = None
        self._seen, self._wanted = False, LogFilter()
        self._look_now = asyncio.Event()
        self._reporting: asyncio.Task[None] | None = None
        self._parts: tuple[Part, ...] = ()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.close()

    def ask(self, action: HelpAction) -> None:
        """Do it; returns at once."""
        match action:
            case LookAtLogs(on, wanted):
                self._look(on, wanted)
            case PrepareReport():
                self._report(self._gather())
            case SaveReport(place):
                self._report(self._save(place))
            case LicencesWanted():
                self._tasks.start(self._tell_licences(), "licences")
            case LicenceTextWanted(name):
                self._tasks.start(self._tell_licence(name), "licence")

    # -- logs ----------------------------------------------------------------------------------------------

    def _look(self, on: bool, wanted: LogFilter) -> None:
        self._seen, self._wanted = on, wanted
        self._look_now.set()
        if on and (self._looking is None or self._looking.done()):
            self._looking = self._tasks.start(self._follow(), "logs")

    async def _follow(self) -> None:
        """Until nobody looks; what was read is forgotten then."""
        reading = LogReading(self._logs)
        shown: LogFilter | None = None
        while True:
            self._look_now.clear()
            wanted = self._wanted
            added = await asyncio.to_thread(reading.read)
            if not self._seen:
                return
            if added or wanted != shown:
                shown = wanted
                self._post(await asyncio.to_thread(_chosen, reading, wanted))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look_now.wait(), FOLLOW_S)

    # -- the report ----------------------------------------------------------------------------------------

    def _report(self, work: Coroutine[Any, Any, None]) -> None:
        """One thing at a time, the newest."""
        before = self._reporting
        self._reporting = self._tasks.start(self._after(before, work), "report")

    async def _after(self, before: asyncio.Task[None] | None, work: Coroutine[Any, Any, None]) -> None:
        try:
            if before is not None:
                await cancel_and_wait([before])
        except BaseException:
            work.close()
            raise
        try:
            await work
        except AppError as error:
            self._tell(ReportState.FAILED, note=note_of(error))
        except Exception as error:  # the top of a task: the person is told
            log.exception("no report")
            self._tell(ReportState.FAILED, note=unexpected(error))

    async def _gather(self) -> None:
        self._parts = ()
        self._tell(ReportState.GATHERING)
        self._parts = await report.gather(self.sources())
        self._tell(ReportState.READY)

    async def _save(self, place: Path) -> None:
        """What was seen, and nothing else."""
        if self._parts:
            self._tell(ReportState.SAVING)
            await asyncio.to_thread(report.save, self._parts, place)
            self._tell(ReportState.SAVED, place=str(place))

    def _tell(self, state: ReportState, place: str = "", note: Note | None = None) -> None:
        self._post(ReportView(state, tuple(map(_shown, self._parts)), place, note))

    # -- licences ------------------------------------------------------------------------------------------

    async def _tell_licences(self) -> None:
        found = await asyncio.to_thread(licences)
        own = next(licence.version for licence in found if licence.name == PROGRAM)
        self._post(LicencesView(own, found))

    async def _tell_licence(self, name: str) -> None:
        self._post(LicenceText(name, await asyncio.to_thread(text_of, name)))


def _chosen(reading: LogReading, wanted: LogFilter) -> LogLines:
    found = [line for line in reading.lines if wanted.lets_through(line)]
    left_out = max(0, len(found) - MOST_SHOWN)
    return LogLines(wanted, tuple(islice(found, left_out, None)), reading.programs, left_out)


def _shown(part: Part) -> ReportPart:
    beginning = part.content[:_LONGEST_LOOK].decode(errors="ignore")
    return ReportPart(part.name, len(part.content), beginning)
