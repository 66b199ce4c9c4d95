"""Gateway connection: an aiohttp shell around ``client.session``, which makes all decisions.

One task connects, sends and receives, and reconnects until the session is done or cannot continue. The caller
pushes segments in and takes events out.
"""

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable
from typing import Final as Constant
from typing import Self
from uuid import UUID

from client.audio_store import AudioStore
from client.connection import GOODBYE_S, Connect, Connection, Locate, moved_error, unless_moved
from client.errors import (
    Failing,
    GatewayError,
    ModelNotOffered,
    Moved,
    Refused,
    ResultsGone,
    SessionLost,
    SessionOfAnother,
    TryLater,
    Unauthorised,
    Unreachable,
    WrongCertificate,
)
from client.event_queue import EventQueue
from client.events import ClientEvent, Connected, Disconnected
from client.outage import Outage
from client.session import Session
from client.session_log import SessionLog
from client.settings import ClientSettings
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from protocol.errors import CloseCode, ErrorCode
from protocol.recognition import Options
from protocol.session import (
    PLAIN,
    Failed,
    Final,
    GatewayMessage,
    MoreHeld,
    SegmentDetails,
    SegmentEnd,
    Welcome,
    is_resumable,
)
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Closing, complete, is_set_within, loop_time

log = loggers.CLIENT_GATEWAY

_REASON_S: Constant = 1.0
_STANDSTILL_S: Constant = 1.0


