"""The route for recordings of the earlier server's protocol."""

from typing import Final

from aiohttp import web

from backend.dialects.earlier.conversation import ANSWER_S, PATH, EarlierConversation
from backend.dialects.earlier.errors import in_their_shape
from backend.dialects.sessions import DialectSessions
from backend.dialects.sockets import serve_socket
from backend.http.access import AdmittedRequest
from backend.http.responses import abort

_HEARTBEAT_S: Final = 40.0
"""A ping after this silence; a client that does not answer within half of it is gone."""
_MOST_BYTES: Final = 4 * 1024 * 1024


def earlier_routes(sessions: DialectSessions, answer_s: float = ANSWER_S) -> list[web.RouteDef]:
    """Return the route; what is refused before the upgrade says why, as the earlier server does.

    ``answer_s``: how long a client waits for a whole text.
    """

    async def serve(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, max_msg_size=_MOST_BYTES)

        def begin(visit: AdmittedRequest) -> EarlierConversation:
            return EarlierConversation(socket, sessions, visit, lambda: abort(request), answer_s)

        return await serve_socket(request, sessions, socket, begin)

    return [web.get(PATH, in_their_shape(serve))]
