"""WebSockets of adapters: admission, a conversation, and its end."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import structlog
from aiohttp import web

from backend.core.errors import OverQuota
from backend.dialects.sessions import DialectSessions
from backend.http.access import AdmittedRequest, admit
from backend.http.responses import abort
from runtime import logger_names
from runtime.event_names import LogEvent

log = structlog.get_logger(logger_names.BACKEND_DIALECTS)

_SEND_S: Final = 30.0


class Conversation(Protocol):
    """Conversation of an adapter over one connection."""

    async def run(self) -> None:
        """Handle messages until the client leaves. Raises ``ConnectionError`` or ``TimeoutError``."""

    async def close(self) -> None:
        """Leave what has not ended. Safe to call twice."""


async def serve_socket(
    request: web.Request,
    sessions: DialectSessions,
    socket: web.WebSocketResponse,
    begin: Callable[[AdmittedRequest], Conversation],
) -> web.WebSocketResponse:
    """Converse until the client leaves or its key is revoked. Raises ``ProtocolError`` or ``OverQuota`` before."""
    visit = admit(request)
    if refusal := sessions.refusal(visit):
        raise OverQuota(refusal)
    await socket.prepare(request)
    with visit.present(lambda: abort(request)):
        conversation = begin(visit)
        try:
            await conversation.run()
        except (ConnectionError, TimeoutError):  # gone, or it does not read
            log.info(LogEvent.REQUEST_ABORTED, path=request.path)
        finally:
            await conversation.close()
    return socket


async def send_text(socket: web.WebSocketResponse, text: str) -> None:
    """Send a message. Raises ``TimeoutError`` if the client does not read, ``ConnectionError`` if it is gone."""
    async with asyncio.timeout(_SEND_S):
        await socket.send_str(text)
