"""Errors as the earlier server says them: ``{"error", "details"}``."""

import msgspec
from aiohttp import web

from backend.http.responses import Handler, errors_as_json
from protocol.rest import ErrorBody


def in_their_shape(handler: Handler) -> Handler:
    """Return a handler whose errors have the earlier server's shape, with the same statuses and headers."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = await errors_as_json(request, handler)
        failed = response.status >= web.HTTPBadRequest.status_code
        if not (failed and isinstance(response, web.Response) and isinstance(response.body, bytes)):
            return response
        error = msgspec.json.decode(response.body, type=ErrorBody).error
        response.body = msgspec.json.encode({"error": error.message, "details": error.code})
        return response

    return handle
