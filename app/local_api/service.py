"""The local port: HTTP on loopback without a key. The gateway gets this device's key, over pinned TLS.

The port opens, closes and moves with the settings, and is retried while another program has it.

    async with LocalApiService(post, locate) as service:
        service.use(on=True, port=9876)      # from now on ``post`` gets a ``LocalApiView``

Everything here belongs to one loop.

A web page of any site can reach a port of this computer through the user's browser. It cannot hide that: browsers
send ``Origin`` with such requests, and the name of the site as ``Host`` when it resolves to this computer.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp import hdrs, web

from app.core.errors import AppError, Note
from app.core.problem_notes import note_of
from app.local_api.view import LocalApiView
from client.connection import Address, Locate, convert_errors, credentials, ssl_argument
from client.errors import GatewayError
from protocol.rest import TRUNCATED_HEADER
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import TaskOwner, Tasks, cancel_and_wait, is_set_within
from runtime.tls import no_redirects, tls_end

PATHS: Final = frozenset(
    {
        "/v1/audio/transcriptions",
        "/v1/audio/translations",
        "/v1/models",
        "/v1/realtime",
        "/v1/funasr",
        "/v1/listen",
        "/ws/asr",
        "/v1/vosk",
        "/inference",
    }
)
"""Paths that are passed on: those of interfaces whose sessions no other program can resume."""
SOCKETS_ONLY: Final = "/"
_ONE_MODEL: Final = re.compile(r"/v1/models/(?!\.{1,2}$)[\w.-]{1,64}", re.ASCII)
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OF_ONE_HOP: Final = frozenset(
    {
        *("connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect", "host", "origin"),
        *("authorization", "proxy-authorization", "proxy-authenticate", "cookie", "content-length"),
    }
)
_SCHEMES: Final = ("bearer", "token")
_OF_A_SOCKET: Final = "sec-websocket-"


def refusal_of(path: str, host: str, origin: str | None, *, socket: bool) -> tuple[int, str] | None:
    """Return status and message of a refusal, or ``None`` if the request is passed on."""
    if origin is not None:
        return 403, "web pages may not use this port"
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        name = None
    if name not in _HERE:
        return 403, "this port answers to the names of this computer only, such as 127.0.0.1"
    if path not in PATHS and not _ONE_MODEL.fullmatch(path) and not (socket and path == SOCKETS_ONLY):
        return 404, f"nothing is here: this port has {', '.join(sorted(PATHS))}"
    return None


def forwarded_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a request that the gateway gets; keys of local programs are not among them."""
    return {name: value for name, value in headers.items() if _may_pass(name)}


def subprotocols(headers: Iterable[str]) -> tuple[str, ...]:
    """Return the offered subprotocols, without one that holds a key."""
    names = [name.strip() for header in headers for name in header.split(",")]
    if names and names[0].lower() in _SCHEMES:  # the next one is the key
        return names[0], *names[2:]
    return tuple(name for name in names if name and not name.startswith("openai-insecure-api-key."))


def _may_pass(name: str) -> bool:
    return name.lower() not in _OF_ONE_HOP and not name.lower().startswith(_OF_A_SOCKET)


log = loggers.APP_LOCAL_API

_AGAIN_S: Final = 5.0
PORT: Final = 9876
_HOST: Final = "127.0.0.1"
_MOST_MESSAGE: Final = 16 * 1024 * 1024
_CONNECT_S: Final = 10.0
_ANSWER_S: Final = 24 * 3600.0
"""Longest wait for an answer: a gateway sends none before it has recognised a whole file."""
_SEND_S: Final = 60.0
_HEARTBEAT_S: Final = 30.0
_CLOSE_S: Final = 5.0
_ANSWERED: Final = (hdrs.CONTENT_TYPE, hdrs.RETRY_AFTER, hdrs.CACHE_CONTROL, TRUNCATED_HEADER)


