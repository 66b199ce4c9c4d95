"""TCP proxy that disturbs connections as networks do: it refuses, resets, delays, stalls or swallows.

Only calls change its behaviour, never chance. It runs in the caller's event loop and owns every connection that it
relays: all of them end with its context.
"""

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from loadtest.chaos.events import LinkDirection
from runtime.tasks import Tasks, cancel_and_wait

_CHUNK = 16 * 1024
_LINGER_0 = struct.pack("ii", 1, 0)
_CONNECT_S = 10.0
_GOODBYE_S = 2.0

Streams = tuple[StreamReader, StreamWriter]
Connect = Callable[[], Awaitable[Streams]]


def to_port(port: int, host: str = "127.0.0.1") -> Connect:
    """Return a connector to a server."""
    return lambda: asyncio.open_connection(host, port)


def to_socket(path: Path) -> Connect:
    """Return a connector to a server on a unix socket."""
    return lambda: asyncio.open_unix_connection(path)


@dataclass(eq=False)
class _Fuse:
    """A trigger that fires after ``left`` more bytes."""

    left: int
    blown: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False)
class _Link:
    """A relayed connection. ``muted``: directions whose data and end are discarded."""

    near: Streams
    far: Streams
    muted: set[LinkDirection] = field(default_factory=set)
    cut: asyncio.Event = field(default_factory=asyncio.Event)

    def source(self, way: LinkDirection) -> StreamReader:
        return (self.near if way is LinkDirection.UP else self.far)[0]

    def sink(self, way: LinkDirection) -> StreamWriter:
        return (self.far if way is LinkDirection.UP else self.near)[1]


class TcpProxy:
    """The proxy, made by ``tcp_proxy``.

    Clients connect to ``port``; ``accepted`` counts all connections so far.
    """

    def __init__(self, connect: Connect, tasks: Tasks, port: int = 0) -> None:
        self._connect = connect
        self._tasks = tasks
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._fuses: dict[LinkDirection, _Fuse] = {}
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._delay: Callable[[int], float] = lambda size: 0.0
        self.port = port
        self.accepted = 0

    @property
    def sound(self) -> int:
        """The number of connections that are relayed in both directions."""
        return sum(not link.muted for link in self._links)

    # -- disturbances --------------------------------------------------------------------------------------

    async def up(self) -> None:
        """Accept connections, always on the same port; this is the initial state."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Refuse new connections, and reset the existing ones, until ``up``."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self.cut()

    def cut(self, muted: bool = False) -> None:
        """Reset every connection at once, or only those that are half-open."""
        for link in self._links:
            if link.muted or not muted:
                link.cut.set()

    async def cut_after(self, size: int, way: LinkDirection) -> None:
        """Relay ``size`` more bytes in this direction, over all connections, then cut that of the last byte.

        Its receiver gets all these bytes and then the end, its sender a reset. Returns after the cut.
        """
        fuse = self._fuses[way] = _Fuse(size)
        try:
            await fuse.blown.wait()
        finally:
            if self._fuses.get(way) is fuse:
                del self._fuses[way]

    def delay(self, seconds: Callable[[int], float]) -> None:
        """Delay each chunk by ``seconds(size)``: latency, jitter, bandwidth."""
        self._delay = seconds

    def stall(self) -> None:
        """Hold all data back without losing any, like a network with packet loss, until ``flow``."""
        self._flowing.clear()

    def flow(self) -> None:
        """Relay data again after ``stall``."""
        self._flowing.set()

    def half_open(self, ways: Iterable[LinkDirection]) -> None:
        """Discard the data of these directions of the present connections without notice to either side."""
        for link in self._links:
            link.muted.update(ways)

    # -- carrying ------------------------------------------------------------------------------------------

    async def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.accepted += 1
        name = str(self.accepted)
        self._tasks.start(self._carry((reader, writer), name), name)

    async def _carry(self, near: Streams, name: str) -> None:
        try:
            async with asyncio.timeout(_CONNECT_S):
                far = await self._connect()
        except OSError:  # TimeoutError is one
            _reset(near[1])
            return
        if self._server is None:  # ``down`` was called meanwhile
            _reset(near[1])
            _reset(far[1])
            return
        link = _Link(near, far)
        self._links.add(link)
        ends = {
            asyncio.create_task(self._pass(link, LinkDirection.UP), name=f"proxy/{name}/up"),
            asyncio.create_task(self._pass(link, LinkDirection.DOWN), name=f"proxy/{name}/down"),
            asyncio.create_task(link.cut.wait(), name=f"proxy/{name}/cut"),
        }
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if not link.cut.is_set():
                await asyncio.gather(*(_close(writer) for _, writer in (near, far)))
        finally:
            self._links.discard(link)
            for _, writer in (near, far):
                _reset(writer)
            await cancel_and_wait(ends)

    async def _pass(self, link: _Link, way: LinkDirection) -> None:
        """Relay one direction until its end; never return if that end must stay hidden."""
        source, sink = link.source(way), link.sink(way)
        while data := await _read_chunk(source):
            await self._flowing.wait()
            if (pause := self._delay(len(data))) > 0:
                await asyncio.sleep(pause)
            fuse = self._burn(way, len(data))
            if way not in link.muted and not await _write(sink, data if fuse is None else data[: fuse.left]):
                way = way.back  # notify the sender
                break
            if fuse is not None:
                sink.close()
                _reset(link.sink(way.back))
                fuse.blown.set()
                return
        if way in link.muted:
            await asyncio.Event().wait()

    def _burn(self, way: LinkDirection, size: int) -> _Fuse | None:
        """Return the fuse if it fires within these bytes; its ``left`` is then the position among them."""
        fuse = self._fuses.get(way)
        if fuse is None:
            return None
        if size >= fuse.left:
            return self._fuses.pop(way)
        fuse.left -= size
        return None


async def _read_chunk(source: StreamReader) -> bytes:
    try:
        return await source.read(_CHUNK)
    except OSError:
        return b""


async def _write(sink: StreamWriter, data: bytes) -> bool:
    """Write the data. Return False if the peer is gone."""
    if sink.is_closing():
        return False
    try:
        sink.write(data)
        await sink.drain()
    except (OSError, RuntimeError):  # uvloop raises this one if the connection was lost a moment ago
        return False
    return True


async def _close(writer: StreamWriter) -> None:
    """Send the remaining data and the end of the connection."""
    with suppress(OSError):  # TimeoutError is one
        async with asyncio.timeout(_GOODBYE_S):
            writer.close()
            await writer.wait_closed()


def _reset(writer: StreamWriter) -> None:
    """Send RST: unsent data is lost."""
    end: socket.socket | None = writer.get_extra_info("socket")
    if end is not None and end.family != socket.AF_UNIX:
        with suppress(OSError, ValueError):  # already closed: uvloop's sockets then have no file number
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
    writer.transport.abort()


@asynccontextmanager
async def tcp_proxy(connect: Connect, port: int = 0) -> AsyncIterator[TcpProxy]:
    """Run a proxy in front of the server that ``connect`` connects to. Port 0: any free port."""
    async with Tasks("proxy") as tasks:
        proxy = TcpProxy(connect, tasks, port)
        await proxy.up()
        try:
            yield proxy
        finally:
            await proxy.down()
    await asyncio.sleep(0)  # an aborted transport closes its socket in the next loop iteration
    if tasks.failed.done():
        raise tasks.failed.result()
