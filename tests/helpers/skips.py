"""A pytest plugin: under CI, only skips for things that the machine cannot provide are accepted.

CI accepts no expected failure, because it is a skip by another name.
"""

import os
import re
from collections.abc import Iterable

import pytest

SKIPS_REFUSED = 6
"""Exit status above pytest's own (at most 5), by which scripts/run_tests.py recognises refused skips."""

_ACCEPTED = re.compile(r"needs (a GPU|root|Linux|macOS|Windows)\b")


def refused_skips(reasons: Iterable[str]) -> list[str]:
    """Return the reasons of skips that CI does not accept."""
    return [reason for reason in reasons if not _ACCEPTED.match(reason.removeprefix("Skipped: "))]


def _refused(config: pytest.Config) -> list[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None:  # a worker of xdist has no reporter: its parent decides
        return []
    skipped = [str(report.longrepr[2]) for report in reporter.stats.get("skipped", [])]
    return refused_skips([*skipped, *(f"xfail: {report.nodeid}" for report in reporter.stats.get("xfailed", []))])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if a skip is not accepted, also if tests failed."""
    ran = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED, pytest.ExitCode.TESTS_FAILED)
    if session.exitstatus in ran and _refused(session.config):
        session.exitstatus = SKIPS_REFUSED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """List the skips that failed the run."""
    if refused := _refused(config):
        terminalreporter.section("skips that CI does not accept", red=True, bold=True)
        for reason in refused:
            terminalreporter.line(reason)
