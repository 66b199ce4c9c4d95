"""Ends of a load maker's event loop, and processes with an order on their input."""

import asyncio
import os
import signal
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from msgspec import Struct

from loadtest.core.load_process import run_loop, running_module
from runtime.tls import tls_end
from tests.helpers.https_server import https_server


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_loop_returns_false_when_a_signal_cancels_it(number: signal.Signals) -> None:
    cleaned = list[bool]()

    async def wait() -> None:
        try:
            asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)

    assert run_loop(wait()) is False
    assert cleaned == [True]


def test_run_loop_returns_true_at_the_end() -> None:
    async def nothing() -> None: ...

    assert run_loop(nothing()) is True


def test_run_loop_raises_errors() -> None:
    async def fail() -> None:
        raise ValueError("no good")

    with pytest.raises(ValueError, match="no good"):
        run_loop(fail())


@pytest.mark.parametrize("closed", [False, True])
def test_clients_in_run_loop_end_connections_over_tls(closed: bool, tmp_path: Path) -> None:
    """Sockets of uvloop, the loop of load makers, refuse ``shutdown``."""
    codes = list[int | None]()

    async def stream() -> None:
        ended = asyncio.Event()

        async def listen(request: web.Request) -> web.WebSocketResponse:
            served = web.WebSocketResponse()
            await served.prepare(request)
            await served.receive()
            codes.append(served.close_code)
            ended.set()
            return served

        async with https_server(tmp_path) as server, aiohttp.ClientSession() as http:
            server.answer = listen
            connection = await http.ws_connect(server.url, ssl=False)
            end = tls_end(connection.get_extra_info)
            if closed:
                await connection.close()
            end()
            await asyncio.wait_for(ended.wait(), 10)

    assert run_loop(stream()) is True
    assert codes == [1000 if closed else 1006]


class Order(Struct):
    """Order that ``json.tool`` prints."""

    count: int


async def test_module_reads_its_order_and_ends_with_the_context() -> None:
    async with running_module("json.tool", Order(3)) as (process, output):
        assert process.stdin is not None
        process.stdin.close()
        assert b'"count": 3' in await output.read()


async def test_module_is_killed_after_an_error() -> None:
    with pytest.raises(ValueError, match="no"):
        async with running_module("json.tool", Order(3)) as (process, _):
            raise ValueError("no")
    assert process.returncode is not None and process.returncode < 0
