"""Findings on the command line: a list for people, JSON for programs, and the exit status."""

import json
from collections.abc import Sequence
from typing import Any, Final, Self

from rich.cells import set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.core.process import FAILED
from app.core.sentences import TextLookup
from app.diagnostics.checks.finding import Finding, Severity, Topic, count, finding_text

_STYLES: Final = {Severity.OK: "green", Severity.ADVICE: "yellow", Severity.PROBLEM: "bold red"}
_MARK: Final = 7
_TITLE: Final = 18
_GAP: Final = 2


class Listing:
    """Report that prints each finding when it arrives and shows the running check on a terminal.

    ``quiet``: prints nothing.
    """

    def __init__(
        self, texts: TextLookup, areas: Sequence[Topic], console: Console, *, quiet: bool = False
    ) -> None:
        self._texts, self._console, self._quiet = texts, console, quiet
        self._left = list(areas)
        self._status = console.status("")

    def __enter__(self) -> Self:
        if not self._quiet and self._console.is_terminal:
            self._status.start()
            self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def show_area(self, area: Topic, findings: tuple[Finding, ...]) -> None:
        """Print the findings of an area."""
        self._left.remove(area)
        if self._quiet:
            return
        for finding in findings:
            self._print(finding)
        self._wait()

    def sum_up(self, findings: Sequence[Finding]) -> None:
        """Print the summary as the last line."""
        if not self._quiet:
            self._status.stop()
            self._console.print(Text(f"\n{summary(self._texts, findings)}", "bold"), soft_wrap=True)

    def _wait(self) -> None:
        if self._left:  # all checks run at once; this is the next one to print
            area = self._texts(f"doctor.area.{self._left[0]}")
            self._status.update(self._texts("help.examine.running", area=area))

    def _print(self, finding: Finding) -> None:
        title, found, do = finding_text(self._texts, finding)
        mark, style = self._texts(f"doctor.mark.{finding.severity}"), _STYLES[finding.severity]
        if not self._console.is_terminal:
            gap = " " * _GAP
            head = set_cell_size(mark, _MARK) + gap + set_cell_size(title, _TITLE) + gap
            self._console.print(Text(head + found), soft_wrap=True)
            if do:
                self._console.print(Text(f"{'':{_MARK + _TITLE + 2 * _GAP}}{self._remedy(do)}"), soft_wrap=True)
            return
        row = Table.grid(padding=(0, _GAP))
        row.add_column(width=_MARK)
        row.add_column(width=_TITLE)
        row.add_column(ratio=1, overflow="fold")
        row.add_row(Text(mark, style), Text(title), Text(found))
        if do:
            row.add_row("", "", self._remedy(do))
        self._console.print(row)

    def _remedy(self, do: str) -> str:
        return self._texts("help.examine.do", text=do)


def summary(texts: TextLookup, findings: Sequence[Finding]) -> str:
    """Return one sentence about all findings."""
    problems, advice = count(findings, Severity.PROBLEM), count(findings, Severity.ADVICE)
    if not problems and not advice:
        return texts("doctor.summary.well")
    found = [texts("help.examine.problems", count=problems)] * bool(problems)
    found += [texts("doctor.summary.advice", count=advice)] * bool(advice)
    both = texts("doctor.summary.both", first=found[0], second=found[-1]) if len(found) > 1 else found[0]
    return texts("doctor.summary.rest", found=both)


def status(findings: Sequence[Finding]) -> int:
    """Return the exit status of the process; advice is not a failure."""
    return FAILED if count(findings, Severity.PROBLEM) else 0


def as_json(texts: TextLookup, findings: Sequence[Finding], version: str) -> str:
    """Return all findings as JSON for programs."""
    content = {
        "kikipounamu": version,
        "problems": count(findings, Severity.PROBLEM),
        "advice": count(findings, Severity.ADVICE),
        "findings": [as_object(texts, finding) for finding in findings],
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def as_object(texts: TextLookup, finding: Finding) -> dict[str, Any]:
    """Return one finding in JSON's types."""
    title, found, do = finding_text(texts, finding)
    return {
        "area": finding.area,
        "severity": finding.severity,
        "key": finding.key,
        "title": title,
        "found": found,
        "do": do,
        "values": dict(finding.values),
    }
