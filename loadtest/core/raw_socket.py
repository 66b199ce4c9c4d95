"""WebSocket that checks nothing: it sends and reads any bytes, which a client library would not do."""

import asyncio
import base64
import hashlib
import os
import ssl
import struct
from typing import Final, NamedTuple, Self
from urllib.parse import urlsplit

from client.connection import Address, ssl_argument
from client.errors import Unreachable, WrongCertificate
from protocol.session import STREAM_PATH, SUBPROTOCOL
from runtime.tasks import within

TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10
_FINAL: Final = 0x80
_MASKED: Final = 0x80
_SHORT: Final = 126
_LONG: Final = 127
_U16: Final = 2**16
_CONNECT_S: Final = 10.0
_CLOSE_S: Final = 1.0
_MOST_HEAD: Final = 64 * 1024


class ReceivedFrame(NamedTuple):
    """Frame from the peer."""

    opcode: int
    payload: bytes


class NotUpgraded(Exception):
    """The gateway did not accept a handshake. ``status`` is 0 if the connection ended without an answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the gateway answered {status} to the handshake")
        self.status = status


def frame(opcode: int, payload: bytes, first: int = _FINAL) -> bytes:
    """Return one frame. ``first``: bits of the first byte beside the opcode.

    Its mask is zero, which is valid and leaves the payload unchanged.
    """
    size = len(payload)
    if size < _SHORT:
        head = bytes((first | opcode, _MASKED | size))
    elif size < _U16:
        head = struct.pack("!BBH", first | opcode, _MASKED | _SHORT, size)
    else:
        head = struct.pack("!BBQ", first | opcode, _MASKED | _LONG, size)
    return head + bytes(4) + payload


def handshake(address: Address, path: str = STREAM_PATH, subprotocol: str = SUBPROTOCOL) -> bytes:
    """Return the request that opens a WebSocket."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {urlsplit(address.url).netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: {subprotocol}",
    ]
    if address.key:
        lines.append(f"Authorization: Bearer {address.key}")
    return "\r\n".join((*lines, "", "")).encode()


class RawSocket:
    """Connection to a gateway, as bytes until ``upgrade``, then as frames. Close it at the end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, address: Address) -> Self:
        """Connect. Raises ``Unreachable``, ``WrongCertificate``, or ``Refused`` like ``ssl_argument``."""
        ssl_argument(address)
        place = urlsplit(address.url)
        secure = place.scheme == "https"
        context = _context(address) if secure else None
        try:
            async with asyncio.timeout(_CONNECT_S):
                reader, writer = await asyncio.open_connection(
                    place.hostname, place.port or (443 if secure else 80), ssl=context, limit=_MOST_HEAD
                )
        except OSError as error:  # TimeoutError is one
            raise Unreachable(f"no connection to the gateway: {error}") from error
        opened = cls(reader, writer)
        if not _shows(address, writer):
            await opened.close()
            raise WrongCertificate(f"{place.netloc} presents another certificate than the given one")
        return opened

    async def upgrade(self, request: bytes) -> None:
        """Send the handshake and read its answer. Raises ``NotUpgraded`` or ``OSError``."""
        await self.send(request)
        status = await self.status()
        if status != 101:
            raise NotUpgraded(status)

    async def status(self) -> int:
        """Read the head of an HTTP answer; return its status, or 0 if it is incomplete."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
            return int(head.split(b" ", 2)[1])
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, IndexError):
            return 0

    async def rest(self, most: int) -> bytes:
        """Read until the peer ends the connection, but at most this many bytes."""
        read = bytearray()
        while len(read) < most and (piece := await self._reader.read(most - len(read))):
            read += piece
        return bytes(read)

    async def send(self, data: bytes) -> None:
        """Write bytes; wait while the peer does not read. Raises ``OSError``."""
        self._writer.write(data)
        await self._writer.drain()

    async def receive(self) -> ReceivedFrame | None:
        """Return the next frame; ``None`` once the connection has ended. Raises ``OSError``."""
        try:
            first, second = await self._reader.readexactly(2)
            size = second & (_MASKED - 1)
            if size == _SHORT:
                (size,) = struct.unpack("!H", await self._reader.readexactly(2))
            elif size == _LONG:
                (size,) = struct.unpack("!Q", await self._reader.readexactly(8))
            return ReceivedFrame(first & 0x0F, await self._reader.readexactly(size))
        except asyncio.IncompleteReadError:
            return None

    async def end(self) -> None:
        """End the sending direction of the connection. Raises ``OSError``."""
        self._writer.write_eof()
        await self._writer.drain()

    def abort(self) -> None:
        """Reset the connection at once."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """End the connection. Safe to call twice."""
        self._writer.close()
        async with within(_CLOSE_S, OSError):
            await self._writer.wait_closed()


def _context(address: Address) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if address.certificate_sha256:  # checked after the handshake, before anything is sent
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _shows(address: Address, writer: asyncio.StreamWriter) -> bool:
    """Return whether the peer has the given certificate, or none is given."""
    tls = writer.get_extra_info("ssl_object")
    if tls is None or not address.certificate_sha256:
        return True
    shown = hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()
    return shown == address.certificate_sha256.lower()
