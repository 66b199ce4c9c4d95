"""A real gateway with a real worker, for scenarios that a scripted gateway cannot test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from client.connection import Address, Locate, fixed_locator
from tests.helpers.chain import KEY, running_chain
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until


@pytest.fixture
async def locate(tmp_path: Path, broker: Broker) -> AsyncIterator[Locate]:
    """Run a gateway in this process, and a worker that carries about 40 people."""
    settings = GatewaySettings(redis=broker.url, key=KEY)
    with running_chain(tmp_path, broker.url) as chain:
        chain.worker("--engine", "checksum", "--set", "rtf=0.02")
        async with running_gateway(settings) as gateway:
            await wait_until(lambda: gateway.monitor.survey.speeds, "a worker is there")
            yield fixed_locator(Address(gateway.url, KEY))
