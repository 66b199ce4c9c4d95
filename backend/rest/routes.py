"""The REST interface of a gateway: its routes, and its document."""

from collections.abc import Callable
from functools import cache

import msgspec
from aiohttp import web

from backend.history.keeper import History
from backend.rest.file_routes import FileRoutes
from backend.rest.history_routes import HistoryRoutes
from backend.rest.runner import Runner
from backend.rest.scope import Archive
from protocol.rest import OPENAPI_PATH


def rest_routes(history: History | None, runner: Runner | None) -> list[web.RouteDef]:
    """All of them; without a history and a runner they say how to have one."""
    archive = Archive(history if runner else None)
    here: Callable[[str], bool] = runner.has if runner else lambda _: False
    changed: Callable[[str], None] = runner.changed if runner else lambda _: None
    return [
        web.get(OPENAPI_PATH, _openapi),
        *HistoryRoutes(archive, here, changed).routes(),
        *FileRoutes(archive, runner).routes(),
    ]


async def _openapi(request: web.Request) -> web.Response:
    return web.Response(body=_document(), content_type="application/json")


@cache
def _document() -> bytes:
    from backend.rest.openapi import document  # late: few ask

    return msgspec.json.encode(document())
