"""WebSocket connection to a gateway. Every wait has a deadline; aiohttp's errors become ours here."""

import asyncio
import errno
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol

import aiohttp

from client.cleartext import has_host, is_cleartext
from client.errors import (
    CertificateDated,
    Moved,
    Refused,
    TlsRequired,
    TryLater,
    Unauthorised,
    Unreachable,
    WrongCertificate,
)
from protocol.audio import encode_frame
from protocol.errors import CloseCode, MalformedMessage
from protocol.session import STREAM_PATH, SUBPROTOCOL, ClientMessage, GatewayMessage, decode_gateway, encode
from runtime.tasks import complete, within
from runtime.tls import date_fault, names_another_host, tls_end

_LARGEST_MESSAGE = 4 * 1024 * 1024  # `done` carries the text of a whole session
_CLOSE_S = 5.0
_BREAKS: Final = (TimeoutError, aiohttp.ClientError, OSError, UnicodeError)
GOODBYE_S = 0.5
"""Time for closing a connection to an address that may no longer exist."""


@dataclass(frozen=True)
class Address:
    """URL of a gateway (https://, on this computer also http://, without a path) and the key for it.

    ``name`` is its display name; empty for a gateway on this computer. ``certificate_sha256`` is the SHA-256 (of
    DER, in hexadecimal) of the only accepted certificate, even if it is self-signed; empty: any certificate that
    this computer trusts.
    """

    url: str
    key: str = ""
    name: str = ""
    certificate_sha256: str = ""


Locate = Callable[[], Address]
"""Returns the current address of the gateway. Raises ``Unreachable`` while there is none."""


def fixed_locator(address: Address) -> Locate:
    """Return a ``Locate`` for a gateway that never changes its address."""
    return lambda: address


class Connection(Protocol):
    """An open connection that carries messages of ``protocol.session`` in both directions."""

    @property
    def close_code(self) -> int | None:
        """Code with which the gateway closed the connection; ``None`` while it is open."""
        ...

    async def send(self, message: ClientMessage, deadline_s: float) -> None:
        """Send a message. Raises ``Unreachable``."""
        ...

    async def send_audio(self, segment: int, offset: int, pcm: bytes, deadline_s: float) -> None:
        """Send one audio frame. Raises ``Unreachable``."""
        ...

    async def receive(self, deadline_s: float | None) -> GatewayMessage | None:
        """Return the next message, or ``None`` once closed. Raises ``Unreachable`` or ``Refused``."""
        ...

    async def close(self, within_s: float = _CLOSE_S) -> None:
        """Close the connection, waiting at most ``within_s``. Safe to call twice."""
        ...


Connect = Callable[[Address, bool], Coroutine[Any, Any, Connection]]
"""Opens a connection; the second argument: whether the session is resumed."""


