"""The REST routes of a gateway and their OpenAPI document.

A gateway for one user starts faster without them: their modules are loaded only if there is a history.
"""

from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import hdrs, web

from backend.core.errors import RequestRefused
from backend.http.access import admit
from protocol.errors import ErrorCode
from protocol.rest import EXPORT_PATH, OPENAPI_PATH, SEARCH_PATH, SESSIONS_PATH, USAGE_PATH

if TYPE_CHECKING:
    from backend.history.history_thread import AsyncHistory
    from backend.rest.runner import Runner

_ONE: Final = SESSIONS_PATH + "/{id}"
_GETS: Final = (SESSIONS_PATH, _ONE, _ONE + "/result", SEARCH_PATH, EXPORT_PATH, USAGE_PATH)
_POSTS: Final = (SESSIONS_PATH, _ONE + "/cancel", _ONE + "/retry")
_OFF: Final = "this gateway keeps no history: start it with --history on"


def rest_routes(history: "AsyncHistory | None", runner: "Runner | None") -> list[web.RouteDef]:
    """Return all routes; without a history and a runner they respond how to enable it."""
    return [web.get(OPENAPI_PATH, _openapi), *(_with(history, runner) if history and runner else _without())]


def _with(history: "AsyncHistory", runner: "Runner") -> list[web.RouteDef]:
    from backend.rest.file_routes import FileRoutes
    from backend.rest.history_routes import HistoryRoutes
    from backend.rest.scope import Archive

    archive = Archive(history)
    reading = HistoryRoutes(archive, runner.has, runner.check_session)
    return [*reading.routes(), *FileRoutes(archive, runner).routes()]


def _without() -> list[web.RouteDef]:
    return [
        *(web.get(path, history_off) for path in _GETS),
        *(web.post(path, history_off) for path in _POSTS),
        web.route(hdrs.METH_DELETE, _ONE, history_off),
    ]


async def history_off(request: web.Request) -> web.StreamResponse:
    """Say how to enable the history. Raises ``RequestRefused``."""
    admit(request)
    raise RequestRefused(501, ErrorCode.HISTORY_OFF, _OFF)


async def _openapi(request: web.Request) -> web.Response:
    return web.Response(body=_document(), content_type="application/json")


@cache
def _document() -> bytes:
    from backend.rest.openapi import document

    return msgspec.json.encode(document())
