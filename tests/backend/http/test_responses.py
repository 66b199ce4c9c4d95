"""HTTP outside the streams: bounded bodies, and one form of errors."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from backend.core.errors import InvalidSettings, OverQuota, RequestRefused, UnknownDevice
from backend.core.refusal import Refusal, RefusalReason
from backend.gateway import Gateway
from backend.http.responses import (
    MOST_BODY,
    ON_REFUSAL,
    errors_as_json,
    json_response,
    read_json,
    refusal_response,
)
from protocol.devices import DeviceName
from protocol.errors import ErrorCode, Unauthorised
from tests.helpers.web_server import serving_app


@asynccontextmanager
async def answering(
    handler: Callable[[web.Request], Awaitable[web.Response]], refusals: list[RefusalReason] | None = None
) -> AsyncIterator[str]:
    app = web.Application(middlewares=[errors_as_json])
    if refusals is not None:
        app[ON_REFUSAL] = refusals.append
    app.router.add_route("*", "/", handler)
    async with serving_app(app) as url:
        yield f"{url}/"


async def test_unknown_path_and_method_have_common_error_form(
    gateway: Gateway, http: aiohttp.ClientSession
) -> None:
    async with http.get(gateway.url + "/nothing") as response:
        assert (response.status, (await response.json())["error"]["code"]) == (404, "not_found")
    async with http.post(gateway.url + "/healthz") as response:
        assert (response.status, (await response.json())["error"]["code"]) == (405, "not_allowed")
        assert response.headers["Allow"] == "GET,HEAD"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RuntimeError("the secret inside"), 500, "internal"),
        (UnknownDevice("no such device"), 404, "not_found"),
        (InvalidSettings("no name"), 400, "malformed"),
        (RequestRefused(503, ErrorCode.BUSY, "not now"), 503, "busy"),
        (RequestRefused(501, ErrorCode.HISTORY_OFF, "no history"), 501, "history_off"),
        (web.HTTPExpectationFailed(), 417, "malformed"),
        (OverQuota(Refusal(429, RefusalReason.KEY_REQUESTS, "too often", 3.0)), 429, "busy"),
    ],
)
async def test_errors_are_reported_without_internal_details(error: Exception, status: int, code: str) -> None:
    async def broken(request: web.Request) -> web.Response:
        raise error

    async with answering(broken) as url, aiohttp.ClientSession() as http, http.get(url) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (status, code)
        assert "secret" not in await response.text()


@pytest.mark.parametrize(
    ("error", "reasons"),
    [
        (OverQuota(Refusal(429, RefusalReason.KEY_REQUESTS, "too often", 3.0)), [RefusalReason.KEY_REQUESTS]),
        (Unauthorised("no key"), [RefusalReason.KEY]),
        (UnknownDevice("no such device"), []),
    ],
)
async def test_refusal_is_counted_once(error: Exception, reasons: list[RefusalReason]) -> None:
    async def refusing(request: web.Request) -> web.Response:
        raise error

    counted: list[RefusalReason] = []
    async with answering(refusing, counted) as url, aiohttp.ClientSession() as http, http.get(url):
        assert counted == reasons


async def name_of(request: web.Request) -> web.Response:
    return json_response(await read_json(request, DeviceName))


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 100):
        yield b"x" * 100


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"name": "n", "new": 1}', 200),
        (b"", 400),
        (b'{"name": 1}', 400),
        (b"\xff", 400),
        (b'{"name": "' + b"x" * (MOST_BODY - 12) + b'"}', 200),
        (b'{"name": "' + b"x" * MOST_BODY + b'"}', 413),
    ],
)
async def test_bodies_are_typed_and_bounded(http: aiohttp.ClientSession, body: bytes, status: int) -> None:
    async with answering(name_of) as url, http.post(url, data=body) as response:
        assert response.status == status


async def test_body_without_length_is_bounded(http: aiohttp.ClientSession) -> None:
    async with answering(name_of) as url, http.post(url, data=chunks(MOST_BODY * 2)) as response:
        assert response.status == 413


def test_retry_delays_are_spread() -> None:
    waits = {
        int(refusal_response(Refusal(503, RefusalReason.LOAD, "busy", 10.0)).headers["Retry-After"])
        for _ in range(200)
    }
    assert min(waits) >= 10 and max(waits) <= 20 and len(waits) > 3
    soon = refusal_response(Refusal(429, RefusalReason.KEY_REQUESTS, "busy", 0.01)).headers["Retry-After"]
    assert soon == "1", "0 would mean at once, which is too early"
