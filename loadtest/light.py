"""A client that costs the load maker less than the library's, and keeps the same protocol.

What to say is decided by the library's ``client.session.Session``, and connecting and backing off are the
library's too. Only the shell is another one: a frame is written in the turn of the loop in which it is spoken, not
by a task of its own that has to be woken, and its audio is read where the noise is.
"""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self
from uuid import UUID

import aiohttp

from client.connection import Connection, Locate, connect
from client.errors import GatewayError, Refused, SessionLost, TryLater, Unauthorised, Unreachable
from client.event_queue import EventQueue
from client.events import ClientEvent, Connected, Disconnected
from client.gateway import ClientSettings
from client.session import Session
from loadtest.spoken import Spoken
from protocol.audio import BYTES_PER_SAMPLE
from protocol.errors import CloseCode
from protocol.recognition import Options
from protocol.session import Failed, Final, GatewayMessage, Welcome, resumable

_NAME = "kikipounamu-loadtest"
_LAST_WORDS_S = 5.0
_STEADY_S = 10.0  # as in ``client.gateway``


class LightClient:
    """One session; ``async with`` connects in the background and closes at the end. As ``GatewayClient``."""

    def __init__(
        self, locate: Locate, session: UUID, spoken: Spoken, options: Options, settings: ClientSettings
    ) -> None:
        self._locate = locate
        self._session = Session(session, options, _NAME, instance=secrets.token_hex(8))
        self._spoken = spoken
        self._settings = settings
        self._events = EventQueue(settings.most_events)
        self._connection: Connection | None = None
        self._writing = False
        self._welcomed_at = -1.0  # on the loop's clock, as the next
        self._heard_at = 0.0
        self._error: GatewayError | None = None
        self._task: asyncio.Task[None] | None = None

    # -- the speaker's side --------------------------------------------------------------------------------

    async def begin(self, segment: int, at_ms: int) -> None:
        """A segment starts. Its first frame takes the message along."""
        self._check()
        self._session.begin(segment, at_ms)

    async def audio(self, segment: int, pcm: bytes) -> None:
        """More of a segment, written now."""
        self._check()
        self._session.append(segment, len(pcm) // BYTES_PER_SAMPLE)
        await self._write()

    async def end(self, segment: int) -> None:
        """The segment is complete."""
        self._check()
        self._session.end(segment)
        await self._write()

    async def finish(self) -> None:
        """Wait until every segment has ended. Raises ``SessionLost`` when for ``quiet_s`` nothing was heard."""
        self._session.finish()
        await self._write()
        clock = asyncio.get_running_loop().time
        self._heard_at = clock()
        while self._task is not None and not self._task.done():
            patience = _LAST_WORDS_S if self._session.finished else self._settings.quiet_s
            if (left := self._heard_at + patience - clock()) <= 0:
                break
            await asyncio.wait({self._task}, timeout=min(left, _LAST_WORDS_S))
        self._check()
        if not self._session.finished:
            raise SessionLost(f"for {self._settings.quiet_s:g} s nothing was heard", self._session.open)

    def events(self) -> AsyncIterator[ClientEvent]:
        """Everything that happens, in order; ends with the session, or raises what ended it."""
        return self._events.iterate()

    # -- lifetime ------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"light/{self._session.id}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up. Safe to call twice."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._events.close(self._error)

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    # -- the connection's side -----------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            async with self._settings.http() as http:
                await self._converse_until_done(http)
        except GatewayError as error:
            self._error = error
        finally:
            self._events.close(self._error)

    async def _converse_until_done(self, http: aiohttp.ClientSession) -> None:
        clock = asyncio.get_running_loop().time
        self._heard_at = last_contact = clock()
        patience, failures = self._settings.first_contact_s, 0
        while self._session.done is None:
            started = clock()
            try:
                await self._converse(http)
                return
            except Unreachable as error:
                lost = error
            if self._welcomed_at >= started:
                last_contact, patience = clock(), self._settings.give_up_s
                failures = failures if clock() - started < _STEADY_S else 0
            if isinstance(lost, TryLater):  # somebody is there
                patience = self._settings.give_up_s
            failures += 1
            if clock() - last_contact >= patience:
                raise lost
            pause = self._settings.retry(failures, random.random(), lost.retry_after_s)
            await self._events.put(Disconnected(str(lost), pause))
            await self._settings.pause(pause)

    async def _converse(self, http: aiohttp.ClientSession) -> None:
        settings = self._settings
        connection = await connect(
            http, self._locate(), settings.connect_s, settings.heartbeat_s, resume=self._session.greeted
        )
        try:
            await connection.send(self._session.hello(), settings.send_s)
            self._connection = connection
            message = await connection.receive(settings.connect_s)
            while message is not None:
                await self._take(message)
                if self._session.done:
                    return
                message = await connection.receive(None)
            raise self._why(connection.close_code)
        finally:
            self._connection = None
            self._session.disconnected()
            await connection.close()

    async def _take(self, message: GatewayMessage) -> None:
        events = self._session.receive(message)
        self._heard_at = asyncio.get_running_loop().time()
        if isinstance(message, Welcome):
            self._welcomed_at = self._heard_at
            await self._events.put(Connected(message.gateway, message.durable))
        for event in events:
            if isinstance(event, Final | Failed):
                await self._spoken.settle(event.segment, event)
                self._session.stored(event.segment)
            await self._events.put(event)
        await self._write()

    async def _write(self) -> None:
        """Say what there is to say. One at a time: whoever comes meanwhile finds it being said."""
        if self._writing or (connection := self._connection) is None:
            return
        self._writing = True
        try:
            while connection is self._connection and (outgoing := self._session.next()) is not None:
                if isinstance(outgoing, tuple):
                    segment, offset, samples = outgoing
                    pcm = self._spoken.piece(segment, offset, samples)
                    await connection.send_audio(segment, offset, pcm, self._settings.send_s)
                else:
                    await connection.send(outgoing, self._settings.send_s)
        except Unreachable:
            await connection.close()  # whoever reads learns why
        finally:
            self._writing = False

    def _why(self, close_code: int | None) -> GatewayError:
        said = self._session.error
        reason = f"{said.message} ({said.code})" if said else f"the gateway closed the connection ({close_code})"
        if close_code == CloseCode.TAKEN_OVER:
            return SessionLost("another connection took this session over", self._session.open)
        if close_code == CloseCode.UNAUTHORISED:
            return Unauthorised(reason)
        if close_code is None or resumable(close_code):
            return Unreachable(reason)
        return Refused(reason)
