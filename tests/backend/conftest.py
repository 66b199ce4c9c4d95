"""Fixtures with a gateway and a session on a separate broker."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from backend.gateway import Gateway
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from tests.backend.broker_setting import Setting, on
from tests.helpers.valkey import Broker

KEY = "a key of the tests"


@pytest.fixture
async def gateway(broker: Broker) -> AsyncIterator[Gateway]:
    """A gateway on an empty Valkey."""
    async with running_gateway(GatewaySettings(redis=broker.url, key=KEY)) as gateway:
        yield gateway


@pytest.fixture
def reads_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let gateways ask the broker soon for results that do not come."""
    monkeypatch.setattr("backend.sessions.session.READ_AGAIN_AFTER_S", 0.1)


@pytest.fixture
async def at(any_broker: Broker) -> AsyncIterator[Setting]:
    """A setting with the attached session ``s``."""
    async with on(any_broker) as setting:
        await setting.jobs.attach("s", "o", resume=False)
        yield setting


@pytest.fixture
async def redis(broker: Broker) -> AsyncIterator[Redis]:
    async with Redis.from_url(broker.url) as client:
        yield client
