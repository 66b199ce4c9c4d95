"""Tunnel to a remote broker through a gateway: each connection is a WebSocket that carries the broker's bytes.

The gateway authenticates this worker, by its key, to the broker. The worker authenticates the gateway by the
fingerprint of its certificate, if one is given. If such a gateway does not answer, or another server has its
address, the worker searches for it on the local network. It does so only over TLS, because an announced
fingerprint does not prove possession of the certificate.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Final, Self
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from protocol.broker import BROKER_PATH, CHUNK_BYTES, PING_S, SHARD_FIELD, SHARDS_HEADER
from protocol.job import MOST_SHARDS
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks
from runtime.terminal import reason
from runtime.tls import date_fault, names_another_host, no_redirects, tls_end
from worker.broker.layout import ShardLayout
from worker.core.errors import BrokerRefused, BrokerUnavailable, WrongAddress

log = loggers.WORKER_TUNNEL

_SCHEMES: Final = {"wss": "wss", "https": "wss", "ws": "ws", "http": "ws"}
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_DIGEST_BYTES: Final = 32
_LONGEST_KEY_FILE: Final = 1 << 16
_CLOSE_S: Final = 5.0
_ANSWER_S: Final = 10.0
"""Time for a gateway to accept a connection. A proxy may accept it while its gateway hangs."""
_NOT_THIS_KEY: Final = (401, 403)
_POLICY: Final = 1008
_MOST_PLACES: Final = 8

Find = Callable[[bytes], Awaitable[tuple[str, ...]]]
"""Returns possible addresses (HOST:PORT) of the gateway with this certificate (SHA-256)."""


@dataclass(frozen=True)
class Carrier:
    """Gateway that carries the connections. Empty ``certificate_sha256``: its certificate must be trusted here."""

    url: str
    key: str = field(repr=False)
    certificate_sha256: bytes = b""


def carrier(gateway: str, key: str, certificate_sha256: str = "") -> Carrier:
    """Parse the gateway options of the command line. Raises ``WrongAddress``, which says what to write."""
    if "@" in gateway:
        raise WrongAddress("no key in the address of the gateway: set KIKIPOUNAMU_KEY, or name a --key-file")
    unknown = WrongAddress(f"{gateway!r} is not the address of a gateway: write wss://HOST:PORT")
    try:
        parts = urlsplit(gateway)
        port = parts.port
    except ValueError as error:  # a wrong port, or half an IPv6 address
        raise unknown from error
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname or port == 0:
        raise unknown
    if scheme == "ws" and parts.hostname not in _LOOPBACK:
        raise WrongAddress("a gateway on another computer needs TLS: write wss://HOST:PORT")
    if not key:
        raise WrongAddress("the gateway needs a key: set KIKIPOUNAMU_KEY, or name a --key-file")
    try:
        digest = bytes.fromhex(certificate_sha256.replace(":", ""))
    except ValueError:
        digest = b"?"
    if len(digest) not in (0, _DIGEST_BYTES):
        raise WrongAddress("--certificate-sha256 needs the 64 hexadecimal digits that the gateway shows")
    return Carrier(f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}{BROKER_PATH}", key, digest)


def read_key(file: str, environment: str) -> str:
    """Return the key from a file that only this user should read, else from the environment.

    Raises ``WrongAddress``.
    """
    if not file:
        return environment.strip()
    try:
        with Path(file).open("rb") as opened:
            key = opened.read(_LONGEST_KEY_FILE).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongAddress(f"no key can be read from {file}: {reason(error)}") from error
    if not key:
        raise WrongAddress(f"{file} has no key: write the one that the gateway gave")
    return key


class Tunnel:
    """Connections through one gateway. As an async context manager, it ends them all on exit.

    ``find``: searches for a gateway whose address changed; ``None``: no search.
    """

    def __init__(self, through: Carrier, find: Find | None = None) -> None:
        self._through = through
        known = through.url.startswith("wss:") and through.certificate_sha256
        self._find = find if known else None
        self._places = [through.url]  # the first one is tried next
        self._finding: asyncio.Task[None] | None = None
        self._nowhere_else = self._find is None  # as far as announcements say
        self._was_there = False
        self._differed = False
        self._tasks = Tasks("tunnel")
        self._session: aiohttp.ClientSession | None = None
        self._refusal = ""
        self._shards = 0  # as the gateway reported; 0: not reported, so one shard of a broker that is no cluster

    async def __aenter__(self) -> Self:
        answers = aiohttp.TraceConfig()
        answers.on_request_end.append(self._note_shards)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=PING_S)
        self._session = aiohttp.ClientSession(timeout=timeout, trace_configs=[answers, no_redirects()])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.close()
        if self._session is not None:
            await self._session.close()

    async def dial(self, shard: int = 0) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open another connection to a shard. Raises ``BrokerRefused`` or ``OSError``."""
        if self._refusal:
            raise BrokerRefused(self._refusal)
        carried = await self._connect(self._places[0], shard)
        ours, theirs = socket.socketpair()
        self._tasks.start(self._carry(carried, theirs), "carry")
        return await asyncio.open_connection(sock=ours)

    async def layout(self) -> ShardLayout:
        """Return the layout of the broker that the gateway has. Raises a ``BrokerError``."""
        try:
            reader, writer = await self.dial()
            writer.write_eof()
            await reader.read()  # until the tunnel has ended the connection
            writer.close()
        except OSError as error:
            raise BrokerUnavailable(f"the broker does not answer: {str(error) or 'no answer in time'}") from error
        return ShardLayout(self._shards, alone=False) if self._shards else ShardLayout()

    async def _connect(self, url: str, shard: int) -> aiohttp.ClientWebSocketResponse:
        try:
            async with asyncio.timeout(_ANSWER_S):
                carried = await self._connected_at(url, shard)
        except (OSError, asyncio.CancelledError):  # cancelled: the caller's deadline has passed
            self._elsewhere(url)
            raise
        self._was_there = True
        return carried

    def _elsewhere(self, url: str) -> None:
        """Handle a failed address: try the next one from now on, and search for the gateway."""
        if self._places[0] == url:
            self._places.append(self._places.pop(0))
        if self._find and (self._finding is None or self._finding.done()):
            self._finding = self._tasks.start(self._search(self._find), "find")

    async def _search(self, find: Find) -> None:
        parts, places = urlsplit(self._through.url), await find(self._through.certificate_sha256)
        found = [urlunsplit(parts._replace(netloc=place)) for place in places[: _MOST_PLACES - 1]]
        self._nowhere_else = set(found) <= {self._through.url}
        if found and not set(found) <= set(self._places):
            log.info(LogEvent.GATEWAY_FOUND_ELSEWHERE, places=found)
            self._places = list(dict.fromkeys((*found, self._through.url)))

    async def _note_shards(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, ended: aiohttp.TraceRequestEndParams
    ) -> None:
        """Note the number of shards in the gateway's answer."""
        said = ended.response.headers.get(SHARDS_HEADER, "")
        if ended.response.status == HTTPStatus.SWITCHING_PROTOCOLS:
            self._shards = min(int(said), MOST_SHARDS) if said.isdigit() and len(said) < 5 else 0

    async def _connected_at(self, url: str, shard: int) -> aiohttp.ClientWebSocketResponse:
        assert self._session is not None
        digest = self._through.certificate_sha256
        try:
            return await self._session.ws_connect(
                f"{url}?{SHARD_FIELD}={shard}" if shard else url,
                headers={"Authorization": f"Bearer {self._through.key}"},
                ssl=aiohttp.Fingerprint(digest) if digest else True,
                heartbeat=PING_S,
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S),
                max_msg_size=CHUNK_BYTES + 1,  # aiohttp requires messages shorter than that
                compress=0,
            )
        except aiohttp.ServerFingerprintMismatch as error:
            raise self._another(url) from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise self._untrusted(error) from error
        except aiohttp.WSServerHandshakeError as error:
            if error.status in _NOT_THIS_KEY:
                raise BrokerRefused(
                    "the gateway does not know the key, or not as a worker's: pair again, or make one there with "
                    "`kikipounamu-gateway devices add NAME --worker`"
                ) from error
            raise OSError(f"the gateway answers {error.status}") from error
        except aiohttp.ClientConnectorError as error:  # its own text contains the repr of the fingerprint
            raise OSError(str(error.os_error)) from error
        except aiohttp.ClientError as error:
            raise OSError(str(error)) from error

    def _another(self, url: str) -> BrokerRefused | OSError:
        """Return the error for a server with another certificate. Nothing was sent to it."""
        if url != self._through.url:  # only an announcement named this address
            return OSError("another computer is at the address that was announced for the gateway")
        if self._was_there or not self._nowhere_else:  # another computer may have the gateway's address now
            differs = (
                "another certificate is shown where the gateway was: the gateway is looked for; pair again if it "
                "was set up anew"
            )
            if not self._differed:  # reported at once: another server may be in between
                log.warning(LogEvent.WORKER_CERTIFICATE_DIFFERS, reason=differs)
            self._differed = True
            return OSError(differs)
        return BrokerRefused(
            "the gateway shows another certificate than the one that was named, and is found nowhere else: "
            "another computer intercepts the connection, or it was set up anew; pair again if it was"
        )

    def _untrusted(self, error: aiohttp.ClientConnectorCertificateError) -> BrokerRefused | OSError:
        """Return the error for a certificate that this computer does not trust. Nothing was sent to the server."""
        if dated := date_fault(error.certificate_error):  # temporary: clocks are set, and certificates renewed
            return OSError(
                f"the gateway's certificate {dated}: set this computer's clock if it is wrong, or renew it there"
            )
        says = "this computer does not trust the gateway's certificate: name it with --certificate-sha256"
        if names_another_host(error.certificate_error):
            says = f"the gateway's certificate does not name {error.host}: use an address that it names"
        return (OSError if self._was_there else BrokerRefused)(says)

    async def _carry(self, carried: aiohttp.ClientWebSocketResponse, side: socket.socket) -> None:
        """Copy bytes in both directions until either side ends; then close both."""
        reader, writer = await asyncio.open_connection(sock=side)
        end_tls = tls_end(carried.get_extra_info)
        try:
            async with Tasks("tunnel") as tasks:
                up = tasks.start(_up(reader, carried), "up")
                await _down(carried, writer)
                up.cancel()
        finally:
            if carried.close_code == _POLICY:
                self._refusal = "the gateway refuses a command of this worker: both must be of the same version"
                log.error(LogEvent.WORKER_COMMAND_REFUSED, reason=self._refusal)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            await carried.close()
            end_tls()


async def _up(reader: asyncio.StreamReader, carried: aiohttp.ClientWebSocketResponse) -> None:
    with suppress(OSError, aiohttp.ClientError):  # the other direction notices it too
        while data := await reader.read(CHUNK_BYTES):
            await carried.send_bytes(data)
        await carried.close()


async def _down(carried: aiohttp.ClientWebSocketResponse, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        async for message in carried:
            if message.type is not aiohttp.WSMsgType.BINARY:
                return
            writer.write(message.data)
            await writer.drain()
