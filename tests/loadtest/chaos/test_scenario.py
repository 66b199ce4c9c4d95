"""``chaos`` in one process; as a command: ``tests/loadtest/commands/test_chaos.py``."""

from contextlib import AsyncExitStack

import pytest

from client.connection import Address, fixed_locator
from loadtest.chaos.events import Event, FaultKind, FaultTarget
from loadtest.chaos.plan import ChaosPlan
from loadtest.chaos.scenario import judge, run_chaos
from loadtest.chaos.targets import ChaosTargets
from loadtest.measurement.tally import Tally
from loadtest.reports.run import Run, RunEvent
from tests.loadtest.measurement.test_tally import ended


async def test_events_and_failures_are_in_the_report() -> None:
    """Without a gateway the session is lost, and everything is still noted."""
    nowhere = fixed_locator(Address("http://127.0.0.1:9"))
    targets = ChaosTargets(nowhere, list, failures=lambda: {"gateway-1: status 1": 2})
    events = (Event(0.0, FaultKind.KILL, FaultTarget.WORKER), Event(0.01, FaultKind.CLOCK, FaultTarget.WORKER))
    run = Run("chaos", {"events": events}, nowhere)
    async with AsyncExitStack() as within:
        within.enter_context(pytest.raises(ExceptionGroup))
        await run_chaos(ChaosPlan(1, 0.1, 1, 0.0, 0.1, events), targets, run)
    assert run.report().figures.complaints == ("gateway-1: status 1, 2 times, by itself",)


def test_verdict_states_longest_wait_and_needs_events() -> None:
    run = Run("chaos", {}, fixed_locator(Address("http://127.0.0.1:9")))
    run.tally = Tally(sessions=1, segments=1, right=1, ended=[ended(1.0, 12_340.0)])
    kept, missed = RunEvent(1.0, 2.0, "kill worker 0"), RunEvent(1.0, 1.0, "kill worker 1", "it is not running")
    found = run.report().figures
    served, disturbed = judge(found, [kept, missed])
    assert served.kept and "1 of 1 right" in served.found and "longest wait 12.3 s" in served.found
    assert disturbed.kept and "1 of 2 events" in disturbed.found
    assert not judge(found, [kept, missed, missed])[1].kept
