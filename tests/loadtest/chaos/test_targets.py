"""Several disturbances on one network."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from loadtest.chaos.events import LinkDirection
from loadtest.chaos.targets import Network
from tests.loadtest.chaos.test_proxy import caller, echo_behind_a_proxy, end, say


@asynccontextmanager
async def network() -> AsyncIterator[Network]:
    async with echo_behind_a_proxy() as (_, proxy):
        yield Network(proxy)


async def test_network_is_back_when_last_outage_is_over() -> None:
    async with network() as one:
        async with one.take_away():
            async with one.take_away():
                pass
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", one.proxy.port)
        async with caller(one.proxy) as streams:
            assert await say(streams, b"hello") == b"hello"


async def test_data_passes_when_last_stall_is_over() -> None:
    async with network() as one, caller(one.proxy) as streams:
        with one.stall():
            with one.stall():
                waiting = asyncio.create_task(say(streams, b"hello"))
                await asyncio.sleep(0)
            async with network() as other, caller(other.proxy) as beside:
                await say(beside, b"hello")
            assert not waiting.done()
        assert await waiting == b"hello"


async def test_delays_add_up_and_end() -> None:
    pauses: list[float] = []
    async with network() as one, caller(one.proxy) as streams:
        with one.delay(0.01, random.Random(1)), one.limit_bandwidth(1000.0):
            assert await say(streams, b"hello") == b"hello"
            pauses.append(one.pause(5))
        pauses.append(one.pause(5))
    assert 0.01 <= pauses[0] <= 0.02 and pauses[1] == 0.0


@pytest.mark.parametrize("size", [0, 3])
async def test_cut_resets_a_connection(size: int) -> None:
    async with network() as one, caller(one.proxy) as streams:
        await say(streams, b"hello")
        cut = asyncio.create_task(one.cut(size, LinkDirection.UP))
        await asyncio.sleep(0)
        streams[1].write(b"hello again")
        with pytest.raises(ConnectionResetError):
            await end(streams)
        await cut


async def test_cut_without_traffic_resets_everything_in_the_end() -> None:
    async with network() as one, caller(one.proxy) as streams:
        await say(streams, b"hello")
        await one.cut(1000, LinkDirection.UP, within_s=0.01)
        with pytest.raises(ConnectionResetError):
            await end(streams)


async def test_half_open_connection_is_reset_in_the_end() -> None:
    async with network() as one, caller(one.proxy) as streams:
        await say(streams, b"hello")
        with one.half_open([LinkDirection.DOWN]):
            streams[1].write(b"anybody?")
            async with caller(one.proxy) as fresh:
                assert await say(fresh, b"me") == b"me"
        with pytest.raises(ConnectionResetError):
            await end(streams)
