"""HTTP queries of a gateway, and their result when it gives no usable answer."""

import aiohttp
import pytest
from aiohttp import web

from client.connection import Address
from client.errors import GatewayError, Refused, TryLater, Unauthorised
from loadtest.core.asking import READY, WORKERS, answer, ask
from tests.helpers.web_server import serving


@pytest.mark.parametrize(("said", "heard"), [('{"a": 1}', {"a": 1}), ("[1]", {}), ("{", {}), ("", {})])
async def test_ask_returns_empty_for_unusable_answers(said: str, heard: dict[str, int]) -> None:
    async def say(request: web.Request) -> web.Response:
        return web.Response(text=said, status=503)

    async with serving(web.get(READY, say)) as url, aiohttp.ClientSession() as http:
        assert await ask(http, Address(url + "/"), READY) == heard


@pytest.mark.parametrize(
    ("status", "said", "path", "error"),
    [
        (401, '{"error": {}}', WORKERS, Unauthorised),
        (503, "{}", WORKERS, TryLater),
        (503, "<html>", READY, TryLater),
        (200, "<html>", READY, Refused),
        (404, "{}", READY, Refused),
    ],
)
async def test_answer_raises_typed_error_for_unusable_answers(
    status: int, said: str, path: str, error: type[GatewayError]
) -> None:
    async def say(request: web.Request) -> web.Response:
        return web.Response(text=said, status=status)

    async with serving(web.get(path, say)) as url, aiohttp.ClientSession() as http:
        with pytest.raises(error):
            await answer(http, Address(url), path)
        assert await ask(http, Address(url), path) == {}


async def test_ask_returns_empty_when_no_server_listens() -> None:
    async with aiohttp.ClientSession() as http:
        assert await ask(http, Address("http://127.0.0.1:9"), "/x") == {}
