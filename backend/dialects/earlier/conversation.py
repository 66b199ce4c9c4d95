"""The route and the connections of the earlier server's protocol: recordings, each in a session of its own.

A recording is recognised as one stream, not chunk by chunk, so that no word is cut at the edge of a chunk.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from aiohttp import WSMsgType, web

from backend.core.errors import BackendError
from backend.dialects.earlier.messages import (
    CLIENT,
    ChunkOrder,
    ChunkTexts,
    EarlierChunk,
    EarlierFinish,
    EarlierStart,
    chunk_result,
    client_message,
    failed_message,
    final_result,
    received_message,
    started_message,
)
from backend.dialects.earlier.rest_routes import in_their_shape
from backend.dialects.live_speech import LiveSpeech
from backend.dialects.sessions import DialectSessions
from backend.dialects.sockets import AdapterSocket, send_text, serve_socket
from backend.http.access import AdmittedRequest
from backend.http.responses import abort
from client.errors import GatewayError
from client.events import ClientEvent
from protocol.errors import OutOfOrder, ProtocolError
from protocol.recognition import Options
from protocol.session import Failed
from protocol.session import Final as FinalResult
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import cancel_and_wait

log = loggers.BACKEND_DIALECTS

PATH: Final = "/ws/asr"
MOST_RECORDINGS: Final = 8
ANSWER_S: Final = 60.0
"""How long a client waits for the whole text."""
_HOLD_S: Final = 1.0
"""How long the last chunk waits for the next one, for clients that wait for its text before they send more."""
_LATE: Final = f"not all of it was recognised within {ANSWER_S:g} s: send the recording again"
_DATA: Final = (WSMsgType.TEXT, WSMsgType.BINARY)


@dataclass(eq=False)
class _Recording:
    """A recording. ``chunks``: heard so far; ``ended``: its ended segments; ``finishing``: task of its end."""

    name: str
    live: LiveSpeech
    order: ChunkOrder = field(default_factory=ChunkOrder)
    texts: ChunkTexts = field(default_factory=ChunkTexts)
    chunks: int = 0
    ended: int = 0
    finishing: "asyncio.Task[None] | None" = None

    def new_ends(self) -> Iterator[int]:
        """Yield the segments that have ended since the last call."""
        segments = self.live.sent.segments
        while segments.get(self.ended, (0, 0))[1]:
            yield self.ended
            self.ended += 1


class EarlierConversation:
    """State of one connection. ``abort``: breaks it off. ``answer_s``: longest wait for the whole text."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        sessions: DialectSessions,
        visit: AdmittedRequest,
        abort: Callable[[], None],
        answer_s: float = ANSWER_S,
    ) -> None:
        self._socket, self._sessions, self._visit, self._abort = socket, sessions, visit, abort
        self._answer_s = answer_s
        self._recordings: dict[str, _Recording] = {}

    async def run(self) -> None:
        """Handle messages until the client leaves. Raises ``ConnectionError`` or ``TimeoutError``."""
        while True:
            await self._leave_failed()
            held = [one for one in self._recordings.values() if one.texts.holds and one.finishing is None]
            try:
                message = await self._socket.receive(_HOLD_S if self._recordings else None)
            except TimeoutError:
                for recording in held:
                    recording.texts.release_last()
                    await self._send_chunks(recording)
                continue
            if message.type not in _DATA:
                return
            await self._handle(message.data)

    async def close(self) -> None:
        """Leave all recordings. Safe to call twice."""
        recordings = list(self._recordings.values())
        await cancel_and_wait({one.finishing for one in recordings if one.finishing is not None})
        for recording in recordings:
            await self._leave(recording)

    async def _leave_failed(self) -> None:
        """Report unfinished recordings whose session has ended: their clients may wait for texts."""
        for recording in [one for one in self._recordings.values() if one.finishing is None]:
            try:
                recording.live.check()
            except (BackendError, GatewayError) as error:
                await self._leave(recording)
                await self._say(failed_message(recording.name, str(error)))

    # -- messages ------------------------------------------------------------------------------------------

    async def _handle(self, data: str | bytes) -> None:
        name = ""
        try:
            message = client_message(data)
            name = message.session_id
            match message:
                case EarlierStart():
                    await self._start(name)
                case EarlierChunk(_, index, audio):
                    await self._chunk(self._open(name), index, audio)
                case EarlierFinish():
                    self._finish(self._open(name))
        except ProtocolError as error:
            await self._say(failed_message(name, str(error)))
        except (BackendError, GatewayError) as error:
            if name in self._recordings:
                await self._leave(self._recordings[name])
            await self._say(failed_message(name, str(error)))

    def _open(self, name: str) -> _Recording:
        recording = self._recordings.get(name)
        if recording is None or recording.finishing is not None:
            raise OutOfOrder("there is no such recording: send start first")
        return recording

    async def _start(self, name: str) -> None:
        if name in self._recordings:
            raise OutOfOrder("this recording has begun already")
        if len(self._recordings) >= MOST_RECORDINGS:
            await self._make_room()
        options = Options(partials=False)
        live = await LiveSpeech.begin(self._sessions, self._visit, options, CLIENT + name)
        self._recordings[name] = recording = _Recording(name, live)
        live.handle_events(partial(self._send_event, recording))
        await self._say(started_message(name))

    async def _make_room(self) -> None:
        """Give up the oldest unfinished recording. Raises ``OutOfOrder`` if all have ended."""
        unended = (one for one in self._recordings.values() if one.finishing is None)
        oldest = next(unended, None)
        if oldest is None:
            raise OutOfOrder(f"{MOST_RECORDINGS} recordings of this connection wait for their texts already")
        await self._leave(oldest)
        await self._say(
            failed_message(oldest.name, "given up: too many recordings of this connection have no finish")
        )

    async def _chunk(self, recording: _Recording, index: int, audio: bytes) -> None:
        for place, heard in recording.order.take(index, audio):
            await self._hear(recording, place, heard)
        await self._say(received_message(recording.name, index))

    async def _hear(self, recording: _Recording, index: int, audio: bytes) -> None:
        await recording.live.accept_pcm(audio)
        recording.chunks += 1
        recording.texts.add_chunk(index, recording.new_ends())
        await self._send_chunks(recording)

    # -- the end -------------------------------------------------------------------------------------------

    def _finish(self, recording: _Recording) -> None:
        recording.finishing = asyncio.create_task(self._end(recording), name="dialect/earlier")

    async def _end(self, recording: _Recording) -> None:
        """Send the whole text, or an error: never a part of it."""
        try:
            answer = await self._whole(recording)
            await self._leave(recording)
            await self._say(answer)
        except (ConnectionError, TimeoutError):  # the client is gone, or does not read
            self._abort()
        except Exception:
            log.exception(LogEvent.REQUEST_FAILED, path=PATH)
            self._abort()

    async def _whole(self, recording: _Recording) -> str:
        live = recording.live
        try:
            async with asyncio.timeout(self._answer_s):
                for index, audio in recording.order.rest():
                    await self._hear(recording, index, audio)
                await live.intake.finish()
                recording.texts.release_last(recording.new_ends())
                await live.finish()
                await self._send_chunks(recording)
        except TimeoutError:
            return failed_message(recording.name, _LATE)
        except (ProtocolError, BackendError, GatewayError) as error:
            return failed_message(recording.name, str(error))
        if live.transcript.failed is not None:
            return failed_message(
                recording.name, f"a part could not be recognised: {live.transcript.failed.message}"
            )
        seconds = live.sent.seconds
        return final_result(recording.name, live.transcript.text(), seconds, recording.chunks)

    async def _leave(self, recording: _Recording) -> None:
        self._recordings.pop(recording.name, None)
        await recording.live.close()

    # -- texts ---------------------------------------------------------------------------------------------

    async def _send_event(self, recording: _Recording, event: ClientEvent) -> None:
        if isinstance(event, Failed):
            recording.live.transcript.take(event)
            recording.texts.know(event.segment, "")
            if recording.finishing is None:  # otherwise the answer to ``finish`` reports it
                await self._say(failed_message(recording.name, f"a part could not be recognised: {event.message}"))
        elif recording.live.take(event) and isinstance(event, FinalResult):
            recording.texts.know(event.segment, event.text)
        await self._send_chunks(recording)

    async def _send_chunks(self, recording: _Recording) -> None:
        """Send the texts of chunks that are due; each is sent as soon as it is taken, so that the order stays."""
        while (due := recording.texts.due()) is not None:
            await self._say(chunk_result(recording.name, *due))

    async def _say(self, text: str) -> None:
        await send_text(self._socket, text)


_HEARTBEAT_S: Final = 40.0
"""A ping after this silence; a client that does not answer within half of it is gone."""


def earlier_routes(sessions: DialectSessions, answer_s: float = ANSWER_S) -> list[web.RouteDef]:
    """Return the route; refusals before the upgrade give the reason, as the earlier server does.

    ``answer_s``: how long a client waits for a whole text.
    """

    async def serve(request: web.Request) -> web.StreamResponse:
        socket = AdapterSocket(_HEARTBEAT_S)

        def begin(visit: AdmittedRequest) -> EarlierConversation:
            return EarlierConversation(socket, sessions, visit, lambda: abort(request), answer_s)

        return await serve_socket(request, sessions, socket, begin)

    return [web.get(PATH, in_their_shape(serve))]
