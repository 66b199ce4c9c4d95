"""Compares findings by severity and key, and checks that each of them has texts."""

from collections.abc import Iterable

from app.core.sentences import LANGUAGES, Sentences
from app.diagnostics.checks.finding import Finding, finding_text


def keys(findings: Iterable[Finding]) -> list[str]:
    """Return findings as ``problem model-damaged``.

    Fails if a finding lacks texts in any language.
    """
    found = list(findings)
    for finding in found:
        for language in LANGUAGES:
            worded = finding_text(Sentences(language), finding)
            assert worded.found and "{" not in worded.found + worded.do, finding
            assert worded.do or finding.severity == "ok", f"{finding.key}: what is to be done?"
    return [f"{finding.severity} {finding.key}" for finding in found]
