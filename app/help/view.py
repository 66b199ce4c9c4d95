"""What the help shows, as values. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.doctor.finding import Area, Finding
from app.help.log_lines import LogFilter, LogLine
from app.view import Note


@dataclass(frozen=True, eq=False)
class LogLines:
    """The newest lines that ``wanted`` lets through, the newest last. ``left_out``: older ones of them."""

    wanted: LogFilter = LogFilter()
    lines: tuple[LogLine, ...] = ()
    programs: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class ReportPart:
    """One file of a report. ``size``: bytes. ``text``: how it begins."""

    name: str
    size: int
    text: str


class ReportState(StrEnum):
    """How far it is."""

    NONE = "none"
    GATHERING = "gathering"
    READY = "ready"
    SAVING = "saving"
    SAVED = "saved"
    FAILED = "failed"


@dataclass(frozen=True)
class ReportView:
    """``place``: where it was saved. ``note``: why it was not."""

    state: ReportState = ReportState.NONE
    parts: tuple[ReportPart, ...] = ()
    place: str = ""
    note: Note | None = None


def suggested_name(now_s: float) -> str:
    """For the file of a report that is made now."""
    return f"kikipounamu-report-{datetime.fromtimestamp(now_s):%Y%m%d-%H%M}.zip"


class Kind(StrEnum):
    """Of what."""

    PROGRAM = "program"
    PACKAGE = "package"
    LIBRARY = "library"
    MODEL = "model"
    FILES = "files"


@dataclass(frozen=True)
class Licence:
    """Something that is here, and the name of its licence."""

    name: str
    version: str
    licence: str
    kind: Kind


@dataclass(frozen=True)
class LicencesView:
    """All of them, this program first. ``version``: of this program."""

    version: str
    licences: tuple[Licence, ...]


@dataclass(frozen=True)
class LicenceText:
    """What the licence of ``name`` says, or where to read it."""

    name: str
    text: str


@dataclass(frozen=True)
class ExaminationView:
    """What was found so far. ``waits_for``: what is looked at now; ``None``: everything was."""

    findings: tuple[Finding, ...] = ()
    waits_for: Area | None = None


HelpValue = ExaminationView | LogLines | ReportView | LicencesView | LicenceText
