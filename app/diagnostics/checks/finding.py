"""Findings of checks as values: a key of the texts and the values to insert; and their sentences. Pure.

Texts: ``doctor.found.KEY`` says what was found; ``doctor.do.KEY``, where it exists, says what to do about it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from app.core.errors import Note
from app.core.sentences import TextLookup, text_of_note
from app.desktop.abilities import IN_PLACE, Ability, KeyLines, Support


class Severity(StrEnum):
    """Severity of a finding.

    ``PROBLEM``: a wanted feature does not work. ``ADVICE``: it could work better, or will fail later.
    """

    OK = "ok"
    ADVICE = "advice"
    PROBLEM = "problem"


class Topic(StrEnum):
    """Topics of checks, in the order of the report."""

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
    FOCUS = "focus"
    OVERLAY = "overlay"
    TRAY = "tray"
    PERMISSIONS = "permissions"
    INSTALLATION = "installation"
    LOG = "log"
    WORKER = "worker"


@dataclass(frozen=True)
class Finding:
    """Result of a check.

    ``reason``: a note with texts of its own, inserted for ``{reason}``.
    """

    area: Topic
    severity: Severity
    key: str
    values: Mapping[str, str] = field(default_factory=dict)
    reason: Note | None = None

    def because(self, reason: Note) -> "Finding":
        """Return a copy with this reason."""
        return replace(self, reason=reason)


def ok(area: Topic, key: str, **values: str | int) -> Finding:
    """Return a finding that all is well."""
    return Finding(area, Severity.OK, key, _texts(values))


def advice(area: Topic, key: str, **values: str | int) -> Finding:
    """Return a finding that something could be better."""
    return Finding(area, Severity.ADVICE, key, _texts(values))


def wrong(area: Topic, key: str, **values: str | int) -> Finding:
    """Return a finding that something does not work."""
    return Finding(area, Severity.PROBLEM, key, _texts(values))


def count(findings: Iterable[Finding], severity: Severity) -> int:
    """Count the findings of a severity."""
    return sum(finding.severity is severity for finding in findings)


def _texts(values: Mapping[str, str | int]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}


class FindingText(NamedTuple):
    """Text of a finding.

    ``do``: the remedy; empty if none is needed.
    """

    title: str
    found: str
    do: str


def finding_text(texts: TextLookup, finding: Finding) -> FindingText:
    """Return the text of a finding.

    Raises ``KeyError`` for a key without texts.
    """
    values = dict(finding.values)
    if finding.reason:
        values["reason"] = text_of_note(texts, finding.reason)
    do = f"doctor.do.{finding.key}"
    return FindingText(
        texts(f"doctor.area.{finding.area}"),
        texts(f"doctor.found.{finding.key}", **values),
        texts(do, **values) if texts.has(do) else "",
    )


def ability_finding(support: Support, lines: KeyLines | None = None) -> Finding:
    """Return the finding about an ability: its means, or what to do without.

    ``lines``: those for the hotkeys, which may be written already.
    """
    ability = support.ability
    area, key = Topic(ability), f"{ability}-{support.means or support.lacks}"
    if ability is Ability.HOTKEYS and lines is not None and lines.state in IN_PLACE:
        return ok(area, "hotkeys-written", file=lines.place)
    return ok(area, key) if support.means else advice(area, key)
