"""aiohttp's runner, with the common form of errors even for requests that are not HTTP, and with deadlines.

aiohttp answers such requests in plain text and logs a traceback, which is too much for stray connections. It
waits an hour for the first request of a connection. Only private interfaces can change the answers; a test notices
if they move.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

from aiohttp import web
from aiohttp.http import RawRequestMessage

from backend.http.masking import MaskedFrames
from backend.http.responses import error_response
from protocol.errors import ErrorCode
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.BACKEND_HTTP_RUNNER

_CODES: Final = {413: ErrorCode.TOO_LARGE, 500: ErrorCode.INTERNAL}


HEAD_S: Final = 15.0
"""Time for the head of the first request. Browsers open connections in advance, and replace closed ones."""
IDLE_S: Final = 300.0
"""Time for the whole head of the next request; longer than proxies usually keep connections."""


class JsonRunner(web.AppRunner):
    """``web.AppRunner`` that uses the handler of this module."""

    def __init__(self, app: web.Application, **options: Any) -> None:
        super().__init__(app, keepalive_timeout=IDLE_S, **options)

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _Server
        return server


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)


class _Handler(web.RequestHandler):
    __slots__ = ("_head_due",)
    _head_due: asyncio.TimerHandle | None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._head_due = asyncio.get_running_loop().call_later(HEAD_S, self._require_head)

    def data_received(self, data: bytes) -> None:
        """Stop waiting for the head of a request once there was one; end a body that turns out damaged."""
        super().data_received(data)
        if self._request_count:
            self._stop_waiting()
        if self._messages and not isinstance(self._messages[-1][0], RawRequestMessage):  # an error
            self._break_off_bodies()

    def _break_off_bodies(self) -> None:
        """Tell readers of unfinished bodies that no more comes; aiohttp would let them wait."""
        bodies = [body for _, body in self._messages]
        if self._current_request is not None:
            bodies.append(self._current_request.content)
        for body in bodies:
            if not body.is_eof():
                body.set_exception(web.RequestPayloadError("the body is damaged"))

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop waiting for a request."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _stop_waiting(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _require_head(self) -> None:
        if not self._request_count:
            self.force_close()

    def set_parser(self, parser: Any, data_received_cb: Callable[[], None] | None = None) -> None:
        """Install the WebSocket parser behind a check for masked frames."""
        super().set_parser(cast(Any, MaskedFrames(parser)), data_received_cb)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log an uncaught error; a body that breaks off or cannot be decoded is the client's fault."""
        error = kw.get("exc_info")
        if isinstance(error, web.RequestPayloadError):
            log.info(LogEvent.REQUEST_MALFORMED, status=400, error=type(error).__name__)
        else:
            super().log_exception(*args, **kw)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that is not valid HTTP or broke off."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun, there is no place for another one")
        if isinstance(exc, UnicodeEncodeError):  # aiohttp would repeat a header that is not UTF-8
            status = 400
        log.info(LogEvent.REQUEST_MALFORMED, peer=request.remote, status=status, error=type(exc).__name__)
        code = _CODES.get(status, ErrorCode.MALFORMED)
        response = error_response(status, code, "this is not valid HTTP")
        response.force_close()
        return response
