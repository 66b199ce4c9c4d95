"""Whoever can do without an answer gets nothing in its place."""

import aiohttp
import pytest
from aiohttp import web

from client.connection import Address
from loadtest.asking import ask
from tests.helpers.web_server import serving


@pytest.mark.parametrize(("said", "heard"), [('{"a": 1}', {"a": 1}), ("[1]", {}), ("{", {}), ("", {})])
async def test_an_answer_that_cannot_be_used_is_none(said: str, heard: dict[str, int]) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=said, status=503)

    async with serving(web.get("/x", answer)) as url, aiohttp.ClientSession() as http:
        assert await ask(http, Address(url + "/"), "/x") == heard


async def test_nobody_there_is_no_answer() -> None:
    async with aiohttp.ClientSession() as http:
        assert await ask(http, Address("http://127.0.0.1:9"), "/x") == {}
