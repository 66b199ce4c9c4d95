"""``GET /v1/broker``: tunnel of the broker's protocol for workers that cannot reach the broker directly."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

from aiohttp import WSMsgType, web

from backend.broker.jobs import Jobs
from backend.broker.shard import Shard
from backend.core.errors import BrokerError
from backend.core.lost_writes import lost_writes
from backend.http.access import AdmittedRequest
from backend.http.responses import abort, error_response
from backend.http.websocket import NO_UPGRADE
from backend.workers.accounts import WorkerAccounts
from backend.workers.broker_connection import BrokerConnection, upstream
from backend.workers.commands import CommandGate, known_scripts
from backend.workers.traces import WorkerTraces
from protocol.broker import CHUNK_BYTES, PING_S, SHARD_FIELD, SHARDS_HEADER
from protocol.errors import CloseCode, ErrorCode, ProtocolError
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks

log = loggers.BACKEND_TUNNEL

MOST_CONNECTIONS: Final = 32
"""Limit of one device's connections to each shard; each worker has up to four."""

Authorise = Callable[[web.Request], AdmittedRequest]
"""Returns the worker's visit. Raises ``ProtocolError``."""


class _Destination:
    """A shard to which connections lead. ``clients``: the broker's ids of a device's connections."""

    def __init__(self, jobs: Jobs, shard: Shard) -> None:
        # A server may have several shards, each with accounts of its own.
        owner = jobs.gateway if shard.keys.alone else f"{jobs.gateway}-{shard.keys.shard}"
        self.dial = partial(jobs.connections.dial, shard.keys.backlog)
        self.database = jobs.connections.database
        self.administer = shard.administer
        self.accounts = WorkerAccounts(shard.administer, owner, self.database)
        self.traces = WorkerTraces(shard.administer)
        self.open: Counter[str] = Counter()
        self.clients: defaultdict[str, set[int]] = defaultdict(set)


class BrokerTunnel:
    """Tunnel of one gateway. ``authorise`` checks each request; revocation ends a device's connections at once."""

    def __init__(self, jobs: Jobs, authorise: Authorise) -> None:
        self._authorise = authorise
        self._destinations = [_Destination(jobs, shard) for shard in jobs.shards]
        self._headers = {} if jobs.shards[0].keys.alone else {SHARDS_HEADER: str(len(jobs.shards))}
        self._scripts = known_scripts()
        self._ends: set[asyncio.StreamWriter] = set()
        self._closing = False

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Forward data until either side ends or the device is revoked."""
        visit = self._authorise(request)
        device = visit.device.id
        number = request.query.get(SHARD_FIELD, "0")
        if not number.isdecimal() or len(number) > 4 or int(number) >= len(self._destinations):
            return error_response(404, ErrorCode.NOT_FOUND, f"the broker has no shard {number[:20]}")
        if not web.WebSocketResponse().can_prepare(request).ok:
            return error_response(400, ErrorCode.MALFORMED, NO_UPGRADE)
        there = self._destinations[int(number)]
        if self._closing:
            return error_response(503, ErrorCode.GOING_AWAY, "this gateway is going away")
        if there.open[device] >= MOST_CONNECTIONS:
            return error_response(429, ErrorCode.BUSY, f"this worker has {MOST_CONNECTIONS} connections already")
        there.open[device] += 1
        try:
            async with there.accounts.account(device) as account:
                gate = CommandGate(self._scripts, there.traces.connection_state(device, there.clients[device]))
                try:
                    async with upstream(there.dial, account, there.database) as ends:
                        return await self._carry(request, visit, there, ends, gate)
                finally:
                    await there.traces.remove_traces(gate.connection_state)
        except BrokerError as error:
            log.warning(LogEvent.TUNNEL_FAILED, device=device, reason=str(error))
            return error_response(503, ErrorCode.BROKER_UNAVAILABLE, str(error))
        finally:
            there.open[device] -= 1

    def close(self) -> None:
        """Refuse new connections and end open ones. Safe to call twice."""
        self._closing = True
        for writer in self._ends:
            writer.close()

    async def run(self) -> None:
        """Remove leftovers of disconnected workers until cancelled."""
        await asyncio.gather(*(there.traces.run() for there in self._destinations))

    async def _carry(
        self,
        request: web.Request,
        visit: AdmittedRequest,
        there: _Destination,
        ends: BrokerConnection,
        gate: CommandGate,
    ) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False, heartbeat=PING_S, max_msg_size=CHUNK_BYTES + 1)
        socket.headers.update(self._headers)
        clients = there.clients[visit.device.id]
        await socket.prepare(request)
        who = {"device": visit.device.id, "kind": visit.device.kind}
        log.info(LogEvent.AUDIT_TUNNEL_OPENED, **who)
        self._ends.add(ends.writer)
        clients.add(ends.id)
        try:
            with visit.present(lambda: abort(request)):
                async with Tasks("tunnel") as tasks:
                    tasks.start(_down(ends.reader, socket, gate), "down")
                    tasks.failed.add_done_callback(lambda _: abort(request))  # else the worker waits for replies
                    await _up(socket, ends.writer, gate)
        finally:
            self._ends.discard(ends.writer)
            clients.discard(ends.id)
            with suppress(BrokerError):  # at once, so that none of its commands follows the removal of its traces
                await there.administer("CLIENT", "KILL", "ID", str(ends.id))
            log.info(LogEvent.AUDIT_TUNNEL_CLOSED, **who)
        return socket


async def _up(socket: web.WebSocketResponse, writer: asyncio.StreamWriter, gate: CommandGate) -> None:
    with suppress(OSError), lost_writes():
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
            gate.count_replies(data)
            await socket.send_bytes(data)
    await socket.close(code=CloseCode.GOING_AWAY, message=b"the broker is away")
