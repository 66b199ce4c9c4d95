"""Speech is cancelled once its text is no longer awaited, over real sockets."""

import asyncio
from uuid import uuid4

from client.audio_store import TemporaryAudio
from client.cancellation import cancel_and_close
from client.connection import Address, fixed_locator
from client.gateway import GatewayClient
from tests.helpers.ports import free_port
from tests.helpers.scripted_gateway import keeping_back_after, scripted
from tests.helpers.waiting import wait_until


async def said(client: GatewayClient, count: int) -> None:
    """Send this many segments of silence."""
    for segment in range(count):
        await client.begin(segment, segment * 1000)
        await client.audio(segment, bytes(3_200))
        await client.end(segment)


async def test_segments_without_a_result_are_cancelled() -> None:
    async with scripted(keeping_back_after(1)) as gateway:
        with TemporaryAudio() as store:
            async with GatewayClient(fixed_locator(Address(gateway.url)), uuid4(), store) as client:
                await said(client, 3)
                await wait_until(lambda: gateway.memory.received == [0], "one of three is recognised")
                assert list(client.open) == [1, 2]
                await cancel_and_close(client)
                assert not list(client.open) and client._task is not None and client._task.done()
                await cancel_and_close(client)
        assert gateway.memory.received == [0, 1, 2]


async def test_gateway_that_cannot_be_reached_delays_the_end_only_briefly() -> None:
    with TemporaryAudio() as store:
        async with GatewayClient(
            fixed_locator(Address(f"http://127.0.0.1:{free_port()}")), uuid4(), store
        ) as client:
            await said(client, 1)
            async with asyncio.timeout(30):
                await cancel_and_close(client)
