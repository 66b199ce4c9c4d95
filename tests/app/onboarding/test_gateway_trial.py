"""Trials of a gateway: one that answers, one with another key, and one that is away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from app.core.notes import Note
from app.onboarding.gateway_trial import GatewayTrying, look
from app.onboarding.view import GatewayTrial
from client.connection import Address
from tests.helpers.waiting import wait_until

KEY = "a-key"
WORKER = {"worker": "w", "state": "idle", "engine": "whisper", "model": "whisper-base", "device": "RTX 5060 Ti"}


@asynccontextmanager
async def gateway(*, ready: int = 200, kind: str = "application/json") -> AsyncIterator[str]:
    """Serve the answers of ``backend.gateway``, and yield the address."""

    async def readiness(request: web.Request) -> web.Response:
        return web.Response(status=ready, text='{"ready": true, "workers": 1}', content_type=kind)

    async def workers(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"error": "unauthorised"}, status=401)
        return web.json_response({"workers": [WORKER] if ready == 200 else []})

    app = web.Application()
    app.add_routes([web.get("/readyz", readiness), web.get("/v1/workers", workers)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_look_reports_workers_and_latency() -> None:
    async with gateway() as url:
        seen = await look(Address(url + "/", KEY))
    assert (seen.url, seen.reached, seen.note) == (url + "/", True, None)
    assert seen.workers == ("RTX 5060 Ti · whisper-base",)
    assert seen.latency_ms > 0


async def test_gateway_without_workers_counts_as_reached() -> None:
    async with gateway(ready=503) as url:
        seen = await look(Address(url, KEY))
    assert (seen.reached, seen.workers) == (True, ())


async def test_look_reports_the_problem() -> None:
    async with gateway() as url:
        assert await look(Address(url, "another")) == GatewayTrial(url, note=Note("gateway-unauthorised"))
    assert await look(Address(url, KEY)) == GatewayTrial(url, note=Note("gateway-unreachable"))
    for ready, kind in ((200, "text/html"), (404, "application/json")):
        async with gateway(ready=ready, kind=kind) as url:
            assert await look(Address(url, KEY)) == GatewayTrial(url, note=Note("gateway-refuses"))


async def test_gateway_is_queried_repeatedly_while_wanted() -> None:
    told: list[GatewayTrial] = []
    trying = GatewayTrying(told.append, KEY, again_s=0.01)
    async with gateway() as url:
        trying.want(url)
        assert told == [GatewayTrial(url)]
        await wait_until(lambda: sum(view.reached for view in told) > 1, "it is reached again and again")
    await wait_until(lambda: told[-1].note == Note("gateway-unreachable"), "it has gone")
    trying.want("")
    count = len(told)
    await trying.close()
    assert len(told) == count
