"""Test the proxy on connections to an echo server."""

import asyncio
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from loadtest.chaos.events import LinkDirection
from loadtest.chaos.proxy import Streams, TcpProxy, tcp_proxy, to_port
from tests.helpers.waiting import wait_until

BROKEN = (ConnectionError, IncompleteReadError)


class Echo:
    """A server that repeats its input; ``heard``: all input, ``left``: number of ended connections."""

    def __init__(self) -> None:
        self.heard = b""
        self.left = 0

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while data := await reader.read(1024):
                self.heard += data
                writer.write(data)
        except ConnectionError:
            pass
        self.left += 1
        writer.close()


@asynccontextmanager
async def echo_behind_a_proxy() -> AsyncIterator[tuple[Echo, TcpProxy]]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    try:
        async with tcp_proxy(to_port(server.sockets[0].getsockname()[1])) as proxy:
            yield echo, proxy
    finally:
        server.close()


@asynccontextmanager
async def caller(proxy: TcpProxy) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def say(streams: Streams, text: bytes) -> bytes:
    async with asyncio.timeout(30):
        streams[1].write(text)
        return await streams[0].readexactly(len(text))


async def end(streams: Streams) -> bytes:
    """Return the remaining data; raise on a reset."""
    async with asyncio.timeout(30):
        return await streams[0].read()


async def test_proxy_carries_data_and_end() -> None:
    async with echo_behind_a_proxy() as (echo, proxy), caller(proxy) as streams:
        assert await say(streams, b"hello") == b"hello"
        assert (proxy.accepted, proxy.sound) == (1, 1)
        streams[1].write_eof()
        assert await end(streams) == b""
        await wait_until(lambda: echo.left == 1 and not proxy.sound, "the server has seen the end")


async def test_proxy_resets_and_refuses_while_down_and_keeps_its_port() -> None:
    async with echo_behind_a_proxy() as (echo, proxy):
        async with caller(proxy) as streams:
            await say(streams, b"hello")
            await proxy.down()
            with pytest.raises(ConnectionResetError):
                await end(streams)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", proxy.port)
            await wait_until(lambda: echo.left == 1, "the server has seen it")
        await proxy.up()
        async with caller(proxy) as streams:
            assert await say(streams, b"again") == b"again"


async def test_cut_comes_after_exact_number_of_bytes() -> None:
    async with echo_behind_a_proxy() as (echo, proxy), caller(proxy) as streams:
        cut = asyncio.create_task(proxy.cut_after(7, LinkDirection.UP))
        assert await say(streams, b"four") == b"four"
        with pytest.raises(BROKEN):
            await say(streams, b"four more")
        await cut
        await wait_until(lambda: echo.left == 1, "the server has seen the end")
        assert echo.heard == b"fourfou"
        async with caller(proxy) as again:
            cut = asyncio.create_task(proxy.cut_after(3, LinkDirection.DOWN))
            await asyncio.sleep(0)
            again[1].write(b"hello")
            assert await end(again) == b"hel"
            await cut


@pytest.mark.parametrize("way", LinkDirection)
async def test_half_open_connection_is_silent(way: LinkDirection) -> None:
    async with echo_behind_a_proxy() as (echo, proxy), caller(proxy) as streams, caller(proxy) as ending:
        await say(streams, b"hello")
        await say(ending, b"hello")
        proxy.half_open({way})
        streams[1].write(b"anybody?")
        ending[1].transport.abort()
        async with caller(proxy) as fresh:  # a round trip on another connection shows that enough time has passed
            assert await say(fresh, b"me") == b"me"
            assert proxy.sound == 1
        await wait_until(
            lambda: echo.left == (2 if way is LinkDirection.DOWN else 1), "only sound ways carry an end"
        )
        assert (b"anybody?" in echo.heard) is (way is LinkDirection.DOWN)
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            await end(streams)


async def test_stalled_or_delayed_data_arrives_late_and_complete() -> None:
    sizes: list[int] = []

    def short(size: int) -> float:
        sizes.append(size)
        return 0.001

    async with (
        echo_behind_a_proxy() as (echo, proxy),
        echo_behind_a_proxy() as (_, other),
        caller(proxy) as streams,
        caller(other) as beside,
    ):
        await say(streams, b"hello")
        proxy.stall()
        proxy.delay(short)
        other.delay(lambda size: 0.001)
        waiting = asyncio.create_task(say(streams, b"later"))
        await say(beside, b"me")  # takes as long as the other would without the stall
        assert not waiting.done() and echo.heard == b"hello"
        proxy.flow()
        assert await waiting == b"later"
        assert sizes == [5, 5]
