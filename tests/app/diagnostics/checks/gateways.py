"""A gateway whose replies the test chooses."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.helpers.web_server import serving

KEY = "a-key"
BROKER = {"up": True, "version": "valkey 9.1.2", "durable": True, "memory": 0.01}
READY: Mapping[str, Any] = {
    "ready": True,
    "accepting": True,
    "reasons": [],
    "draining": False,
    "broker": BROKER,
    "embedded": True,
    "workers": 1,
    "models": ["whisper-base"],
}


@asynccontextmanager
async def gateway(ready: object = READY, version: str = "", key: str = KEY) -> AsyncIterator[str]:
    """Serve these replies to ``/readyz`` and ``/v1/models``, and yield the address."""

    async def readiness(request: web.Request) -> web.Response:
        unready = isinstance(ready, Mapping) and not ready.get("ready")
        return web.json_response(ready, status=503 if unready else 200)

    async def models(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {key}":
            return web.json_response({"code": "unauthorised"}, status=401)
        said = {"version": version} if version else {}
        return web.json_response({"models": [], **said})

    async with serving(web.get("/readyz", readiness), web.get("/v1/models", models)) as url:
        yield url
