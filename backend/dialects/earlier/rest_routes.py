"""All REST routes of the earlier servers, and errors in their shape: ``{"error", "details"}``.

The gateway and the recognition server both have ``/health``, ``/stats`` and ``/asr/queue/status``. The answers
here have the fields of both.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from backend.admission.readiness import Readiness
from backend.dialects.earlier.views import API, health, queue_state
from backend.http.access import admit
from backend.http.responses import Handler, errors_as_json, json_response
from backend.rest.routes import history_off
from protocol.monitor import Snapshot
from protocol.rest import ErrorBody

if TYPE_CHECKING:
    from backend.history.history_thread import AsyncHistory
    from backend.rest.runner import Runner


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


def earlier_rest_routes(
    history: "AsyncHistory | None",
    runner: "Runner | None",
    readiness: Callable[[], Readiness],
    snapshot: Callable[[], Snapshot],
) -> list[web.RouteDef]:
    """Return all routes; without a history and a runner most of them say how to enable the history."""

    async def healthy(request: web.Request) -> web.Response:
        state = health(readiness(), snapshot().uptime_s)
        return json_response(state, 200 if state.status == "healthy" else 503)

    async def queue(request: web.Request) -> web.Response:
        admit(request)
        return json_response(queue_state(snapshot()))

    routes = [web.get(API + "/health", healthy), web.get(API + "/asr/queue/status", in_their_shape(queue))]
    if not (history and runner):
        return [*routes, web.route("*", API + "/{anything:.*}", in_their_shape(history_off))]
    from backend.dialects.earlier.history_routes import EarlierHistoryRoutes  # few gateways need it

    return [*routes, *EarlierHistoryRoutes(history, runner, lambda: snapshot().workers).routes()]
