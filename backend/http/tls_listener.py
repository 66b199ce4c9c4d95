"""Protection of the TLS port: connections without a valid key are limited in number and time.

Any peer may begin a handshake, which costs memory and time. Above the limits, old connections are closed to make
room, first those of the address with the most. Connections with a valid key are never closed.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from backend.http.modes import Network, is_among, is_near
from backend.http.sockets import listening_sockets
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks, loop_time
from runtime.tls import abort

log = loggers.BACKEND_DOOR

_LOOK_S: Final = 1.0
_LOG_EVERY_S: Final = 60.0
_FULL_S: Final = 0.1
_PREFIX_V6: Final = 64  # network prefix of one subscriber

Protocols = Callable[[], asyncio.Protocol]


@dataclass(frozen=True)
class TlsListenerLimits:
    """Limits of connections without a key: ``unknown`` in total, ``per_peer`` of one address.

    A handshake may take ``handshake_s``, the first valid key ``unknown_s``. After ``grace_s`` a connection may
    be closed to make room.
    """

    unknown: int = 128
    per_peer: int = 64
    handshake_s: float = 5.0
    unknown_s: float = 15.0
    grace_s: float = 1.0


@dataclass(eq=False)
class _Unknown:
    """A connection without a key.

    Its socket ``waits``, then ``opening`` is the handshake, and finally it has a ``transport``.
    """

    peer: str
    since: float
    waits: socket.socket | None
    opening: "asyncio.Task[None] | None" = None
    transport: asyncio.WriteTransport | None = None


class TlsListener:
    """Listener of the TLS port.

    ``trusted``: addresses of proxies, which have no limit of their own. ``near_only``: refuse IPv6 peers outside
    this network.
    """

    def __init__(
        self, limits: TlsListenerLimits | None = None, trusted: Sequence[Network] = (), *, near_only: bool = False
    ) -> None:
        self._limits = limits or TlsListenerLimits()
        self._near_only = near_only
        self._trusted = tuple(trusted)
        self._unknown: dict[asyncio.Protocol, _Unknown] = {}  # in order of age, oldest first
        self._tasks = Tasks("tls-listener")
        self._handshakes = Tasks("tls-listener")  # handshake failures of unauthenticated peers are not fatal
        self._sockets: list[socket.socket] = []
        self._sent_away = 0
        self._watched = False

    @property
    def unknown(self) -> int:
        """Number of connections that have not shown a valid key."""
        return len(self._unknown)

    @property
    def failed(self) -> "asyncio.Future[BaseException]":
        """Future that completes when no connections can be accepted any more."""
        return self._tasks.failed

    def exempt(self, protocol: asyncio.Protocol) -> None:
        """Exempt a connection that has shown a valid key."""
        self._unknown.pop(protocol, None)

    async def listen(self, host: str, port: int, tls: ssl.SSLContext, protocols: Protocols) -> tuple[str, int]:
        """Accept connections; return the address. Raises ``OSError``."""
        opened = await asyncio.to_thread(listening_sockets, host, port)
        self._sockets += opened
        for listening in opened:
            self._tasks.start(self._accept(listening, tls, protocols), "accept")
        self._watch()
        where: tuple[str, int] = opened[0].getsockname()[:2]
        return where

    async def take(
        self, connected: socket.socket, address: str, tls: ssl.SSLContext, protocols: Protocols
    ) -> None:
        """Begin the handshake of an accepted connection, as soon as there is room for it."""
        self._watch()
        if self._near_only and not is_near(address, connected.getsockname()[0]):
            connected.close()
            self._sent_away += 1
            return
        peer = peer_of(address)
        try:
            protocol = protocols() if await self._room(peer) else None
        except BaseException:
            connected.close()
            raise
        if protocol is not None:
            one = self._unknown[protocol] = _Unknown(peer, loop_time(), connected)
            one.opening = self._handshakes.start(self._open(connected, tls, protocol, one), "handshake")
        else:
            connected.close()
            self._sent_away += 1

    async def close(self) -> None:
        """Stop accepting and close connections without a key. Safe to call twice."""
        await self._tasks.close()
        await self._handshakes.close()
        for listening in self._sockets:
            listening.close()
        self._send_away(tuple(self._unknown))

    # -- inside --------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        if not self._watched:
            self._watched = True
            self._tasks.start(self._close_late(), "late")

    async def _accept(self, listening: socket.socket, tls: ssl.SSLContext, protocols: Protocols) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connected, address = await loop.sock_accept(listening)
            except OSError as error:  # no free descriptor, or the peer has gone
                log.warning(LogEvent.GATEWAY_ACCEPT_FAILED, reason=str(error))
                await asyncio.sleep(_FULL_S)
                continue
            await self.take(connected, address[0], tls, protocols)

    async def _open(
        self, connected: socket.socket, tls: ssl.SSLContext, protocol: asyncio.Protocol, one: _Unknown
    ) -> None:
        connect, limit_s = asyncio.get_running_loop().connect_accepted_socket, self._limits.handshake_s
        one.waits = None  # the loop owns the socket from now on
        try:
            transport, _ = await connect(lambda: protocol, connected, ssl=tls, ssl_handshake_timeout=limit_s)
        except OSError:  # no TLS, or not in time
            self._unknown.pop(protocol, None)
            connected.close()
        else:
            one.transport = transport

    async def _room(self, peer: str) -> bool:
        """Wait until there is room for one more connection; return whether to accept it."""
        limits = self._limits
        while True:
            self._forget_gone()
            peers = Counter(one.peer for one in self._unknown.values())
            if peers[peer] >= limits.per_peer and not is_among(peer, self._trusted):
                return self._make_room(peer, loop_time())
            if len(self._unknown) < limits.unknown or self._make_room(peers.most_common(1)[0][0], loop_time()):
                return True
            await asyncio.sleep(limits.grace_s / 10)

    def _make_room(self, peer: str, now: float) -> bool:
        """Close the oldest connection of this address if its grace period is over."""
        protocol, oldest = next((p, one) for p, one in self._unknown.items() if one.peer == peer)
        if now - oldest.since < self._limits.grace_s:
            return False
        self._send_away([protocol])
        return True

    def _send_away(self, protocols: Iterable[asyncio.Protocol]) -> None:
        for protocol in protocols:
            one = self._unknown.pop(protocol)
            self._sent_away += 1
            if one.transport is not None:
                abort(one.transport)
            elif one.opening is not None:
                one.opening.cancel()
            if one.waits is not None:
                one.waits.close()

    def _forget_gone(self) -> None:
        gone = [p for p, one in self._unknown.items() if one.transport is not None and one.transport.is_closing()]
        for protocol in gone:
            del self._unknown[protocol]

    async def _close_late(self) -> None:
        logged_at = loop_time()
        while True:
            await asyncio.sleep(_LOOK_S)
            self._forget_gone()
            late = loop_time() - self._limits.unknown_s
            self._send_away([protocol for protocol, one in self._unknown.items() if one.since <= late])
            if self._sent_away and loop_time() - logged_at >= _LOG_EVERY_S:
                log.info(LogEvent.AUDIT_KEY_TIMED_OUT, connections=self._sent_away)
                logged_at, self._sent_away = loop_time(), 0


def peer_of(address: str) -> str:
    """Return the peer that counts as one: an IPv4 address, or the network of an IPv6 address."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _PREFIX_V6), strict=False).network_address)
