"""The root of the gateway, where clients of FunASR and Vosk connect. The first message shows the protocol.

A client that sends audio first speaks FunASR's.
"""

from aiohttp import WSMsgType, web

from backend.dialects.funasr.stream import FunasrConversation, funasr_socket
from backend.dialects.sessions import DialectSessions
from backend.dialects.sockets import incoming, serve_socket
from backend.dialects.spool import RequestFiles
from backend.dialects.vosk.messages import is_vosk
from backend.dialects.vosk.stream import VoskConversation
from backend.http.access import AdmittedRequest


def root_routes(sessions: DialectSessions, files: RequestFiles) -> list[web.RouteDef]:
    """Return the route of the root, where only the upgrade to a WebSocket is answered."""

    async def serve(request: web.Request) -> web.StreamResponse:
        socket = funasr_socket(request)
        if not socket.can_prepare(request):
            raise web.HTTPNotFound
        return await serve_socket(
            request, sessions, socket, lambda visit: _RootConversation(socket, sessions, visit, files)
        )

    return [web.get("/", serve)]


class _RootConversation:
    """Connection whose protocol its first message shows."""

    def __init__(
        self, socket: web.WebSocketResponse, sessions: DialectSessions, visit: AdmittedRequest, files: RequestFiles
    ) -> None:
        self._socket, self._sessions, self._visit, self._files = socket, sessions, visit, files
        self._chosen: FunasrConversation | VoskConversation | None = None

    async def run(self) -> None:
        """Choose the protocol, and converse in it."""
        async with incoming(self._socket) as messages:
            first = await messages.peek()
            if first is None:
                return
            vosk = first.type is WSMsgType.TEXT and is_vosk(first.data)
            about = self._socket, self._sessions, self._visit
            self._chosen = VoskConversation(*about) if vosk else FunasrConversation(*about, self._files)
            await self._chosen.converse(messages)

    async def close(self) -> None:
        """Leave what has not ended. Safe to call twice."""
        if self._chosen is not None:
            await self._chosen.close()
