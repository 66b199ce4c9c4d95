"""Memory of a running gateway: what it frees goes back to the system, whatever its load."""

import asyncio

import pytest

from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from runtime import memory
from tests.helpers.valkey import Broker


async def test_gateway_gives_freed_memory_back(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    given = asyncio.Event()
    monkeypatch.setattr(memory, "INTERVAL_S", 0.0)
    monkeypatch.setattr(memory, "give_back", given.set)
    async with running_gateway(GatewaySettings(redis=broker.url)), asyncio.timeout(60):
        await given.wait()
