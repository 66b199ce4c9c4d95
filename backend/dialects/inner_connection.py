"""A connection of the client library to a session of this gateway, without a socket in between.

The client library sends again what a broker has lost, retries what has failed, and resumes. So each adapter has
the guarantees of ``/v1/stream``, and its device the same quotas.
"""

import asyncio
import time
from collections.abc import Awaitable
from typing import Final as Constant

from backend.http.access import AdmittedRequest, DeviceStream
from backend.sessions.adoption import MOST_FLYING, until_room
from backend.sessions.checks import check_hello
from backend.sessions.connection import ClientConnection
from backend.sessions.hub import Hub
from backend.sessions.session_slot import SessionSlot
from client.errors import Unreachable
from protocol.audio import encode_frame
from protocol.errors import CloseCode, ProtocolError, Unauthorised
from protocol.session import ClientMessage, GatewayMessage, Hello, decode_gateway
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import cancel_and_wait

segment_log = loggers.BACKEND_STORY


_MOST_UNREAD: Constant = 64
"""Messages that the reader may leave in the queue before the gateway waits for it."""
_MESSAGES_A_TURN: Constant = 32


class InnerConnection:
    """A ``client.connection.Connection`` to a session of ``hub`` for the device of ``visit``.

    It counts as one of the device's streams.
    """

    def __init__(self, hub: Hub, visit: AdmittedRequest) -> None:
        self._hub, self._visit = hub, visit
        self._messages: asyncio.Queue[GatewayMessage | None] = asyncio.Queue(_MOST_UNREAD)
        limits = hub.settings.outbound_bytes, hub.settings.stuck_s
        self._outgoing = ClientConnection(_Delivery(self), *limits, transient=True)
        self._slot: SessionSlot | None = None
        self._count = 0
        self._writer = asyncio.create_task(self._write(), name="dialect/writer")
        self.close_code: int | None = None
        hub.connected(self._outgoing)
        self._stream: DeviceStream | None = DeviceStream(visit, self._refuse_revoked)
        self._usage = self._stream.usage

    async def send(self, message: ClientMessage, deadline_s: float) -> None:
        """Pass on a message. Raises ``Unreachable`` if the connection is closed or the broker takes too long."""
        self._check()
        try:
            if isinstance(message, Hello):
                async with asyncio.timeout(deadline_s):
                    self._slot = await self._hub.bind(check_hello(message), self._visit.about, self._outgoing)
                return
            self._hub.receive(self._bound, message)
            await self._wait_for_turn(self._bound, deadline_s)
        except ProtocolError as error:
            self._refuse(error)
        except TimeoutError as error:
            raise Unreachable("the gateway did not take a message in time") from error

    async def send_audio(self, segment: int, offset: int, pcm: bytes, deadline_s: float) -> None:
        """Pass on a frame. Raises ``Unreachable`` like ``send``."""
        self._check()
        slot, frame = self._bound, encode_frame(segment, offset, pcm)
        try:
            if not slot.session.repeats(frame):
                self._usage.audio_bytes += len(pcm)
            self._hub.frame(slot, frame)
            await self._wait_for_turn(slot, deadline_s)
        except ProtocolError as error:
            self._refuse(error)
        except TimeoutError as error:
            raise Unreachable("the gateway did not take a frame in time") from error

    async def receive(self, deadline_s: float | None) -> GatewayMessage | None:
        """Return the next message, or ``None`` once the connection is closed. Raises ``Unreachable``."""
        try:
            async with asyncio.timeout(deadline_s):
                return await self._messages.get()
        except TimeoutError as error:
            raise Unreachable("the gateway did not respond in time") from error

    async def close(self, within_s: float = 0.0) -> None:
        """Leave the session, which the gateway keeps for a while. Safe to call twice."""
        if self._slot is not None:
            self._hub.unbind(self._slot, self._outgoing)
            segment_log.info(LogEvent.CONNECTION_CLOSED, session=self._slot.identity, reason=self._outgoing.reason)
            self._slot = None
        self._outgoing.close(CloseCode.NORMAL)
        await cancel_and_wait({self._writer})
        self._hub.disconnected(self._outgoing)
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    # -- inside --------------------------------------------------------------------------------------------

    @property
    def _bound(self) -> SessionSlot:
        if self._slot is None:
            raise Unreachable("the session is not bound")
        return self._slot

    def _check(self) -> None:
        if self._outgoing.closing:
            raise Unreachable("the gateway has closed the connection")
        self._outgoing.heard = True

    async def _wait_for_turn(self, slot: SessionSlot, deadline_s: float) -> None:
        """Let other connections run, and wait for the broker and for the pace of the device's key."""
        self._count += 1
        pause_s = self._usage.pace.pause_s(time.monotonic()) if self._visit.limited else 0.0
        if self._count % _MESSAGES_A_TURN and slot.flying < MOST_FLYING and not pause_s:
            return  # a deadline for every frame would cost more than the frame
        async with asyncio.timeout(deadline_s):
            await until_room(slot, self._outgoing)
            await asyncio.sleep(pause_s)

    def _refuse(self, error: ProtocolError) -> None:
        self._hub.turn_away(self._outgoing, error)

    def _refuse_revoked(self) -> None:
        self._refuse(Unauthorised("this device was revoked: pair it again"))

    async def _write(self) -> None:
        if not await self._outgoing.run():
            self.close_code = CloseCode.TRY_AGAIN_LATER
        await self._messages.put(None)

    def answer_ping(self) -> None:
        """Answer a ping at once: the client is in this process."""
        self._outgoing.heard = True

    async def deliver(self, message: GatewayMessage) -> None:
        """Queue a message for ``receive``; wait while the queue is full."""
        await self._messages.put(message)


class _Delivery:
    """The gateway's side: a ``Socket`` whose messages arrive at an ``InnerConnection``."""

    def __init__(self, connection: InnerConnection) -> None:
        self._connection = connection
        self._added: list[GatewayMessage] = []

    def send(self, text: str) -> None:
        self._added.append(decode_gateway(text))

    def ping(self) -> None:
        self._connection.answer_ping()

    def close(self, code: int, reason: str) -> None:
        self._connection.close_code = code

    def drain(self) -> Awaitable[None] | None:
        added, self._added = self._added, []
        return self._deliver(added) if added else None

    async def _deliver(self, added: list[GatewayMessage]) -> None:
        for message in added:
            await self._connection.deliver(message)
