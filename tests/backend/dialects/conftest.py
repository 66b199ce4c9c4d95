"""A gateway with a worker, and the sessions that adapters open."""

from collections.abc import AsyncIterator

import pytest

from backend.admission.admission import refuse
from backend.core.refusal import Refusal
from backend.dialects.sessions import DialectSessions
from backend.gateway import Gateway
from backend.http.access import AdmittedRequest
from tests.backend.fake_worker import FakeWorker, working
from tests.helpers.valkey import Broker


@pytest.fixture
async def worker(broker: Broker, gateway: Gateway) -> AsyncIterator[FakeWorker]:
    """A worker that answers with the length and the sum of each piece."""
    async with working(broker.url) as worker:
        yield worker


@pytest.fixture
def sessions(gateway: Gateway) -> DialectSessions:
    """The sessions of the gateway, admitted as streams are."""

    def refusal(visit: AdmittedRequest) -> Refusal | None:
        monitor = gateway.monitor
        taken = len(gateway.hub.connections)
        return refuse(monitor.survey, monitor.up, taken, gateway.hub.settings.admission)

    return DialectSessions(gateway.hub, refusal)


@pytest.fixture
def visit(gateway: Gateway) -> AdmittedRequest:
    """A request of the gateway's owner."""
    return AdmittedRequest(gateway.access, gateway.access.owner)
