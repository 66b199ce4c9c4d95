"""Fixtures for the tests of the worker."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import ROOT
from tests.helpers.valkey import Broker
from tests.worker.scripts import GatewaySide, gateway_side, jobs_of
from worker.broker.jobs import ShardJobs


@pytest.fixture(autouse=True)
def _engine_processes_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let engine processes import ``tests.helpers.fault_engines``."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
async def other(any_broker: Broker) -> AsyncIterator[GatewaySide]:
    """Yield the gateway's side, with a session attached."""
    async with gateway_side(any_broker.url) as side:
        await side.attach()
        yield side


@pytest.fixture
async def jobs(any_broker: Broker) -> AsyncIterator[ShardJobs]:
    """Yield the broker side of the worker ``w``."""
    async with jobs_of(any_broker.url) as jobs:
        yield jobs
