"""Actions of a user in the help: run the doctor, read logs, make a report, list licences. Pure."""

from dataclasses import dataclass
from pathlib import Path

from app.diagnostics.report.log_lines import LogFilter


@dataclass(frozen=True)
class LookAtLogs:
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


HelpAction = Examine | LookAtLogs | PrepareReport | SaveReport | LicencesWanted | LicenceTextWanted
