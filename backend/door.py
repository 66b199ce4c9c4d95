"""The TLS port: whoever has shown no good key yet has little time, and there are not many of them at once.

A handshake costs memory and time, and anybody may begin one. What is over the limit makes room for others: first
the oldest connections of the address that has most of them. One that has shown a key is never touched.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from backend.modes import Network, is_among
from runtime import logger_names
from runtime.tasks import Tasks

log = structlog.get_logger(logger_names.BACKEND_DOOR)

BACKLOG: Final = 1024
_LOOK_S: Final = 1.0
_TOLD_S: Final = 60.0
_FULL_S: Final = 0.1
_PREFIX_V6: Final = 64  # one subscriber has so many bits for itself

Protocols = Callable[[], asyncio.Protocol]


@dataclass(frozen=True)
class DoorLimits:
    """``unknown``: connections without a key, ``per_peer`` of one address. A handshake may take ``handshake_s``,
    the first good key ``unknown_s``. Who has had ``grace_s`` makes room for others where there is none."""

    unknown: int = 128
    per_peer: int = 64
    handshake_s: float = 5.0
    unknown_s: float = 15.0
    grace_s: float = 1.0


@dataclass(eq=False)
class _Unknown:
    """A connection: its socket ``waits``, then ``opening`` is its handshake, in the end there is ``transport``."""

    peer: str
    since: float
    waits: socket.socket | None
    opening: "asyncio.Task[None] | None" = None
    transport: asyncio.WriteTransport | None = None


class Door:
    """``trusted``: addresses of proxies, behind which everybody is; for them there is no limit of their own."""

    def __init__(self, limits: DoorLimits | None = None, trusted: Sequence[Network] = ()) -> None:
        self._limits = limits or DoorLimits()
        self._trusted = tuple(trusted)
        self._unknown: dict[asyncio.Protocol, _Unknown] = {}  # the oldest first
        self._tasks = Tasks("door")
        self._handshakes = Tasks("door")  # of strangers, who make nothing fail
        self._sockets: list[socket.socket] = []
        self._sent_away = 0

    @property
    def unknown(self) -> int:
        """How many there are that have shown no key."""
        return len(self._unknown)

    @property
    def failed(self) -> "asyncio.Future[BaseException]":
        """Completes when nobody can be let in any more."""
        return self._tasks.failed

    def known(self, protocol: asyncio.Protocol) -> None:
        """This connection has shown a good key."""
        self._unknown.pop(protocol, None)

    async def listen(self, host: str, port: int, tls: ssl.SSLContext, protocols: Protocols) -> tuple[str, int]:
        """Let them come; returns where. Raises ``OSError``."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        first = len(self._sockets)
        for family, address in dict.fromkeys((family, address[:2]) for family, *_, address in found):
            listening = socket.create_server(address, family=family, backlog=BACKLOG)
            listening.setblocking(False)
            self._sockets.append(listening)
            self._tasks.start(self._accept(listening, tls, protocols), "accept")
        if not first:
            self._tasks.start(self._look(), "look")
        where: tuple[str, int] = self._sockets[first].getsockname()[:2]
        return where

    async def close(self) -> None:
        """Nobody comes any more. Safe to call twice."""
        await self._tasks.close()
        await self._handshakes.close()
        for listening in self._sockets:
            listening.close()
        self._send_away(tuple(self._unknown))

    # -- inside --------------------------------------------------------------------------------------------

    async def _accept(self, listening: socket.socket, tls: ssl.SSLContext, protocols: Protocols) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connected, address = await loop.sock_accept(listening)
            except OSError as error:  # no descriptor is free, or whoever it was has gone
                log.warning("nobody can be let in just now", reason=str(error))
                await asyncio.sleep(_FULL_S)
                continue
            peer = peer_of(address[0])
            try:
                protocol = protocols() if await self._room(peer) else None
            except BaseException:
                connected.close()
                raise
            if protocol is not None:
                one = self._unknown[protocol] = _Unknown(peer, loop.time(), connected)
                one.opening = self._handshakes.start(self._open(connected, tls, protocol, one), "handshake")
            else:
                connected.close()
                self._sent_away += 1

    async def _open(
        self, connected: socket.socket, tls: ssl.SSLContext, protocol: asyncio.Protocol, one: _Unknown
    ) -> None:
        connect, limit_s = asyncio.get_running_loop().connect_accepted_socket, self._limits.handshake_s
        one.waits = None  # from now on it is the loop's
        try:
            transport, _ = await connect(lambda: protocol, connected, ssl=tls, ssl_handshake_timeout=limit_s)
        except OSError:  # no TLS, or not in time
            self._unknown.pop(protocol, None)
            connected.close()
        else:
            one.transport = transport

    async def _room(self, peer: str) -> bool:
        """Wait until there is room for one more; whether it may come in."""
        limits, clock = self._limits, asyncio.get_running_loop().time
        while True:
            self._forget_gone()
            peers = Counter(one.peer for one in self._unknown.values())
            if peers[peer] >= limits.per_peer and not is_among(peer, self._trusted):
                return self._make_room(peer, clock())
            if len(self._unknown) < limits.unknown or self._make_room(peers.most_common(1)[0][0], clock()):
                return True
            await asyncio.sleep(limits.grace_s / 10)

    def _make_room(self, peer: str, now: float) -> bool:
        """Send the oldest of this address away, if it has had its time."""
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
                one.transport.abort()
            elif one.opening is not None:
                one.opening.cancel()
            if one.waits is not None:
                one.waits.close()

    def _forget_gone(self) -> None:
        gone = [p for p, one in self._unknown.items() if one.transport is not None and one.transport.is_closing()]
        for protocol in gone:
            del self._unknown[protocol]

    async def _look(self) -> None:
        clock = asyncio.get_running_loop().time
        told_at = clock()
        while True:
            await asyncio.sleep(_LOOK_S)
            self._forget_gone()
            late = clock() - self._limits.unknown_s
            self._send_away([protocol for protocol, one in self._unknown.items() if one.since <= late])
            if self._sent_away and clock() - told_at >= _TOLD_S:
                log.info("audit", what="no key in time", connections=self._sent_away)
                told_at, self._sent_away = clock(), 0


def peer_of(address: str) -> str:
    """Whose connections are counted together: an IPv4 address, or the network of an IPv6 one."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _PREFIX_V6), strict=False).network_address)