class GatewayConnection:
    """Open WebSocket that speaks ``protocol.session``."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._end_tls = tls_end(socket.get_extra_info)

    @property
    def close_code(self) -> int | None:
        """Code of the close frame; 1006 if the connection broke without one."""
        return self._socket.close_code

    async def send(self, message: ClientMessage, deadline_s: float) -> None:
        """Send a text message. Raises ``Unreachable``."""
        with convert_errors("send"):
            async with asyncio.timeout(deadline_s):
                await self._socket.send_str(encode(message))

    async def send_audio(self, segment: int, offset: int, pcm: bytes, deadline_s: float) -> None:
        """Send one audio frame. Raises ``Unreachable``."""
        try:
            async with asyncio.timeout(deadline_s):
                await self._socket.send_bytes(encode_frame(segment, offset, pcm))
        except _BREAKS as error:  # not with ``convert_errors``, which would be entered for each frame
            raise _failure("send", error) from error

    async def receive(self, deadline_s: float | None) -> GatewayMessage | None:
        """Return the next message, or ``None`` once closed. Without a deadline, the heartbeat detects a dead peer.

        Raises ``Unreachable``, or ``Refused`` for a message that is not part of version 1.
        """
        with convert_errors("receive"):
            async with asyncio.timeout(deadline_s):
                received = await self._socket.receive()
        if received.type is not aiohttp.WSMsgType.TEXT:
            if received.type is aiohttp.WSMsgType.BINARY:
                raise await self._not_ours("a binary message")
            return None
        try:
            return decode_gateway(received.data)
        except MalformedMessage as error:
            raise await self._not_ours(str(error)) from error

    async def close(self, within_s: float = _CLOSE_S) -> None:
        """Close the WebSocket, waiting at most ``within_s``. Safe to call twice."""
        async with within(within_s):
            await self._socket.close()
        self._end_tls()

    async def _not_ours(self, what: str) -> Refused:
        await self._socket.close(code=CloseCode.INVALID_DATA)
        return Refused(
            f"the gateway sent something that {SUBPROTOCOL} does not define: {what}. Update one of the two."
        )


async def connect(
    http: aiohttp.ClientSession, address: Address, deadline_s: float, heartbeat_s: float, *, resume: bool = False
) -> GatewayConnection:
    """Open a connection. With ``resume``, a gateway that refuses new sessions still accepts this one.

    Raises ``Unreachable``, ``TryLater`` or ``Refused``.
    """
    with convert_errors("connect"):
        try:
            async with asyncio.timeout(deadline_s):
                socket = await http.ws_connect(
                    address.url.rstrip("/") + STREAM_PATH,
                    params={"resume": "1"} if resume else None,
                    protocols=(SUBPROTOCOL,),
                    headers=credentials(address),
                    ssl=ssl_argument(address),
                    heartbeat=heartbeat_s,
                    compress=0,
                    max_msg_size=_LARGEST_MESSAGE,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S),
                )
        except aiohttp.WSServerHandshakeError as error:
            raise refusal(address, STREAM_PATH, error.status, error.headers) from error
    if socket.protocol != SUBPROTOCOL:
        await socket.close()
        raise Refused(f"{address.url} does not speak {SUBPROTOCOL}: is it a kikipounamu gateway of this version?")
    return GatewayConnection(socket)


def ssl_argument(address: Address) -> aiohttp.Fingerprint | bool:
    """Return the ``ssl`` argument of a request: which certificate is accepted before any data is sent.

    Raises ``Refused``, as ``TlsRequired`` for an address on another computer without TLS.
    """
    if is_cleartext(address.url):
        raise TlsRequired(address.url)
    if not address.certificate_sha256:
        return True
    if not address.url.lower().startswith("https:"):
        raise Refused(f"{address.url} is known by its certificate, which needs TLS: use https://")
    try:
        return aiohttp.Fingerprint(bytes.fromhex(address.certificate_sha256))
    except ValueError as error:
        raise Refused("a certificate is named by its SHA-256: 64 hexadecimal digits") from error


def typed_address(url: str, key: str, certificate_sha256: str) -> Address:
    """Return the address that a user typed; the digest may contain colons.

    Raises ``Refused`` for what cannot be an address, a login in it, a key with a line break or the like, and like
    ``ssl_argument``.
    """
    if not key.strip().isprintable():
        raise Refused("a key is one line of printable characters: copy it again, from its beginning to its end")
    if "@" in url:
        raise Refused("an address has no key in it: write https://HOST:PORT, and give the key with --key")
    if not has_host(url):
        raise Refused(f"{url} is not an address: write https://HOST:PORT")
    address = Address(url, key.strip(), certificate_sha256=certificate_sha256.replace(":", ""))
    ssl_argument(address)
    return address


def credentials(address: Address) -> dict[str, str]:
    """Return the headers that carry the key, if there is one."""
    return {"Authorization": f"Bearer {address.key}"} if address.key else {}


def refusal(address: Address, path: str, status: int, headers: Mapping[str, str] | None) -> Unreachable | Refused:
    """Return the error that an unexpected HTTP status means."""
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return Unauthorised(f"{address.url} does not accept this key: give the right one with --key")
        case HTTPStatus.FORBIDDEN:
            return Unauthorised(f"{address.url} refuses this key or origin (403)")
        case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.SERVICE_UNAVAILABLE:
            asked = headers.get("Retry-After", "") if headers else ""
            return TryLater(f"{address.url} accepts no more at the moment ({status})", _seconds(asked))
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Unreachable(f"{address.url} answers with an error ({status})")
        case _:
            return Refused(f"{address.url} is not a kikipounamu gateway (it answers {status} to {path})")


def _seconds(retry_after: str) -> float:
    """Parse the seconds of a Retry-After header; treat its date form as 0, because it would compare two clocks."""
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        return 0.0


@contextmanager
def convert_errors(doing: str) -> Iterator[None]:
    """Convert aiohttp's errors and missed deadlines to ``Unreachable`` or ``Refused``."""
    try:
        yield
    except _BREAKS as error:
        raise _failure(doing, error) from error


