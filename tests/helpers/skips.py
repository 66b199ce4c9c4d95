"""A pytest plugin: under CI, a test may be skipped only because the machine lacks something it cannot be given.

An expected failure is a skip by another name: CI accepts none.
"""

import os
import re
from collections.abc import Iterable

import pytest

SKIPS_REFUSED = 6
"""pytest's own statuses end at 5. scripts/run_tests.py tells by it that this was no test that failed."""

_ACCEPTED = re.compile(r"needs (a GPU|root|Linux|macOS|Windows)\b")


def refused_skips(reasons: Iterable[str]) -> list[str]:
    """Of the reasons that skipped tests gave, those that CI does not accept."""
    return [reason for reason in reasons if not _ACCEPTED.match(reason.removeprefix("Skipped: "))]


def _refused(config: pytest.Config) -> list[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None:  # a worker of xdist has no reporter: its parent judges
        return []
    skipped = [str(report.longrepr[2]) for report in reporter.stats.get("skipped", [])]
    return refused_skips([*skipped, *(f"xfail: {report.nodeid}" for report in reporter.stats.get("xfailed", []))])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if a skip is not accepted, whatever else failed."""
    ran = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED, pytest.ExitCode.TESTS_FAILED)
    if session.exitstatus in ran and _refused(session.config):
        session.exitstatus = SKIPS_REFUSED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which skips failed the run."""
    if refused := _refused(config):
        terminalreporter.section("skips that CI does not accept", red=True, bold=True)
        for reason in refused:
            terminalreporter.line(reason)
