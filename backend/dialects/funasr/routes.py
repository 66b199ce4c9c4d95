"""The routes of FunASR's protocol: its clients connect to the root of a server."""

from typing import Final

from aiohttp import web

from backend.dialects.funasr.stream import SUBPROTOCOL, serve_funasr
from backend.dialects.sessions import DialectSessions

FUNASR_PATH: Final = "/v1/funasr"


def funasr_routes(sessions: DialectSessions) -> list[web.RouteDef]:
    """Return the routes; at the root only the upgrade to a WebSocket is answered."""

    async def serve(request: web.Request) -> web.StreamResponse:
        if not web.WebSocketResponse(protocols=(SUBPROTOCOL,)).can_prepare(request):
            raise web.HTTPNotFound
        return await serve_funasr(request, sessions)

    return [web.get(FUNASR_PATH, serve), web.get("/", serve)]
