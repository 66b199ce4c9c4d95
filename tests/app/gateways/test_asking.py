"""A gateway is asked how it is: one that answers, one nobody works for, one with another key, and none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from app.gateways.asking import ask
from app.gateways.view import Answer, Health
from app.view import Note
from client.connection import Address

KEY = "a-key"
WORKER = {"worker": "w", "state": "idle", "engine": "whisper", "model": "whisper-base", "device": "RTX 5060 Ti"}


@asynccontextmanager
async def gateway(
    ready: str = '{"ready": true, "workers": 1}', *, kind: str = "application/json", status: int = 200
) -> AsyncIterator[str]:
    """What ``backend.gateway`` answers; its address."""

    async def readiness(request: web.Request) -> web.Response:
        return web.Response(status=status, text=ready, content_type=kind)

    async def workers(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"error": "unauthorised"}, status=401)
        return web.json_response({"workers": [WORKER]})

    app = web.Application()
    app.add_routes([web.get("/readyz", readiness), web.get("/v1/workers", workers)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_one_that_is_well() -> None:
    async with gateway() as url:
        answer = await ask(Address(url + "/", KEY))
    assert (answer.health, answer.workers, answer.note) == (Health.WELL, ("RTX 5060 Ti · whisper-base",), None)
    assert answer.latency_ms > 0


async def test_one_without_anybody_and_one_that_is_going_away() -> None:
    async with gateway('{"ready": false}', status=503) as url:
        assert (await ask(Address(url, KEY))).health is Health.NOBODY
    async with gateway('{"ready": false, "draining": true}', status=503) as url:
        assert (await ask(Address(url, KEY))).health is Health.AWAY


async def test_one_that_will_not_have_us_and_one_that_is_away() -> None:
    async with gateway() as url:
        assert await ask(Address(url, "another")) == Answer(Health.REFUSED, note=Note("gateway-unauthorised"))
    assert await ask(Address(url, KEY)) == Answer(Health.AWAY, note=Note("gateway-unreachable"))


@pytest.mark.parametrize(
    ("ready", "kind", "status"),
    [("<html>", "text/html", 200), ("{", "application/json", 200), ("{}", "application/json", 404)],
)
async def test_something_else_answers(ready: str, kind: str, status: int) -> None:
    async with gateway(ready, kind=kind, status=status) as url:
        assert await ask(Address(url, KEY)) == Answer(Health.REFUSED, note=Note("gateway-refuses"))


async def test_a_pinned_one_is_asked_over_tls_only() -> None:
    async with gateway() as url:
        answer = await ask(Address(url, KEY, certificate_sha256="0" * 64))
    assert answer.health is Health.REFUSED
