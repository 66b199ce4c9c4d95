"""Answers to a request, and the errors when there is none."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from msgspec import Struct

from client.connection import Address
from client.errors import GatewayError, Refused, Unauthorised, Unreachable
from client.request import MOST_BYTES, request, requests
from tests.helpers.web_server import serving

PATH = "/v1/thing"


class Thing(Struct, frozen=True):
    name: str


@asynccontextmanager
async def answering(
    path: str, status: int, text: str | bytes, keys: list[str], kind: str = "application/json"
) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        keys.append(request.headers.get("Authorization", ""))
        return web.Response(status=status, body=text or await request.text(), content_type=kind)

    async with serving(web.route("*", path, answer)) as url:
        yield f"{url}/"


@pytest.mark.parametrize("expected", [(200,), (200, 503)])
async def test_answer_is_decoded_if_its_status_is_expected(expected: Sequence[int]) -> None:
    keys = list[str]()
    async with answering(PATH, expected[-1], "", keys) as url:
        address = Address(url, "secret")
        echo = await request(address, f"POST {PATH}", Thing, Thing("an echo"), expected=expected)
    assert (echo, keys) == (Thing("an echo"), ["Bearer secret"])


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (401, "", Unauthorised),
        (404, "", Refused),
        (503, "", Unreachable),
        (200, "no json", Refused),
        (200, b'{"name": "\xff"}', Refused),
        (200, "[" * 100_000, Refused),
    ],
)
async def test_unexpected_answer_raises_typed_error(
    status: int, text: str | bytes, error: type[GatewayError]
) -> None:
    async with answering(PATH, status, text, []) as url:
        with pytest.raises(error):
            await request(Address(url), f"GET {PATH}", Thing)


async def test_expected_status_of_a_proxy_is_no_answer_of_the_gateway() -> None:
    async with answering(PATH, 503, "<p>Come back later", [], "text/html") as url:
        with pytest.raises(Unreachable):
            await request(Address(url), f"GET {PATH}", Thing, expected=(200, 503))


async def test_several_requests_use_one_connection() -> None:
    ends = set[object]()

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        ends.add(request.transport.get_extra_info("peername"))
        return web.json_response({"name": request.method})

    async with serving(web.route("*", PATH, answer)) as url, requests(Address(url)) as http:
        for method in ("GET", "POST"):
            assert await http.ask(f"{method} {PATH}", Thing) == Thing(method)
    assert len(ends) == 1


async def test_request_raises_unreachable_when_no_server_listens() -> None:
    with pytest.raises(Unreachable):
        await request(Address("http://127.0.0.1:9"), f"GET {PATH}", Thing)


async def test_answer_without_end_is_refused_before_it_fills_the_memory() -> None:
    async with answering(PATH, 200, b" " * (MOST_BYTES + 1), []) as url:
        with pytest.raises(Refused, match="more than"):
            await request(Address(url), f"GET {PATH}", Thing)
