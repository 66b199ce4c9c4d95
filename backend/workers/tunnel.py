"""``GET /v1/broker``: tunnel of the broker's protocol for workers that cannot reach the broker directly."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog
from aiohttp import WSMsgType, web

from backend.core.errors import BrokerError
from backend.http.access import AdmittedRequest
from backend.http.responses import abort, error_response
from backend.workers.accounts import Administer, WorkerAccounts
from backend.workers.broker_connection import BrokerConnection, place_of, upstream
from backend.workers.commands import CommandGate, known_scripts
from backend.workers.traces import WorkerTraces
from protocol.broker import CHUNK_BYTES, PING_S
from protocol.errors import CloseCode, ErrorCode, ProtocolError
from protocol.job import Keys
from runtime import logger_names
from runtime.event_names import LogEvent
from runtime.tasks import Tasks

log = structlog.get_logger(logger_names.BACKEND_TUNNEL)

MOST_CONNECTIONS: Final = 32
"""Limit of one device's connections; each worker has up to four."""

Authorise = Callable[[web.Request], AdmittedRequest]
"""Returns the worker's visit. Raises ``ProtocolError``."""


class BrokerTunnel:
    """Tunnel of one gateway. ``authorise`` checks each request; revocation ends a device's connections at once."""

    def __init__(self, url: str, administer: Administer, gateway: str, authorise: Authorise) -> None:
        self._place = place_of(url, Keys().backlog)
        self._administer = administer
        self._accounts = WorkerAccounts(administer, gateway, self._place.database)
        self._traces = WorkerTraces(administer)
        self._authorise = authorise
        self._scripts = known_scripts()
        self._open: Counter[str] = Counter()
        self._ends: set[asyncio.StreamWriter] = set()
        self._closing = False

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Forward data until either side ends or the device is revoked."""
        visit = self._authorise(request)
        device = visit.device.id
        if self._closing:
            return error_response(503, ErrorCode.GOING_AWAY, "this gateway is going away")
        if self._open[device] >= MOST_CONNECTIONS:
            return error_response(429, ErrorCode.BUSY, f"this worker has {MOST_CONNECTIONS} connections already")
        self._open[device] += 1
        try:
            async with self._accounts.account(device) as account:
                gate = CommandGate(self._scripts, self._traces.conduct(device))
                try:
                    async with upstream(self._place, account) as ends:
                        return await self._carry(request, visit, ends, gate)
                finally:
                    await self._traces.ended(gate.conduct)
        except BrokerError as error:
            log.warning(LogEvent.TUNNEL_FAILED, device=device, reason=str(error))
            return error_response(503, ErrorCode.BROKER_UNAVAILABLE, str(error))
        finally:
            self._open[device] -= 1

    def close(self) -> None:
        """Refuse new connections and end open ones. Safe to call twice."""
        self._closing = True
        for writer in self._ends:
            writer.close()

    async def run(self) -> None:
        """Remove leftovers of disconnected workers until cancelled."""
        await self._traces.run()

    async def _carry(
        self, request: web.Request, visit: AdmittedRequest, ends: BrokerConnection, gate: CommandGate
    ) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False, heartbeat=PING_S, max_msg_size=CHUNK_BYTES + 1)
        await socket.prepare(request)
        who = {"device": visit.device.id, "kind": visit.device.kind}
        log.info(LogEvent.AUDIT_TUNNEL_OPENED, **who)
        self._ends.add(ends.writer)
        try:
            with visit.present(lambda: abort(request)):
                async with Tasks("tunnel") as tasks:
                    tasks.start(_down(ends.reader, socket, gate), "down")
                    await _up(socket, ends.writer, gate)
        finally:
            self._ends.discard(ends.writer)
            with suppress(BrokerError):  # at once: its last commands must not follow the removal of its traces
                await self._administer("CLIENT", "KILL", "ID", str(ends.id))
            log.info(LogEvent.AUDIT_TUNNEL_CLOSED, **who)
        return socket


async def _up(socket: web.WebSocketResponse, writer: asyncio.StreamWriter, gate: CommandGate) -> None:
    with suppress(OSError):
        async for message in socket:
            if message.type is not WSMsgType.BINARY:
                await socket.close(code=CloseCode.UNSUPPORTED_DATA)
                return
            try:
                gate.feed(message.data)
            except ProtocolError as error:
                log.warning(LogEvent.TUNNEL_CUT_OFF, reason=str(error))
                await socket.close(code=CloseCode.POLICY_VIOLATION, message=str(error).encode()[:120])
                return
            writer.write(message.data)
            await writer.drain()


async def _down(reader: asyncio.StreamReader, socket: web.WebSocketResponse, gate: CommandGate) -> None:
    with suppress(OSError, ValueError):  # ValueError: malformed replies
        while data := await reader.read(CHUNK_BYTES):
            gate.answered(data)
            await socket.send_bytes(data)
    await socket.close(code=CloseCode.GOING_AWAY, message=b"the broker is away")
