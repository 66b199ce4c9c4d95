"""Findings as sentences in the language of a ``Say``. Pure."""

from typing import NamedTuple

from app.core.sentences import Say, noted
from app.diagnostics.checks.finding import Finding


class FindingText(NamedTuple):
    """Text of a finding.

    ``do``: the remedy; empty if none is needed.
    """

    title: str
    found: str
    do: str


def told(say: Say, finding: Finding) -> FindingText:
    """Return the text of a finding.

    Raises ``KeyError`` for a key without texts.
    """
    values = dict(finding.values)
    if finding.reason:
        values["reason"] = noted(say, finding.reason)
    do = f"doctor.do.{finding.key}"
    return FindingText(
        say(f"doctor.area.{finding.area}"),
        say(f"doctor.found.{finding.key}", **values),
        say(do, **values) if say.knows(do) else "",
    )
