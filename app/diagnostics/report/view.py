"""Actions of a user in the help, and the views of it that windows display. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from app.core.errors import Note
from app.diagnostics.checks.finding import Finding, Topic
from app.diagnostics.report.log_lines import LogFilter, LogLine


@dataclass(frozen=True, eq=False)
class LogLines:
    """Newest lines that match ``wanted``, oldest first.

    ``left_out``: number of older matches.
    """

    wanted: LogFilter = LogFilter()
    lines: tuple[LogLine, ...] = ()
    programs: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class ReportPart:
    """File of a report.

    ``size``: bytes. ``text``: its beginning.
    """

    name: str
    size: int
    text: str


class ReportState(StrEnum):
    """State of the report."""

    NONE = "none"
    GATHERING = "gathering"
    READY = "ready"
    SAVING = "saving"
    SAVED = "saved"
    FAILED = "failed"


@dataclass(frozen=True)
class ReportView:
    """State and parts of the report.

    ``place``: where it was saved. ``note``: why it failed.
    """

    state: ReportState = ReportState.NONE
    parts: tuple[ReportPart, ...] = ()
    place: str = ""
    note: Note | None = None


def suggested_name(now_s: float) -> str:
    """Return a file name for a report made now."""
    return f"kikipounamu-report-{datetime.fromtimestamp(now_s):%Y%m%d-%H%M}.zip"


class ComponentKind(StrEnum):
    """Kinds of components that have a licence."""

    PROGRAM = "program"
    PACKAGE = "package"
    LIBRARY = "library"
    MODEL = "model"
    FILES = "files"


@dataclass(frozen=True)
class Licence:
    """Component of this program with the name of its licence."""

    name: str
    version: str
    licence: str
    kind: ComponentKind


@dataclass(frozen=True)
class LicencesView:
    """All licences, this program's first.

    ``version``: this program's version.
    """

    version: str
    licences: tuple[Licence, ...]


@dataclass(frozen=True)
class LicenceText:
    """Text of the licence of ``name``, or the page that states it."""

    name: str
    text: str


@dataclass(frozen=True)
class ExaminationView:
    """Findings so far.

    ``waits_for``: the next check to finish; ``None``: all are done.
    """

    findings: tuple[Finding, ...] = ()
    waits_for: Topic | None = None


HelpValue = ExaminationView | LogLines | ReportView | LicencesView | LicenceText


@dataclass(frozen=True)
class WatchLogs:
    """Start or stop following the logs.

    ``on``: they are visible. ``wanted``: which lines to show.
    """

    on: bool
    wanted: LogFilter = LogFilter()


@dataclass(frozen=True)
class PrepareReport:
    """Gather the parts of a report for review (``ReportView``)."""


@dataclass(frozen=True)
class SaveReport:
    """Save exactly the parts that were gathered last."""

    place: Path


@dataclass(frozen=True)
class LicencesWanted:
    """Request the list of licences (``LicencesView``)."""


@dataclass(frozen=True)
class LicenceTextWanted:
    """Request the text of one licence (``LicenceText``)."""

    name: str


@dataclass(frozen=True)
class Examine:
    """Check what works on this computer and what does not (``ExaminationView``)."""


HelpAction = Examine | WatchLogs | PrepareReport | SaveReport | LicencesWanted | LicenceTextWanted
