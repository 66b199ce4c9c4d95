"""``/v1/funasr`` speaks FunASR's protocol; its clients may also connect to the root of the gateway."""

from typing import Final

from aiohttp import web

from backend.dialects.funasr.stream import FunasrConversation, funasr_socket
from backend.dialects.sessions import DialectSessions
from backend.dialects.sockets import serve_socket
from backend.dialects.spool import RequestFiles

FUNASR_PATH: Final = "/v1/funasr"


def funasr_routes(sessions: DialectSessions, files: RequestFiles) -> list[web.RouteDef]:
    """Return the route of this protocol."""

    async def serve(request: web.Request) -> web.StreamResponse:
        socket = funasr_socket(request)
        return await serve_socket(
            request, sessions, socket, lambda visit: FunasrConversation(socket, sessions, visit, files)
        )

    return [web.get(FUNASR_PATH, serve)]
