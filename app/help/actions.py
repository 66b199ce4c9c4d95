"""What a person asks of the help: an examination, logs, a report, licences. Pure."""

from dataclasses import dataclass
from pathlib import Path

from app.help.log_lines import LogFilter


@dataclass(frozen=True)
class LookAtLogs:
    """Whether somebody sees them, and which lines are wanted."""

    on: bool
    wanted: LogFilter = LogFilter()


@dataclass(frozen=True)
class PrepareReport:
    """Gather what a report has, to be looked at (``ReportView``)."""


@dataclass(frozen=True)
class SaveReport:
    """Write what was gathered last, and nothing else."""

    place: Path


@dataclass(frozen=True)
class LicencesWanted:
    """The list of them (``LicencesView``)."""


@dataclass(frozen=True)
class LicenceTextWanted:
    """The text of one (``LicenceText``)."""

    name: str


@dataclass(frozen=True)
class Examine:
    """Find out what works on this computer and what does not (``ExaminationView``)."""


HelpAction = Examine | LookAtLogs | PrepareReport | SaveReport | LicencesWanted | LicenceTextWanted
