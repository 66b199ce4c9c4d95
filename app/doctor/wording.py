"""Findings in words, in the language of a ``Say``. Pure."""

from typing import NamedTuple

from app.doctor.finding import Finding
from app.sentences import Say, noted


class Told(NamedTuple):
    """``do``: empty where there is nothing to do."""

    title: str
    found: str
    do: str


def told(say: Say, finding: Finding) -> Told:
    """What a person reads. Raises ``KeyError`` for a finding without texts."""
    values = dict(finding.values)
    if finding.reason:
        values["reason"] = noted(say, finding.reason)
    do = f"doctor.do.{finding.key}"
    return Told(
        say(f"doctor.area.{finding.area}"),
        say(f"doctor.found.{finding.key}", **values),
        say(do, **values) if say.knows(do) else "",
    )
