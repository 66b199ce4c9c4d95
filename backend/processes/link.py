"""A gateway process's end of the connection to its supervisor."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import web

from backend.admission.quotas import QuotaMeter
from backend.http.tls_listener import TlsListener
from backend.observability.other_processes import ProcessReport
from backend.processes.channel import Channel
from backend.processes.messages import (
    CannotRun,
    GatewayEnding,
    KeysInUse,
    MainState,
    Message,
    OtherProcessFigures,
    ProcessGone,
    ProcessReady,
    ProcessReported,
    ProcessStart,
)
from backend.processes.slots import MAIN
from runtime.tasks import Tasks

REPORT_S: Final = 1.0
_FULL_S: Final = 0.05


class ProcessLink:
    """Link of one process. ``ending``: the whole gateway ends. ``main_up`` is set while the main one serves."""

    def __init__(
        self,
        start: ProcessStart,
        channel: Channel,
        gates: tuple[socket.socket, socket.socket],
        forwards: socket.socket | None,
    ) -> None:
        self.start = start
        self._channel = channel
        self._gates = gates
        self._forwards = forwards
        self._meter: QuotaMeter | None = None
        self._connections: Callable[[], int] = lambda: 0
        self._report: Callable[[], ProcessReport] = ProcessReport
        self._changed: set[str] = set()
        self._tasks = Tasks("link")
        self._site: web.SockSite | None = None
        self.on_others: Callable[[OtherProcessFigures], None] = lambda others: None
        self.main_up = asyncio.Event()
        self.ending = False

    @property
    def is_main(self) -> bool:
        """True for the main process, which serves all routes."""
        return self.start.slot == MAIN

    @property
    def forwards(self) -> Path:
        """Unix socket on which the main process takes requests."""
        return Path(self.start.forwards)

    def count(
        self, meter: QuotaMeter, connections: Callable[[], int], report: Callable[[], ProcessReport]
    ) -> None:
        """Send these counts to the other processes from now on."""
        self._meter, self._connections, self._report = meter, connections, report
        meter.changed = self._note

    async def run(self, on_lost: Callable[[], None]) -> None:
        """Handle the supervisor's messages, until it is gone."""
        self._tasks.keep(self._report_regularly, "report")
        try:
            async for message in self._channel.messages():
                self._take(message)
        finally:
            on_lost()

    async def listen(self, runner: web.AppRunner, tls_listener: TlsListener, tls: ssl.SSLContext | None) -> None:
        """Serve the connections that the supervisor hands over; the main process serves forwarded requests too."""
        server = runner.server
        assert server is not None
        loop = asyncio.get_running_loop()

        async def plain(connected: socket.socket) -> None:
            await loop.connect_accepted_socket(server, connected)

        async def secret(connected: socket.socket) -> None:
            assert tls is not None
            await tls_listener.take(connected, connected.getpeername()[0], tls, server)

        self._tasks.keep(partial(self._serve, self._gates[0], plain), "plain")
        self._tasks.keep(partial(self._serve, self._gates[1], secret), "tls")
        if self._forwards is not None:
            self._site = web.SockSite(runner, self._forwards)
            await self._site.start()

    def ready(self) -> None:
        """Report to the supervisor that this process serves."""
        self._channel.send(ProcessReady())

    def cannot_run(self, reason: str) -> None:
        """Report to the supervisor why this process ends."""
        self._channel.send(CannotRun(reason))

    async def leave(self) -> None:
        """Stop taking forwarded requests: they wait for the next main process. Safe to call twice."""
        site, self._site = self._site, None
        if site is not None:
            await site.stop()

    async def close(self) -> None:
        """Send the last figures, and close. Safe to call twice."""
        await self._tasks.close()
        self._channel.send(ProcessReported(self._report()))
        for gate in self._gates:
            gate.close()
        await self._channel.close()

    # -- inside --------------------------------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        match message:
            case KeysInUse(connections, keys, process) if self._meter is not None:
                for key, requests in self._meter.elsewhere.update(process, connections, keys).items():
                    self._meter.spent(key, requests, time.monotonic())
            case ProcessGone(process) if self._meter is not None:
                self._meter.elsewhere.gone(process)
            case OtherProcessFigures():
                self.on_others(message)
            case MainState(up):
                self.main_up.set() if up else self.main_up.clear()
            case GatewayEnding():
                self.ending = True

    def _note(self, key: str) -> None:
        """Send the counts of a key in the loop's next iteration, when all its changes of this one are counted."""
        if not self._changed:
            asyncio.get_running_loop().call_soon(self._send_counts)
        self._changed.add(key)

    def _send_counts(self) -> None:
        assert self._meter is not None
        keys, self._changed = self._changed, set()
        usage = self._meter.usage
        counts = {key: usage[key].counts for key in keys if key in usage}
        self._channel.send(KeysInUse(self._connections(), counts))

    async def _report_regularly(self) -> None:
        while True:
            await asyncio.sleep(REPORT_S)
            if self._meter is not None:
                self._channel.send(ProcessReported(self._report()))
                for key, usage in self._meter.usage.items():
                    if usage.streams:
                        self._note(key)

    async def _serve(self, gate: socket.socket, take: Callable[[socket.socket], Awaitable[None]]) -> None:
        """Take connections one after the other; a peer that is gone already is no error."""
        async for connected in _received_sockets(gate):
            with suppress(OSError):
                await take(connected)


async def _received_sockets(gate: socket.socket) -> AsyncIterator[socket.socket]:
    """Yield the sockets that come through a gate, until its other end is closed."""
    while True:
        try:
            data, descriptors, _, _ = socket.recv_fds(gate, 1, 1)
        except BlockingIOError:
            await _readable(gate)
            continue
        except OSError:  # no free descriptor
            await asyncio.sleep(_FULL_S)
            continue
        if not data:
            return
        for descriptor in descriptors:
            connected = socket.socket(fileno=descriptor)
            connected.setblocking(False)
            yield connected
        await asyncio.sleep(0)


async def _readable(gate: socket.socket) -> None:
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(gate, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(gate)


@asynccontextmanager
async def connect_supervisor(
    descriptors: tuple[int, int, int, int], on_lost: Callable[[], None]
) -> AsyncIterator[ProcessLink]:
    """Connect to the supervisor over inherited descriptors; ``on_lost`` is called when it is gone."""
    control, *gates = (socket.socket(fileno=number) for number in descriptors[:3])
    for gate in gates:
        gate.setblocking(False)
    forwards = socket.socket(fileno=descriptors[3]) if descriptors[3] >= 0 else None
    channel = await Channel.over(control)
    start = await channel.receive()
    assert isinstance(start, ProcessStart), "the supervisor speaks first"
    link = ProcessLink(start, channel, (gates[0], gates[1]), forwards)
    async with Tasks("link") as tasks:
        tasks.start(link.run(on_lost), "messages")
        try:
            yield link
        finally:
            await link.close()
