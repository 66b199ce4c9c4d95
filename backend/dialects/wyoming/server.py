"""TCP port of the Wyoming protocol, which has no keys: every client that reaches it may act as the owner."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from typing import Final

from backend.core.errors import InvalidSettings
from backend.devices.announcement import Announced, announcing
from backend.dialects.sessions import DialectSessions
from backend.dialects.wyoming.conversation import WyomingConversation
from backend.http.access import AdmittedRequest
from backend.http.addresses import interfaces, reachable
from backend.http.modes import LOOPBACK, is_loopback
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks, within

log = loggers.BACKEND_DIALECTS

MOST: Final = 64
SERVICE: Final = "_wyoming._tcp.local."
"""Service for which Home Assistant looks. Source: its integration "Wyoming Protocol"."""
_LINE: Final = 64 * 1024
_CLOSE_S: Final = 1.0


def wyoming_address(text: str) -> tuple[str, int]:
    """Return host and port of ``PORT`` (this computer alone) or ``HOST:PORT``. Raises ``InvalidSettings``."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 0 <= int(port) <= 65_535:
        raise InvalidSettings(f"wyoming is PORT (up to 65535) or HOST:PORT, such as 10300, not {text!r}")
    return host.strip("[]") or LOOPBACK, int(port)


@asynccontextmanager
async def wyoming_server(
    address: tuple[str, int],
    sessions: DialectSessions,
    visit: Callable[[], AdmittedRequest],
    name: str = "",
    addresses: Callable[[str], tuple[str, ...]] = lambda host: reachable(host, interfaces()),
) -> AsyncIterator[int]:
    """Serve until the context ends, and yield the port. Raises ``OSError`` if the address is taken.

    ``name``: name under which a port that is open to the network is announced; empty: it is not announced.
    ``addresses``: returns the addresses at which other computers reach a host.
    """
    server = WyomingServer(sessions, visit)
    host, port = address
    listening = await asyncio.start_server(server.serve, host, port, limit=_LINE)
    port = listening.sockets[0].getsockname()[1]
    log.info(LogEvent.WYOMING_LISTENING, host=host, port=port, without_keys=not is_loopback(host))
    try:
        async with server.tasks, _announce_port(name, host, port, addresses):
            yield port
            listening.close()
    finally:
        listening.close()


def _announce_port(
    name: str, host: str, port: int, addresses: Callable[[str], tuple[str, ...]]
) -> AbstractAsyncContextManager[None]:
    """Announce the port for Home Assistant, if other computers can reach it."""
    if not name or is_loopback(host):
        return nullcontext()
    return announcing(Announced(name, port, service=SERVICE), lambda: addresses(host))


class WyomingServer:
    """The connections of the port. ``visit``: returns the admission of each."""

    def __init__(self, sessions: DialectSessions, visit: Callable[[], AdmittedRequest]) -> None:
        self._sessions, self._visit = sessions, visit
        self._count = 0
        self.tasks = Tasks("wyoming")

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin a connection; above ``MOST`` it is closed at once."""
        if self._count >= MOST:
            writer.close()
            return
        self._count += 1
        self.tasks.start(self._converse(reader, writer), "connection")

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = WyomingConversation(reader, writer, self._sessions, self._visit())
        try:
            with suppress(OSError, TimeoutError):
                await conversation.run()
        finally:
            self._count -= 1
            await conversation.close()
            writer.close()
            async with within(_CLOSE_S, OSError):
                await writer.wait_closed()
            writer.transport.abort()  # else a client that does not read would keep it open
