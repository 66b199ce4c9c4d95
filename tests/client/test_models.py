"""List of a gateway's loaded models, and the errors when it is unavailable."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from client.connection import Address
from client.errors import GatewayError, Refused, Unauthorised, Unreachable
from client.models import MODELS_PATH, LoadedModel, loaded_models


@asynccontextmanager
async def answering(status: int, text: str, keys: list[str]) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        keys.append(request.headers.get("Authorization", ""))
        return web.Response(status=status, text=text)

    application = web.Application()
    application.router.add_get(MODELS_PATH, answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/"
    finally:
        await runner.cleanup()


async def test_loaded_models_are_unique_and_sorted() -> None:
    keys = list[str]()
    listed = '{"models": [{"model": "b", "languages": [], "needs_context": true}, {"model": "a"}, {}], "new": 1}'
    async with answering(200, listed, keys) as url:
        expected = (LoadedModel("a"), LoadedModel("b", needs_context=True))
        assert await loaded_models(Address(url, "secret")) == expected
    assert keys == ["Bearer secret"]


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [(401, "", Unauthorised), (404, "", Refused), (503, "", Unreachable), (200, "no json", Refused)],
)
async def test_unexpected_models_answer_raises_typed_error(
    status: int, text: str, error: type[GatewayError]
) -> None:
    async with answering(status, text, []) as url:
        with pytest.raises(error):
            await loaded_models(Address(url))


async def test_loaded_models_raises_unreachable_when_no_server_listens() -> None:
    with pytest.raises(Unreachable):
        await loaded_models(Address("http://127.0.0.1:9"))
