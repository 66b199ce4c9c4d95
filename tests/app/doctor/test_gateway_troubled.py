"""Real brokers that answer and take nothing: what is said of them."""

import asyncio
from pathlib import Path
from uuid import uuid4

from redis.asyncio import Redis

from app.doctor.finding import Finding
from app.doctor.gateway import Expected, gateway
from protocol.endpoint import Endpoint
from tests.app.doctor.found import keys
from tests.helpers.chain import running_chain
from tests.helpers.conversation import conversation
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until


async def examined(endpoint: Endpoint, folder: Path) -> list[Finding]:
    return await gateway(endpoint, folder, Expected(""))


async def test_doctor_says_of_a_full_broker_that_it_is_full(tmp_path: Path, broker: Broker) -> None:
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = await asyncio.to_thread(chain.gateway)
        chain.worker()
        async with conversation(endpoint, uuid4()) as (talk, _), Redis.from_url(broker.url) as redis:
            await talk.segment(0, bytes(32_000))
            await talk.final(0)
            await redis.config_set("maxmemory", "1")
            await talk.segment(1, bytes(32_000))

            async def full() -> bool:
                return "problem broker-full" in keys(await examined(endpoint, tmp_path))

            await wait_until(full, "it says so")
            found = keys(await examined(endpoint, tmp_path))
            await redis.config_set("maxmemory", "0")
            await talk.final(1)
    assert found[0] == "problem gateway-without-broker" and "problem broker-away" not in found
