"""``/v1/realtime``: live transcription over a WebSocket, as with OpenAI's Realtime API.

With ``server_vad`` each segment of speech is a turn. Without it the client commits turns itself; a long one is
recognised in several segments. Deltas are certain text and are never taken back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import uuid4

from aiohttp import WSMessage, WSMsgType, web
from msgspec.structs import replace

from backend.core.errors import BackendError, OverQuota
from backend.dialects.g711 import decode
from backend.dialects.live_speech import LiveSpeech
from backend.dialects.openai.answers import usage
from backend.dialects.openai.realtime_events import (
    EventInvalid,
    RealtimeConfig,
    audio_of,
    client_event,
    error_event,
    server_event,
    session_fields,
    updated_config,
)
from backend.dialects.openai.realtime_items import Item, Items, TurnFailure
from backend.dialects.sessions import DialectSessions
from backend.dialects.sockets import AdapterSocket, Incoming, incoming, send_text, serve_socket
from backend.dialects.speech_intake import IntakeOptions
from backend.http.access import AdmittedRequest
from client.errors import GatewayError
from client.events import ClientEvent
from protocol.audio import samples_to_ms
from protocol.session import Failed, Partial
from protocol.session import Final as FinalMessage

REALTIME_PATH: Final = "/v1/realtime"
_NAME: Final = "openai-realtime"
_PROTOCOLS: Final = ("realtime",)
_HEARTBEAT_S: Final = 30.0
_MANUAL_SILENCE_MS: Final = 1_000
_INPUT: Final = "input_audio_buffer"
_EMPTY: Final = f"{_INPUT}_commit_empty"
_TEXT: Final = "conversation.item.input_audio_transcription"


def realtime_routes(sessions: DialectSessions) -> list[web.RouteDef]:
    """Return the route of live transcription."""

    async def serve(request: web.Request) -> web.StreamResponse:
        socket = AdapterSocket(_HEARTBEAT_S, _PROTOCOLS)
        return await serve_socket(request, sessions, socket, lambda visit: _Conversation(socket, sessions, visit))

    return [web.get(REALTIME_PATH, serve)]


@dataclass
class _Speech:
    """Session that takes the audio. ``heard``: segments with a turn; ``ended``: segments whose end was sent.

    ``turn``: first sample of the turn; ``item``: turn that the client will commit.
    ``early``: results of segments that have no turn yet.
    """

    config: RealtimeConfig
    live: LiveSpeech
    items: Items = field(default_factory=Items)
    heard: int = 0
    ended: int = 0
    turn: int = 0
    item: Item = field(default_factory=Item)
    early: list[FinalMessage | Failed] = field(default_factory=list)


class _Conversation:
    """State of one connection. ``_lost``: why a turn that the client has not committed yet has no text."""

    def __init__(self, socket: web.WebSocketResponse, sessions: DialectSessions, visit: AdmittedRequest) -> None:
        self._socket, self._sessions, self._visit = socket, sessions, visit
        self._config = RealtimeConfig()
        self._id = f"sess_{uuid4().hex[:20]}"
        self._previous: str | None = None
        self._speech: _Speech | None = None
        self._lost: TurnFailure | None = None
        self._wake: Callable[[], None] = lambda: None

    async def run(self) -> None:
        """Handle all events of the client."""
        await self._say("session.created", session=session_fields(self._config, self._id))
        async with incoming(self._socket) as messages:
            messages.check, self._wake = self._check, messages.wake
            await self._converse(messages)

    async def _converse(self, messages: Incoming) -> None:
        while True:
            try:
                message = await anext(messages, None)
                if message is None:
                    return
                await self._take(message)
            except (BackendError, GatewayError) as error:
                await self._fail(error)

    async def _take(self, message: WSMessage) -> None:
        about = None
        try:
            if message.type is not WSMsgType.TEXT:
                raise EventInvalid("events are text messages", code="invalid_event")
            event = client_event(message.data)
            about = event.get("event_id")
            await self._handle(event)
        except EventInvalid as error:
            await self._send(error_event(error.code, str(error), error.param, about))

    def _check(self) -> None:
        """Raise the error that ended the session, if one did."""
        if self._speech is not None:
            self._speech.live.check()

    async def close(self) -> None:
        """Leave the session. Safe to call twice."""
        speech, self._speech = self._speech, None
        if speech is not None:
            await speech.live.close()

    async def _handle(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "session.update" | "transcription_session.update":
                await self._update(event)
            case "input_audio_buffer.append":
                await self._append(audio_of(event))
            case "input_audio_buffer.commit":
                await self._commit()
            case "input_audio_buffer.clear":
                await self._clear()
            case kind:
                raise EventInvalid(
                    f"this server transcribes: it does not know {kind[:64]}", "type", "unknown_event"
                )

    # -- events of the client ------------------------------------------------------------------------------

    async def _update(self, event: dict[str, Any]) -> None:
        config = updated_config(self._config, event)
        if config != self._config and self._speech is not None:
            await self._finish()
        self._config = config
        kind = "transcription_session.updated" if event["type"].startswith("transcription") else "session.updated"
        await self._say(kind, session=session_fields(config, self._id))

    async def _append(self, data: bytes) -> None:
        if self._lost is not None:
            return  # the text of the rest would seem to be that of the whole turn
        speech = self._speech or await self._begin()
        await speech.live.accept_pcm(decode(speech.config.law, data) if speech.config.law else data)
        await self._notice(speech)

    async def _commit(self) -> None:
        if self._lost is not None:
            item, self._lost = Item(failure=self._lost), None
            await self._report_committed(item)
            return
        speech = self._speech
        if speech is None or speech.live.sent.samples == speech.turn:
            raise EventInvalid("the buffer is empty: append audio first", code=_EMPTY)
        turns = speech.ended
        await self._end_turn(speech)
        speech.live.begin_audio()
        if speech.config.silence_ms is not None and speech.ended == turns:
            raise EventInvalid("no speech has come since the last turn", code=_EMPTY)

    async def _clear(self) -> None:
        self._lost = None
        if (speech := self._speech) is not None:
            for segment in range(speech.ended, speech.live.sent.next_segment):
                speech.items.forget(segment)
                await speech.live.sent.client.cancel(segment)
            speech.live.begin_audio()
            speech.heard = speech.ended = speech.live.sent.next_segment
            speech.turn, speech.item = speech.live.sent.samples, Item()
        await self._say(f"{_INPUT}.cleared")

    # -- a session -----------------------------------------------------------------------------------------

    async def _begin(self) -> _Speech:
        config = self._config
        models = self._sessions.hub.intake.offered
        options = replace(config.options, model=config.model if config.model in models else "")
        live = await LiveSpeech.begin(self._sessions, self._visit, options, _NAME, _intake(config))
        self._speech = speech = _Speech(config, live)
        live.handle_events(partial(self._send_event, speech), self._wake)
        return speech

    async def _end_turn(self, speech: _Speech) -> None:
        """End the current audio; without server VAD it is one turn, even without speech."""
        await speech.live.intake.finish()
        await self._notice(speech)
        if speech.config.silence_ms is None:
            item, speech.item = speech.item, Item()
            speech.ended = speech.live.sent.next_segment
            await self._report_committed(item)
        speech.turn = speech.live.sent.samples

    async def _notice(self, speech: _Speech) -> None:
        """Give new segments a turn, and send the beginnings and ends of speech that the server has found."""
        manual = speech.config.silence_ms is None
        for segment in range(speech.ended, speech.live.sent.next_segment):
            at, samples = speech.live.sent.segments[segment]
            if segment >= speech.heard:
                speech.heard = segment + 1
                item = speech.item if manual else Item()
                speech.items.add(item, segment)
                if not manual:
                    await self._say(f"{_INPUT}.speech_started", audio_start_ms=samples_to_ms(at), item_id=item.id)
            ended = speech.items.of(segment)
            if not manual and samples and ended is not None:
                speech.ended = segment + 1
                end_ms = samples_to_ms(at + samples)
                await self._say(f"{_INPUT}.speech_stopped", audio_end_ms=end_ms, item_id=ended.id)
                await self._report_committed(ended)
        early, speech.early = speech.early, []
        for event in early:
            await self._send_event(speech, event)

    async def _report_committed(self, item: Item) -> None:
        item.closed = True
        previous, self._previous = self._previous, item.id
        content = [{"type": "input_audio", "transcript": None}]
        about = {"id": item.id, "type": "message", "role": "user", "status": "completed", "content": content}
        await self._say(f"{_INPUT}.committed", item_id=item.id, previous_item_id=previous)
        await self._say("conversation.item.added", previous_item_id=previous, item=about)
        await self._say("conversation.item.done", previous_item_id=previous, item=about)
        await self._send_item(item)

    async def _finish(self) -> None:
        """Wait for all texts, also of audio without a commit, then leave the session."""
        if (speech := self._speech) is not None:
            if speech.live.sent.samples > speech.turn:
                await self._end_turn(speech)
            await speech.live.finish()
        await self.close()

    # -- texts ---------------------------------------------------------------------------------------------

    async def _send_event(self, speech: _Speech, event: ClientEvent) -> None:
        if not isinstance(event, Partial | FinalMessage | Failed):
            return
        if event.segment >= speech.heard and not isinstance(event, Partial):
            speech.early.append(event)
            return
        item = speech.items.of(event.segment)
        if item is None or item.done:
            return
        if isinstance(event, Failed):
            item.failure = TurnFailure(event.code, event.message)
        else:
            item.take(event, (0, 0) if isinstance(event, Partial) else speech.live.sent.place_ms(event.segment))
        if item.closed or speech.config.silence_ms is not None:  # clients do not know a turn before they commit it
            await self._send_item(item)

    async def _send_item(self, item: Item) -> None:
        if delta := item.delta():
            await self._say(f"{_TEXT}.delta", item_id=item.id, content_index=0, delta=delta)
        if item.failure is not None and item.closed and not item.done:
            item.done = True
            error = {"type": "server_error", "code": item.failure.code, "message": item.failure.message}
            await self._say(f"{_TEXT}.failed", item_id=item.id, content_index=0, error={**error, "param": None})
        elif item.complete and not item.done:
            item.done = True
            seconds = sum(end - start for start, end in item.transcript.places.values()) / 1000
            about = {"item_id": item.id, "content_index": 0, "usage": usage(seconds)}
            await self._say(f"{_TEXT}.completed", transcript=item.text(), **about)

    async def _fail(self, error: Exception) -> None:
        """Report the end of the session and the turns without a text; the next audio begins another session."""
        code = "busy" if isinstance(error, OverQuota) else "unavailable"
        manual = (self._speech.config if self._speech else self._config).silence_ms is None
        unfinished = self._speech.items.unfinished_items() if self._speech else []
        await self.close()
        failure = TurnFailure(code, str(error))
        self._lost = failure if manual else None
        for item in unfinished:
            if item.closed or not manual:  # otherwise the client learns of the failure when it commits the turn
                item.closed, item.failure = True, failure
                await self._send_item(item)
        await self._send(error_event(code, str(error)))

    async def _say(self, kind: str, **fields: Any) -> None:
        await self._send(server_event(kind, **fields))

    async def _send(self, text: str) -> None:
        await send_text(self._socket, text)


def _intake(config: RealtimeConfig) -> IntakeOptions:
    """Return the options for cutting audio; without server VAD, a turn is cut only at long silence."""
    if config.silence_ms is None:
        return IntakeOptions(config.rate, _MANUAL_SILENCE_MS, gate=False)
    return IntakeOptions(config.rate, config.silence_ms)
