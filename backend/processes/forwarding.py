"""Requests that a process does not serve itself: it passes them on to the main process, over a unix socket.

Bodies stream in both directions. The main process learns the client's address and whether it used TLS from two
headers, which it trusts only on that socket.
"""

import socket
from collections.abc import AsyncIterator, Mapping
from typing import Final

from aiohttp import ClientConnectionError, ClientSession, ClientTimeout, DummyCookieJar, UnixConnector, hdrs, web
from aiohttp.client_exceptions import ClientPayloadError
from multidict import CIMultiDict
from yarl import URL

from backend.core.errors import RequestRefused
from backend.http.access import Access
from backend.http.responses import Handler, abort
from backend.processes.link import ProcessLink
from protocol.errors import ErrorCode, MalformedMessage
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import is_set_within

log = loggers.BACKEND_PROCESSES

PEER: Final = "X-Kikipounamu-Peer"
SCHEME: Final = "X-Kikipounamu-Scheme"
_MAIN_S: Final = 15.0
_CONNECT_S: Final = 5.0
_OF_ONE_HOP: Final = (
    *(hdrs.CONNECTION, hdrs.KEEP_ALIVE, hdrs.PROXY_AUTHENTICATE, hdrs.PROXY_AUTHORIZATION, hdrs.TE, hdrs.TRAILER),
    *(hdrs.TRANSFER_ENCODING, hdrs.UPGRADE, hdrs.EXPECT, PEER, SCHEME),
)
_OWN: Final = (hdrs.USER_AGENT, hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE)


class Forwarder:
    """Forwarder of one process to the main one."""

    def __init__(self, link: ProcessLink, access: Access) -> None:
        self._link = link
        self._access = access
        self._session: ClientSession | None = None

    def routes(self) -> list[web.RouteDef]:
        """Return a route for everything that no other route serves."""
        return [web.route("*", "/{anything:.*}", self.forward)]

    async def forward(self, request: web.Request) -> web.StreamResponse:
        """Answer with the response of the main process. Raises ``RequestRefused`` while it is away.

        Raises ``MalformedMessage`` for a body that cannot be read.
        """
        self._access.greet(request)
        if not await is_set_within(self._link.main_up, _MAIN_S):
            raise _away()
        headers = _without_hop(request.headers)
        headers[PEER], headers[SCHEME] = request.remote or "", request.scheme
        body = request.content.iter_any() if request.body_exists else None
        target = URL(f"http://main{request.raw_path}", encoded=True)
        try:
            async with self._client().request(
                request.method,
                target,
                headers=headers,
                data=body,
                allow_redirects=False,
                skip_auto_headers=_OWN,
            ) as answer:
                return await _pass_on(request, answer.status, answer.headers, answer.content.iter_any())
        except (ClientConnectionError, ClientPayloadError) as error:
            if request.content.exception() is not None:
                raise MalformedMessage("the body breaks off, or is not encoded as it says") from error
            log.warning(LogEvent.REQUEST_NOT_FORWARDED, path=request.path, error=type(error).__name__)
            raise _away() from error

    async def close(self) -> None:
        """Close connections to the main process. Safe to call twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _client(self) -> ClientSession:
        if self._session is None:
            connector = UnixConnector(str(self._link.forwards), force_close=True, limit=0)
            timeout = ClientTimeout(total=None, sock_connect=_CONNECT_S)
            self._session = ClientSession(
                connector=connector, timeout=timeout, auto_decompress=False, cookie_jar=DummyCookieJar()
            )
        return self._session


@web.middleware
async def as_forwarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give a forwarded request the address and scheme of its client."""
    connected = request.get_extra_info("socket")
    if connected is None or connected.family != socket.AF_UNIX:
        return await handler(request)
    peer, scheme = request.headers.get(PEER, ""), request.headers.get(SCHEME, "http")
    return await handler(request.clone(remote=peer, scheme=scheme))


async def _pass_on(
    request: web.Request, status: int, headers: Mapping[str, str], body: AsyncIterator[bytes]
) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers=_without_hop(headers))
    try:
        await response.prepare(request)
        async for piece in body:
            await response.write(piece)
        await response.write_eof()
    except ClientPayloadError:
        abort(request)  # the response has begun, so that only its end can say that it is incomplete
    return response


def _without_hop(headers: Mapping[str, str]) -> "CIMultiDict[str]":
    kept = CIMultiDict(headers)
    for name in _OF_ONE_HOP:
        kept.popall(name, None)
    return kept


def _away() -> RequestRefused:
    return RequestRefused(
        503, ErrorCode.GOING_AWAY, "the main process of this gateway is being started: try again"
    )
