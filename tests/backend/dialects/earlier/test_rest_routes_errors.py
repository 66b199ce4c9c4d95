"""Errors in the earlier server's shape."""

import json

from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from backend.core.errors import OverQuota
from backend.core.refusal import Refusal, RefusalReason
from backend.dialects.earlier.rest_routes import in_their_shape


async def answered(error: Exception | None) -> web.Response:
    """Return what a handler answers that raises this error."""

    async def handler(request: web.Request) -> web.StreamResponse:
        if error is not None:
            raise error
        return web.json_response({"fine": True})

    response = await in_their_shape(handler)(make_mocked_request("GET", "/"))
    assert isinstance(response, web.Response)
    return response


async def test_refusal_says_error_and_when_to_come_again() -> None:
    response = await answered(OverQuota(Refusal(503, RefusalReason.LOAD, "busy now", 3.0)))
    assert (response.status, "Retry-After" in response.headers) == (503, True)
    assert json.loads(response.text or "") == {"error": "busy now", "details": "busy"}


async def test_answer_without_error_stays() -> None:
    assert json.loads((await answered(None)).text or "") == {"fine": True}