class GatewayClient(Closing):
    """Client of one session. ``async with`` connects in the background and closes at the end.

    ``locate`` is called before each connection, because a restarted gateway may have another address.
    ``resume``: an earlier process may already have used this session.
    Errors that end the session are raised by ``events``, ``finish`` and every call that adds audio.
    """

    def __init__(
        self,
        locate: Locate,
        session: UUID,
        store: AudioStore,
        options: Options | None = None,
        settings: ClientSettings | None = None,
        *,
        resume: bool = False,
    ) -> None:
        self._locate = locate
        self._settings = settings = settings or ClientSettings()
        self._session = Session(
            session, options or Options(), settings.name, resume=resume, instance=secrets.token_hex(8)
        )
        self._store = store
        self._events = EventQueue(settings.most_events)
        self._changed = asyncio.Event()  # the session may have something to send
        self._room = asyncio.Event()  # a segment ended: there may be room for more audio
        self._log = SessionLog(str(session), time.monotonic())
        self._storing = False  # the session has settled a result that is not stored and reported yet
        self._progress_at, self._welcomed_at, self._stored_at = 0.0, -1.0, -1.0  # on the loop's clock
        self._error: GatewayError | None = None
        self._task: asyncio.Task[None] | None = None

    # -- the speaker's side --------------------------------------------------------------------------------

    async def begin(self, segment: int, at_ms: int, details: SegmentDetails = PLAIN) -> None:
        """Start a segment, ``at_ms`` after the session's first sample."""
        self._raise_error()
        self._session.begin(segment, at_ms, details)
        self._log.note_begin(segment, time.monotonic())
        self._changed.set()

    async def audio(self, segment: int, pcm: bytes) -> None:
        """Append audio to a segment. Waits while ``held_s`` of audio have no result yet."""
        await self.count_audio(segment, len(pcm) // BYTES_PER_SAMPLE, pcm)

    async def count_audio(self, segment: int, samples: int, pcm: bytes | None = None) -> None:
        """Count more audio of a segment, with ``pcm`` unless the store has it. Waits as ``audio`` does."""
        if self._error is not None:
            raise self._error
        if self._session.held_samples > self._settings.held_s * SAMPLE_RATE:
            await self._make_room()
        if pcm is not None and self._session.is_open(segment):
            self._store.append(segment, pcm)
        self._session.append(segment, samples)
        self._changed.set()

    async def speculate(self, segment: int) -> None:
        """Mark a possible end of the segment: the gateway may have the audio up to here recognised."""
        self._raise_error()
        self._session.speculate(segment)
        self._changed.set()

    async def end(self, segment: int) -> None:
        """Mark the segment as complete."""
        self._raise_error()
        self._session.end(segment)
        self._log.note_complete(segment, time.monotonic())
        self._changed.set()

    async def cancel(self, segment: int) -> None:
        """Cancel the segment and forget its audio."""
        self._raise_error()
        if self._session.is_open(segment):
            self._log.log_cancellation(segment)
            await self._store.settle(segment, None, self._session.cancel(segment))
        self._changed.set()
        self._room.set()

    async def finish(self) -> None:
        """Wait until all results are stored.

        Raises ``SessionLost`` after ``quiet_s`` without progress. Raises ``ResultsGone`` if the gateway withholds
        results that it has: it sends all of them after its welcome, so no worker can be the cause.
        """
        self._session.finish()
        self._changed.set()
        if self._task is None:
            raise RuntimeError("use the client in `async with`")
        task, last_words_s = self._task, self._settings.last_words_s
        self._progress_at = loop_time()
        while not task.done():
            if (left := self._time_left()) <= 0:
                break
            wait_s = min(left, last_words_s)
            await self._without_standstills(asyncio.wait({task}, timeout=wait_s), wait_s)
        self._raise_error()
        if not self._all_stored:
            raise self._session_lost()

    @property
    def spans(self) -> bool:
        """True while connected to a gateway that accepts segments which replace others."""
        return self._session.spans

    @property
    def open(self) -> tuple[int, ...]:
        """Segments without a result, in order."""
        return self._session.open

    @property
    def unsent_s(self) -> float:
        """Seconds of audio that have not been sent yet."""
        return self._session.unsent_samples / SAMPLE_RATE

    def events(self) -> AsyncIterator[ClientEvent]:
        """Return all events in order; the iteration ends with the session or raises the error that ended it."""
        return self._events.iterate()

    # -- lifetime ------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"client/{self._session.id}")
        return self

    async def close(self) -> None:
        """Close the connection. An unfinished session stays resumable at the gateway. Safe to call twice."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._events.close(self._error)  # a task cancelled before its start has not closed it
        self._error = self._error or SessionLost("the client was closed", self._session.open)
        self._room.set()

    @property
    def _all_stored(self) -> bool:
        return self._session.finished and not self._storing

    async def _make_room(self) -> None:
        self._progress_at = loop_time()
        while self._session.held_samples > self._settings.held_s * SAMPLE_RATE:
            if (left := self._rest_of_limit(self._settings.quiet_s)) <= 0:
                raise self._session_lost()
            self._room.clear()
            await self._without_standstills(is_set_within(self._room, left), left)
            self._raise_error()

    def _time_left(self) -> float:
        if self._all_stored:
            return self._rest_of_limit(self._settings.last_words_s)
        left = self._rest_of_limit(self._settings.quiet_s)
        if self._only_owed_missing:
            left = min(left, max(self._progress_at, self._welcomed_at) + self._settings.owed_s - loop_time())
        return left

    @property
    def _only_owed_missing(self) -> bool:
        return self._session.owed and not self._storing

    def _rest_of_limit(self, patience_s: float) -> float:
        return self._progress_at + patience_s - loop_time()

    async def _without_standstills(self, waiting: Awaitable[object], most_s: float) -> None:
        """Wait for at most ``most_s``. After a standstill, count anew: messages that came meanwhile are unread."""
        latest = loop_time() + most_s + _STANDSTILL_S
        await waiting
        if loop_time() > latest:
            self._progress_at = loop_time()

    def _session_lost(self) -> SessionLost:
        segments = self._session.open
        what, advice = f"nothing was heard of {len(segments)} segments", "is a worker running there?"
        if self._storing:
            what, advice = "a result could not be kept", "is there room on the disk?"
        if gone := self._only_owed_missing:
            what, advice = "the gateway sent no results that it had", "recognise the recording again"
        quiet = f"for {self._settings.owed_s if gone else self._settings.quiet_s:g} s {what}"
        self._log.log_failure(quiet)
        return (ResultsGone if gone else SessionLost)(f"{quiet}: {advice}", segments)

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    # -- the connection's side -----------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            async with self._settings.connecting(self._settings) as connect:
                await self._converse_until_done(connect)
        except GatewayError as error:
            self._log.log_failure(str(error))
            self._error = error
        except Exception as error:  # top of a task: log it, and raise it in every waiting call
            log.exception(LogEvent.CLIENT_FAILED)
            self._error = SessionLost(f"the client failed: {error!r}", self._session.open)
        finally:
            self._events.close(self._error)
            self._room.set()

    async def _converse_until_done(self, connect: Connect) -> None:
        settings = self._settings
        outage = Outage(loop_time(), settings.first_contact_s, settings.give_up_s, settings.failing_s)
        while self._session.done is None:
            started = loop_time()
            try:
                await self._converse(connect)
                return
            except Unreachable as error:
                lost = error
            except (Unauthorised, WrongCertificate) as error:
                known = isinstance(error, WrongCertificate) and self._welcomed_at >= 0  # it can be renewed
                if not (known or settings.elsewhere()):
                    raise
                lost = Unreachable(str(error))
            if self._welcomed_at >= started:
                outage.note_lost_connection(loop_time() - started, loop_time())
            if self._stored_at >= started:
                outage.note_result()
            if outage.is_over_limit(lost, loop_time()):
                raise lost
            asked_s = lost.retry_after_s
            pause = (
                0.0 if outage.needs_no_pause(lost) else settings.retry(outage.failures, random.random(), asked_s)
            )
            self._log.log_loss(str(lost), pause, asked_s, time.monotonic())
            answers, failing = isinstance(lost, TryLater), isinstance(lost, Failing)
            await self._events.put(Disconnected(str(lost), pause, answers, failing))
            await settings.pause(pause)

    async def _converse(self, connect: Connect) -> None:
        """Run one connection, from ``hello`` until the session is done. Raises the error that ended it earlier."""
        address, settings = self._locate(), self._settings
        moved = asyncio.create_task(settings.until_moved(address), name=f"client/{self._session.id}/moved")
        try:
            connecting = connect(address, self._session.greeted)
            await self._speak(await unless_moved(moved, connecting), moved)
        finally:
            moved.cancel()
            await asyncio.gather(moved, return_exceptions=True)

    async def _speak(self, connection: Connection, moved: "asyncio.Task[None]") -> None:
        reader = asyncio.create_task(self._read(connection), name=f"client/{self._session.id}/read")
        writer = asyncio.create_task(self._write(connection), name=f"client/{self._session.id}/write")
        try:
            await asyncio.wait({reader, writer, moved}, return_when=asyncio.FIRST_COMPLETED)
            if moved.done() and not (reader.done() or writer.done()):
                raise moved_error(moved)
            if writer.done() and not reader.done():  # the reader may still learn why sending failed
                await asyncio.wait({reader}, timeout=_REASON_S)
            (reader if reader.done() else writer).result()
        except GatewayError as error:
            await (connection.close(GOODBYE_S) if isinstance(error, Moved) else connection.close())
            await asyncio.wait({reader})  # let it store and report the audio that arrived, until it sees the close
            if self._storing:  # storing failed, and no other connection brings the text of a settled segment
                reader.result()
            raise
        finally:
            await complete(self._disconnect(connection, reader, writer))

    async def _disconnect(self, connection: Connection, *tasks: "asyncio.Task[None]") -> None:
        """End the tasks of a connection, then close it."""
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._session.reset_connection()
        await connection.close()

    async def _read(self, connection: Connection) -> None:
        """Process messages until the session is done. Raises the reason if the connection closes earlier."""
        message = await connection.receive(self._settings.connect_s)
        while message is not None:
            await self._handle(message)
            if self._session.done:
                return
            message = await connection.receive(None)
        raise self._closing_error(connection.close_code)

    async def _handle(self, message: GatewayMessage) -> None:
        events = self._session.receive(message)
        self._log.log_message(message, time.monotonic())
        now = loop_time()
        if events:
            self._progress_at = now
        if isinstance(message, Welcome | MoreHeld):
            self._welcomed_at = now
        if isinstance(message, Welcome):
            await self._events.put(Connected(message.gateway, message.durable))
        for event in events:
            self._log.note_event(event, time.monotonic())
            if isinstance(event, Final | Failed):
                await self._store_result(event)
            else:
                await self._events.put(event)
        self._changed.set()

    async def _store_result(self, result: Final | Failed) -> None:
        """Store a result, then report it. ``finish`` waits for both, however long the disk takes."""
        self._storing = True
        if await self._store.settle(result.segment, result):
            self._session.confirm_stored(result.segment)
        self._log.log_result(result, time.monotonic())
        self._room.set()
        self._changed.set()
        await self._events.put(result)
        self._storing = False
        self._progress_at = self._stored_at = loop_time()

    async def _write(self, connection: Connection) -> None:
        await connection.send(self._session.hello(), self._settings.send_s)
        while True:
            self._changed.clear()
            while (outgoing := self._session.next()) is not None:
                if isinstance(outgoing, tuple):
                    pcm = await self._store.read(*outgoing)
                    await connection.send_audio(outgoing.segment, outgoing.offset, pcm, self._settings.send_s)
                else:
                    await connection.send(outgoing, self._settings.send_s)
                    if isinstance(outgoing, SegmentEnd):
                        self._log.note_sent(outgoing.segment, time.monotonic())
            await self._changed.wait()

    def _closing_error(self, close_code: int | None) -> GatewayError:
        """Return the error that the end of a connection means for the session."""
        said = self._session.error
        reason = f"{said.message} ({said.code})" if said else f"the gateway closed the connection ({close_code})"
        if close_code == CloseCode.TAKEN_OVER:
            return SessionLost("another connection took this session over", self._session.open)
        if close_code == CloseCode.UNAUTHORISED:
            return Unauthorised(reason)
        if close_code == CloseCode.TRY_AGAIN_LATER:
            return TryLater(reason)
        if close_code == CloseCode.INTERNAL_ERROR:
            return Failing(reason)
        if close_code == CloseCode.FORBIDDEN:
            return SessionOfAnother(reason)
        if close_code is None or is_resumable(close_code):
            return Unreachable(reason)
        return (ModelNotOffered if said and said.code == ErrorCode.MODEL_UNAVAILABLE else Refused)(reason)
