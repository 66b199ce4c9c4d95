"""A pytest plugin: each proof states its expected minutes, from which its deadline follows.

    @pytest.mark.proof(minutes=6)

The minutes are those of an idle machine with two cores. ``scripts/run_proofs.py`` asks for the plan.
"""

import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

PATIENCE = 5.0
"""Factor from the stated minutes to the time on a shared machine."""
SHORTEST_S = 300.0
GRACE_S = 60.0
"""Extra time of the process, because pytest first ends a proof with a traceback."""


def deadline_s(minutes: float) -> float:
    """Return the deadline of a proof that is expected to take ``minutes``."""
    return max(minutes * 60 * PATIENCE, SHORTEST_S)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option by which the runner of proofs asks for the plan."""
    parser.addoption("--proof-plan", metavar="FILE", help="write the collected proofs and their deadlines to FILE")


@pytest.hookimpl(trylast=True)  # after -m and -k
def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Give each proof its deadline, and write the plan on request."""
    plan = []
    for item in items:
        if mark := item.get_closest_marker("proof"):
            seconds = deadline_s(_minutes(item, mark))
            item.add_marker(pytest.mark.timeout(seconds), append=False)
            plan.append({"test": item.nodeid, "minutes": mark.kwargs["minutes"], "deadline_s": seconds + GRACE_S})
    if place := config.getoption("--proof-plan"):
        Path(place).write_text(json.dumps(plan))


def _minutes(item: pytest.Item, mark: pytest.Mark) -> float:
    minutes = mark.kwargs.get("minutes")
    if not isinstance(minutes, int | float) or minutes <= 0:
        raise pytest.UsageError(f"{item.nodeid}: state how long it takes: pytest.mark.proof(minutes=…)")
    return minutes


class _ToStandardError(logging.Handler):
    """Handler that writes to the current stream: pytest replaces it."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(f"{record.levelname} {record.name} {record.getMessage()}\n")


_HANDLER: Final = _ToStandardError()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Send the log of a proof to standard error: its standard output is for figures."""
    if item.get_closest_marker("proof"):
        logging.getLogger().addHandler(_HANDLER)
        logging.getLogger().setLevel(logging.INFO)
