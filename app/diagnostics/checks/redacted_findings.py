"""Findings for a report, without the names of people, places or devices. Blocks."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from app.core.errors import Note
from app.core.sentences import TextLookup
from app.diagnostics.checks.finding import Finding
from app.diagnostics.checks.output import as_object
from app.diagnostics.report.facts import model_names
from app.diagnostics.report.redaction import LEFT_OUT, Redaction, own_modules
from app.diagnostics.report.service import ReportFile
from runtime.event_names import EVENT_NAMES

NAME: Final = "doctor.json"

# Values that this program makes itself: figures and fixed words.
_OWN: Final = frozenset(
    {
        *("binding", "bindings", "count", "detector", "extras", "level", "minutes", "ms", "percent"),
        *("process", "python", "seconds", "since", "size", "sound", "status", "workers"),
    }
)
_WORDS: Final = frozenset({"desktop", "own", "system", "version", "what"})
_WORD: Final = re.compile(r"[\w.,+:()/ -]{1,60}", re.ASCII)
_HARDWARE: Final = re.compile(r"driver|card \d+|torch|ctranslate2")


def part(texts: TextLookup, findings: Sequence[Finding]) -> ReportFile:
    """Return the findings as one file of the report."""
    redaction = Redaction(own_modules())
    return ReportFile.of(NAME, [as_object(texts, redacted(finding, redaction)) for finding in findings])


def redacted(finding: Finding, redaction: Redaction) -> Finding:
    """Return the finding without any value that a user may have chosen."""
    values = {name: _redacted_value(finding, name, value, redaction) for name, value in finding.values.items()}
    return replace(finding, values=values, reason=_without_values(finding.reason))


def _redacted_value(finding: Finding, name: str, value: str, redaction: Redaction) -> str:
    if name in _OWN:
        return value
    if name in {"model", "models"}:
        return value if set(value.split(", ")) <= set(model_names()) else LEFT_OUT
    if name in _WORDS:
        return value if _WORD.fullmatch(value) else LEFT_OUT
    if name == "says" and _HARDWARE.fullmatch(finding.values.get("what", "")):
        return value  # what is said of a failed decode may name a folder
    if name == "event":
        return value if value in EVENT_NAMES else LEFT_OUT
    return redaction.text(value) if name == "says" else LEFT_OUT


def _without_values(note: Note | None) -> Note | None:
    if note is None:
        return None
    return Note(note.key, dict.fromkeys(note.values, LEFT_OUT), _without_values(note.reason))
