"""Run a web server for a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ssl import SSLContext

from aiohttp import web


@asynccontextmanager
async def serving(*routes: web.AbstractRouteDef, tls: SSLContext | None = None) -> AsyncIterator[str]:
    """Listen on a free port, and return the address."""
    app = web.Application()
    app.add_routes(routes)
    async with serving_app(app, tls) as url:
        yield url


@asynccontextmanager
async def serving_app(app: web.Application, tls: SSLContext | None = None) -> AsyncIterator[str]:
    """Serve an application on a free port, and return the address."""
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