class PortTaken(AppError):
    """An error: another program has the port, or it is reserved."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is taken: choose another one with --port")
        self.note = Note("api-port-taken", {"port": str(port)})


class LocalApi:
    """The relay. ``locate``: the chosen gateway at this moment."""

    def __init__(self, locate: Locate, http: aiohttp.ClientSession) -> None:
        self._locate, self._http = locate, http

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Pass a request on to the gateway, and its answer back."""
        socket = request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
        host, origin = request.headers.get(hdrs.HOST, ""), request.headers.get(hdrs.ORIGIN)
        if refusal := refusal_of(request.path, host, origin, socket=socket):
            return _error(*refusal)
        try:
            address = self._locate()
            with convert_errors("pass on"):
                return await (self._socket(request, address) if socket else self._request(request, address))
        except (GatewayError, AppError) as error:
            if request.writer.output_size > 0 and request.transport is not None:
                request.transport.abort()  # half an answer must not look whole
            return _error(503, str(error))

    async def _request(self, request: web.Request, address: Address) -> web.StreamResponse:
        body = request.content.iter_any() if request.body_exists else None
        async with self._http.request(
            request.method,
            address.url.rstrip("/") + request.path_qs,
            headers={**forwarded_headers(request.headers), **credentials(address)},
            data=body,
            ssl=ssl_argument(address),
            allow_redirects=False,
        ) as answer:
            headers = {name: answer.headers[name] for name in _ANSWERED if name in answer.headers}
            response = web.StreamResponse(status=answer.status, headers=headers)
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response

    async def _socket(self, request: web.Request, address: Address) -> web.StreamResponse:
        offered = subprotocols(request.headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, []))
        query = [(name, value) for name, value in request.query.items() if name not in ("api_key", "token")]
        try:
            there = await self._http.ws_connect(
                address.url.rstrip("/") + request.path,
                params=query,
                protocols=offered,
                headers=credentials(address),
                ssl=ssl_argument(address),
                max_msg_size=_MOST_MESSAGE,
                heartbeat=_HEARTBEAT_S,
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S),
            )
        except aiohttp.WSServerHandshakeError as error:
            return _error(error.status, "the gateway refuses this connection")
        async with AsyncExitStack() as closing:
            closing.callback(tls_end(there.get_extra_info))
            await closing.enter_async_context(there)
            protocols = (there.protocol,) if there.protocol else ()
            here = web.WebSocketResponse(protocols=protocols, max_msg_size=_MOST_MESSAGE, heartbeat=_HEARTBEAT_S)
            await here.prepare(request)
            pumps = {asyncio.create_task(_pump(here, there)), asyncio.create_task(_pump(there, here))}
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await cancel_and_wait(pumps)
                with suppress(ConnectionError, TimeoutError):
                    await here.close(code=there.close_code or aiohttp.WSCloseCode.OK)
            return here


Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: Socket, target: Socket) -> None:
    """Pass on messages until one side leaves."""
    async for message in source:
        async with asyncio.timeout(_SEND_S):
            if message.type is aiohttp.WSMsgType.TEXT:
                await target.send_str(message.data)
            elif message.type is aiohttp.WSMsgType.BINARY:
                await target.send_bytes(message.data)


@asynccontextmanager
async def local_api(locate: Locate, port: int) -> AsyncIterator[int]:
    """Serve until the context ends; yield the port. Raises ``PortTaken``."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=_ANSWER_S)
    async with aiohttp.ClientSession(
        timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[no_redirects()]
    ) as http:
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{path:.*}", LocalApi(locate, http).handle)
        runner = web.AppRunner(
            app, access_log=None, handle_signals=False, handler_cancellation=True, shutdown_timeout=1.0
        )
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, _HOST, port).start()
            except OSError as error:
                raise PortTaken(port) from error
            bound = int(runner.addresses[0][1])
            log.info(LogEvent.API_LISTENING, port=bound)
            yield bound
        finally:
            await runner.cleanup()


def _error(status: int, message: str) -> web.Response:
    """Return an error in the shape that clients of OpenAI's API read."""
    kind = "server_error" if status >= web.HTTPInternalServerError.status_code else "invalid_request_error"
    error = {"message": message, "type": kind, "param": None, "code": None}
    return web.json_response({"error": error}, status=status)


class LocalApiService(TaskOwner):
    """Owner of the port. ``locate``: the chosen gateway at this moment. ``again_s``: pause before another try."""

    def __init__(self, post: Callable[[LocalApiView], None], locate: Locate, again_s: float = _AGAIN_S) -> None:
        self._post, self._locate, self._again_s = post, locate, again_s
        self._on, self._port = False, PORT
        self._changed = asyncio.Event()
        self._tasks = Tasks("local-api")

    async def __aenter__(self) -> Self:
        self._tasks.keep(self._serve_while_on, "keep")
        return self

    def use(self, *, on: bool, port: int) -> None:
        """Apply the settings: whether the port is open, and its number. A change aborts requests in progress."""
        if (on, port) != (self._on, self._port):
            self._on, self._port = on, port
            self._changed.set()

    async def _serve_while_on(self) -> None:
        while True:
            self._changed.clear()
            if not self._on:
                self._post(LocalApiView())
                await self._changed.wait()
                continue
            try:
                async with local_api(self._locate, self._port) as port:
                    self._post(LocalApiView(f"http://127.0.0.1:{port}/v1"))
                    await self._changed.wait()
            except PortTaken as error:
                log.warning(LogEvent.API_PORT_TAKEN, port=self._port)
                self._post(LocalApiView(note=note_of(error)))
                await is_set_within(self._changed, self._again_s)
