"""``/v1/vosk`` speaks Vosk's protocol; ``?sample_rate=`` is for clients that send no configuration."""

from typing import Final

from aiohttp import web
from msgspec.structs import replace

from backend.dialects.sessions import DialectSessions
from backend.dialects.sockets import AdapterSocket, serve_socket
from backend.dialects.vosk.messages import VoskConfig, vosk_rate
from backend.dialects.vosk.stream import VoskConversation
from backend.http.access import AdmittedRequest

VOSK_PATH: Final = "/v1/vosk"
_HEARTBEAT_S: Final = 60.0


def vosk_routes(sessions: DialectSessions) -> list[web.RouteDef]:
    """Return the route of this protocol."""

    async def serve(request: web.Request) -> web.StreamResponse:
        rate = vosk_rate(request.query.get("sample_rate", str(VoskConfig().rate)))
        socket = AdapterSocket(_HEARTBEAT_S)

        def begin(visit: AdmittedRequest) -> VoskConversation:
            conversation = VoskConversation(socket, sessions, visit)
            conversation.config = replace(conversation.config, rate=rate)
            return conversation

        return await serve_socket(request, sessions, socket, begin)

    return [web.get(VOSK_PATH, serve)]
