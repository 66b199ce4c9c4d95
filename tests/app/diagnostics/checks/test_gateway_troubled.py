"""Findings about a real broker that answers but accepts no writes."""

import asyncio
from pathlib import Path
from uuid import uuid4

from redis.asyncio import Redis

from app.diagnostics.checks.finding import Finding
from app.diagnostics.checks.gateway import Expected, gateway
from protocol.endpoint import Endpoint
from tests.app.diagnostics.checks.found import keys
from tests.helpers.chain import running_chain
from tests.helpers.conversation import conversation
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until


async def examined(endpoint: Endpoint, folder: Path) -> list[Finding]:
    return await gateway(endpoint, folder, Expected(""))


async def test_gateway_check_notices_full_broker(tmp_path: Path, broker: Broker) -> None:
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = await asyncio.to_thread(chain.gateway)
        chain.worker()
        async with conversation(endpoint, uuid4()) as (talk, _), Redis.from_url(broker.url) as redis:
            await talk.segment(0, bytes(32_000))
            await talk.final(0)
            await redis.config_set("maxmemory", "1")
            await talk.segment(1, bytes(32_000))
            answered = asyncio.create_task(talk.final(1))  # it reads: the gateway closes who ignores its pings

            async def full() -> list[str]:
                found = keys(await examined(endpoint, tmp_path))
                return found if {"problem gateway-without-broker", "problem broker-full"} <= set(found) else []

            found = await wait_until(full, "the next survey says so, whose writing is refused, and the memory too")
            await redis.config_set("maxmemory", "0")
            await answered
    assert "problem broker-away" not in found
