"""Findings as values: severities, texts and counts."""

from app.core.notes import Note
from app.diagnostics.checks.finding import Area, Finding, Severity, advice, count, ok, wrong


def test_finding_has_severity_and_texts() -> None:
    assert ok(Area.DISK, "disk-room", size=3) == Finding(Area.DISK, Severity.OK, "disk-room", {"size": "3"})
    assert advice(Area.TRAY, "tray-none").severity is Severity.ADVICE
    because = wrong(Area.LOG, "stopped").because(Note("gateway-failed"))
    assert because.severity is Severity.PROBLEM and because.reason == Note("gateway-failed")


def test_count_counts_one_severity() -> None:
    findings = [ok(Area.LOG, "log-quiet"), wrong(Area.LOG, "failed"), wrong(Area.LOG, "failed")]
    assert [count(findings, severity) for severity in Severity] == [1, 0, 2]
