"""Sessions of aiohttp that follow no redirect."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from runtime.tls import no_redirects
from tests.helpers.web_server import serving
from worker.broker.tunnel import Tunnel, carrier

ANY = "/{path:.*}"


@asynccontextmanager
async def redirecting() -> AsyncIterator[tuple[str, list[str]]]:
    """Serve an address that redirects everything; the list has the requests that arrive elsewhere."""
    asked = list[str]()

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": f"{other}/there"})

    async with serving(web.get(ANY, elsewhere)) as other, serving(web.get(ANY, redirect)) as url:
        yield url, asked


async def test_websocket_follows_no_redirect() -> None:
    async with redirecting() as (url, asked), aiohttp.ClientSession(trace_configs=[no_redirects()]) as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
            await http.ws_connect(url)
    assert (raised.value.status, asked) == (307, [])


async def test_tunnel_of_a_worker_follows_no_redirect() -> None:
    async with redirecting() as (url, asked), Tunnel(carrier(url.replace("http", "ws"), "key")) as tunnel:
        with pytest.raises(OSError, match="the gateway answers 307"):
            await tunnel.dial()
    assert asked == []
