"""Queries of a gateway: one that is well, one without workers, one with another key, and one that is away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from app.core.errors import Note
from app.gateways.view import GatewayHealth, QueryResult
from app.gateways.watcher import ask
from client.connection import Address
from tests.helpers.web_server import serving

KEY = "a-key"
WORKER = {"worker": "w", "state": "idle", "engine": "whisper", "model": "whisper-base", "device": "RTX 5060 Ti"}


@asynccontextmanager
async def gateway(
    ready: str | bytes = '{"ready": true, "workers": 1}', *, kind: str = "application/json", status: int = 200
) -> AsyncIterator[str]:
    """Serve the answers of ``backend.gateway``, and yield the address."""

    async def readiness(request: web.Request) -> web.Response:
        return web.Response(status=status, body=ready, content_type=kind)

    async def workers(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"error": "unauthorised"}, status=401)
        return web.json_response({"workers": [WORKER]})

    async with serving(web.get("/readyz", readiness), web.get("/v1/workers", workers)) as url:
        yield url


async def test_ask_reports_health_workers_and_latency() -> None:
    async with gateway() as url:
        answer = await ask(Address(url + "/", KEY))
    assert (answer.health, answer.workers, answer.note) == (
        GatewayHealth.WELL,
        ("RTX 5060 Ti · whisper-base",),
        None,
    )
    assert answer.latency_ms > 0


async def test_ask_distinguishes_missing_workers_from_draining() -> None:
    async with gateway('{"ready": false}', status=503) as url:
        assert (await ask(Address(url, KEY))).health is GatewayHealth.NO_WORKER
    async with gateway('{"ready": false, "draining": true}', status=503) as url:
        assert (await ask(Address(url, KEY))).health is GatewayHealth.AWAY


async def test_ask_distinguishes_a_wrong_key_from_an_unreachable_gateway() -> None:
    async with gateway() as url:
        assert await ask(Address(url, "another")) == QueryResult(
            GatewayHealth.REFUSED, note=Note("gateway-unauthorised")
        )
    assert await ask(Address(url, KEY)) == QueryResult(GatewayHealth.AWAY, note=Note("gateway-unreachable"))


@pytest.mark.parametrize(
    ("ready", "kind", "status"),
    [
        ("<html>", "text/html", 200),
        ("{", "application/json", 200),
        ("{}", "application/json", 404),
        (b'{"ready": "\xff"}', "application/json", 200),
        (f'{{"x": {"[" * 100_000}', "application/json", 200),
    ],
)
async def test_ask_reports_an_answer_that_is_not_of_a_gateway(ready: str | bytes, kind: str, status: int) -> None:
    async with gateway(ready, kind=kind, status=status) as url:
        assert await ask(Address(url, KEY)) == QueryResult(GatewayHealth.REFUSED, note=Note("gateway-refuses"))


async def test_gateway_with_a_certificate_is_queried_only_over_tls() -> None:
    async with gateway() as url:
        answer = await ask(Address(url, KEY, certificate_sha256="0" * 64))
    assert answer.health is GatewayHealth.REFUSED


@pytest.mark.parametrize("host", ["gateway..local", f"{'a' * 64}.local"])
async def test_host_that_cannot_exist_is_refused(host: str) -> None:
    assert await ask(Address(f"https://{host}:8765", KEY)) == QueryResult(
        GatewayHealth.REFUSED, note=Note("gateway-refuses")
    )
