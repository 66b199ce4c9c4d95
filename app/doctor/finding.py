"""What an examination found, as a value: a key of the texts, and what to put into it. Pure.

Texts: ``doctor.found.KEY`` says what was found, ``doctor.do.KEY`` what to do about it, where there is something.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from app.view import Note


class Severity(StrEnum):
    """``PROBLEM``: something that is wanted does not work. ``ADVICE``: it could be better, or will be worse."""

    OK = "ok"
    ADVICE = "advice"
    PROBLEM = "problem"


class Area(StrEnum):
    """What was examined, in the order in which it is told."""

    SETTINGS = "settings"
    MICROPHONE = "microphone"
    VAD = "vad"
    MODELS = "models"
    DISK = "disk"
    RECORDINGS = "recordings"
    GATEWAY = "gateway"
    BROKER = "broker"
    ELSEWHERE = "elsewhere"
    SESSION = "session"
    HOTKEYS = "hotkeys"
    INSERTION = "insertion"
    TRAY = "tray"
    PERMISSIONS = "permissions"
    INSTALLATION = "installation"
    LOG = "log"
    WORKER = "worker"


@dataclass(frozen=True)
class Finding:
    """``reason``: what to put in for {reason}: a note, which has texts of its own."""

    area: Area
    severity: Severity
    key: str
    values: Mapping[str, str] = field(default_factory=dict)
    reason: Note | None = None

    def because(self, reason: Note) -> "Finding":
        """The same with a reason."""
        return replace(self, reason=reason)


def ok(area: Area, key: str, **values: str | int) -> Finding:
    """It is well."""
    return Finding(area, Severity.OK, key, _texts(values))


def advice(area: Area, key: str, **values: str | int) -> Finding:
    """It could be better."""
    return Finding(area, Severity.ADVICE, key, _texts(values))


def wrong(area: Area, key: str, **values: str | int) -> Finding:
    """It keeps something from working."""
    return Finding(area, Severity.PROBLEM, key, _texts(values))


def count(findings: Iterable[Finding], severity: Severity) -> int:
    """How many there are of it."""
    return sum(finding.severity is severity for finding in findings)


def _texts(values: Mapping[str, str | int]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}