def _failure(doing: str, error: Exception) -> Unreachable | Refused:
    """Return the error of ours that an error of aiohttp or the system means."""
    match error:
        case TimeoutError():
            return Unreachable(f"the gateway did not respond in time ({doing})")
        case aiohttp.ServerFingerprintMismatch():
            return WrongCertificate(
                f"{error.host}:{error.port} shows another certificate than when it was paired or named: if it "
                "was set up anew, pair it again, or name the new one; if not, another computer intercepts the "
                "connection, and nothing was sent to it"
            )
        case aiohttp.ClientConnectorCertificateError():
            return _certificate_error(error)
        case aiohttp.InvalidURL() | UnicodeError():  # such as a host name with an empty part
            return Refused(f"not an address: {error}. Give it as https://host:port")
        case aiohttp.ClientConnectorError():  # its own text contains the repr of the fingerprint
            return Unreachable(f"no connection to the gateway: {_why_not(error)}")
    return Unreachable(f"no connection to the gateway ({doing}): {_words(error)}")


def _certificate_error(error: aiohttp.ClientConnectorCertificateError) -> WrongCertificate:
    place = f"{error.host}:{error.port}"
    if dated := date_fault(error.certificate_error):
        return CertificateDated(
            f"the certificate of {place} {dated} by this computer's clock, where it is {time.strftime('%F')}: "
            "set the clock if it is wrong, or renew the certificate there"
        )
    if names_another_host(error.certificate_error):
        return WrongCertificate(
            f"the certificate of {place} does not name {error.host}: use an address that it names, or name the "
            "certificate with --certificate-sha256"
        )
    return WrongCertificate(
        f"this computer does not trust the certificate of {place}: pair with that gateway in the app, or name "
        "the certificate with --certificate-sha256"
    )


def _why_not(error: aiohttp.ClientConnectorError) -> str:
    """Explain why the connection failed and how to fix it."""
    place = f"{error.host}:{error.port}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"the name {error.host} is not known: check it, and the network"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return f"{place} does not speak TLS as a gateway does: check the address and its port"
    match error.os_error.errno:
        case errno.ECONNREFUSED:
            return f"nothing listens at {place}: start the gateway there, or check the address"
        case errno.ENETUNREACH | errno.EHOSTUNREACH | errno.EHOSTDOWN:
            return f"there is no way to {place}: check the network, and that the computer is on"
    return f"{place} cannot be reached ({_words(error.os_error)})"


def _words(error: Exception) -> str:
    """Return the error's message without its number."""
    return (error.strerror if isinstance(error, OSError) else str(error)) or str(error) or type(error).__name__


async def unless_moved(moved: "asyncio.Task[None]", connecting: Coroutine[Any, Any, Connection]) -> Connection:
    """Connect, unless the gateway moves first. Raises ``Moved``, and the errors of connecting."""
    working = asyncio.create_task(connecting, name=f"{moved.get_name()}/unless")
    try:
        await asyncio.wait({working, moved}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise moved_error(moved)
        return working.result()
    except BaseException:
        await complete(_abandon(working))
        raise


async def _abandon(connecting: "asyncio.Task[Connection]") -> None:
    """End an attempt; its connection may have been established just now."""
    connecting.cancel()
    (connected,) = await asyncio.gather(connecting, return_exceptions=True)
    if not isinstance(connected, BaseException):
        await connected.close(GOODBYE_S)


def moved_error(moved: "asyncio.Task[None]") -> Moved:
    """Return the error for a gateway that has moved. Raises the error of the task if it failed."""
    moved.result()
    return Moved("the gateway is somewhere else now")
