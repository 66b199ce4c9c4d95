"""Live speech over Deepgram's protocol: takes audio, and sends the texts of its segments in spoken order."""

import hashlib
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from typing import Final

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from backend.core.errors import BackendError
from backend.dialects.audio_formats import IncomingFormat, MonoStream, NoWave, wave_header
from backend.dialects.deepgram.answers import encode_message, metadata, results, summary
from backend.dialects.deepgram.requests import ListenRequest, client_message
from backend.dialects.live_speech import LiveSpeech
from backend.dialects.sessions import DialectSessions
from backend.dialects.sockets import AdapterSocket, Incoming, incoming, send_text, serve_socket
from backend.dialects.speech_intake import IntakeOptions
from backend.dialects.transcript import TranscriptPart
from backend.http.access import AdmittedRequest
from client.errors import GatewayError
from client.events import ClientEvent
from protocol.audio import samples_to_ms
from protocol.session import Partial

NAME: Final = "deepgram"
_UNKNOWN: Final = "a text message has a type: KeepAlive, Finalize, CloseStream or Configure"
_PROTOCOLS: Final = ("token", "bearer")
_HEARTBEAT_S: Final = 30.0


async def serve_listening(
    request: web.Request, sessions: DialectSessions, asked: ListenRequest, request_id: str
) -> web.WebSocketResponse:
    """Serve one connection until the client leaves. Raises ``ProtocolError`` or ``OverQuota`` before that."""
    socket = AdapterSocket(_HEARTBEAT_S, _PROTOCOLS)
    socket.headers["dg-request-id"] = request_id
    return await serve_socket(
        request, sessions, socket, lambda visit: _Listening(socket, sessions, visit, asked, request_id)
    )


class _Listening:
    """State of one connection.

    ``_next``: the segment whose text is sent next. ``_started``: number of segments whose start was sent.
    ``_flushes``: the client's requests for all texts before a segment, counted by the number of that segment.
    ``_gap_sent``: the segment after which the end of an utterance was sent.
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        sessions: DialectSessions,
        visit: AdmittedRequest,
        asked: ListenRequest,
        request_id: str,
    ) -> None:
        self._socket, self._sessions, self._visit, self._asked = socket, sessions, visit, asked
        self._request_id = request_id
        self._digest, self._created = hashlib.sha256(), datetime.now(UTC).isoformat()
        self._head = b""
        self._mono: MonoStream | None = None
        self._speech: LiveSpeech | None = None
        self._next = self._started = 0
        self._flushes = Counter[int]()
        self._gap_sent = -1

    async def run(self) -> None:
        """Handle all messages of the client, up to the end of its audio."""
        try:
            async with incoming(self._socket) as messages:
                messages.check = self._check
                await self._listen(messages)
        except (NoWave, BackendError, GatewayError) as error:
            await self._fail(error)

    async def close(self) -> None:
        """Leave the session. Safe to call twice."""
        speech, self._speech = self._speech, None
        if speech is not None:
            await speech.close()

    def _check(self) -> None:
        """Raise the error that ended the session, if one did."""
        if self._speech is not None:
            self._speech.check()

    async def _listen(self, messages: Incoming) -> None:
        async for message in messages:
            if message.type is WSMsgType.BINARY and message.data:
                await self._audio(message.data, messages)
            elif message.type is WSMsgType.BINARY or await self._ends(message):
                await self._finish()
                return

    # -- messages of the client ----------------------------------------------------------------------------

    async def _ends(self, message: WSMessage) -> bool:
        """Handle a message that is no audio; return whether it ends the audio."""
        said = client_message(message.data) if message.type is WSMsgType.TEXT else {"type": "KeepAlive"}
        match said:
            case {"type": "CloseStream"}:
                return True
            case {"type": "Finalize"}:
                await self._flush()
            case {"type": "Configure", **more}:
                await self._configure(more.get("keyterms") is not None)
            case {"type": "KeepAlive"}:
                pass
            case _:
                await self._say("Error", variant="SchemaError", description=_UNKNOWN)
        return False

    async def _configure(self, keyterms: bool) -> None:
        if not keyterms:
            await self._say("ConfigureSuccess", request_id=self._request_id)
            return
        description = "key terms are those of the beginning: open another connection"
        code = "CONFIGURE_KEYTERMS_NOT_SUPPORTED"
        await self._say("ConfigureFailure", request_id=self._request_id, code=code, description=description)

    async def _audio(self, data: bytes, messages: Incoming) -> None:
        self._digest.update(data)
        if self._mono is None:
            format = self._asked.format
            if format is None:
                self._head += data
                if (found := wave_header(self._head)) is None:
                    return
                format, data = found[0], self._head[found[1] :]
            await self._begin(format, messages)
        if self._mono is not None and self._speech is not None:
            await self._speech.accept_pcm(self._mono.accept(data))
            await self._notice(self._speech)

    async def _begin(self, format: IncomingFormat, messages: Incoming) -> None:
        self._mono = MonoStream(format)
        speech = await LiveSpeech.begin(
            self._sessions,
            self._visit,
            self._asked.options,
            NAME,
            IntakeOptions(format.rate, self._asked.endpoint_ms),
        )
        self._speech = speech
        speech.handle_events(partial(self._send_event, speech), messages.wake)

    async def _flush(self) -> None:
        """End the open segment. Each request gets an answer: the segment's text, or an empty one."""
        speech = self._speech
        if speech is not None:
            await speech.intake.finish()
            await self._notice(speech)
            speech.begin_audio()
            if speech.sent.next_segment > self._next:
                self._flushes[speech.sent.next_segment] += 1
                return
        await self._answer_flush(speech)

    async def _answer_flush(self, speech: LiveSpeech | None) -> None:
        """Answer a request to end the open segment if no text is due."""
        now = samples_to_ms(speech.sent.samples) if speech else 0
        await self._result(TranscriptPart(now, now, ""), final=True, flushed=True)

    async def _finish(self) -> None:
        """Send all texts, then the summary of the whole audio, and close."""
        seconds = 0.0
        if self._speech is not None:
            await self._speech.finish()
            await self._notice(self._speech)
            seconds = self._speech.sent.seconds
        about = summary(self._request_id, self._digest.hexdigest(), self._created, seconds)
        await self._say("Metadata", **about)
        await self._socket.close(code=WSCloseCode.OK)

    async def _fail(self, error: Exception) -> None:
        """Send an error and close, because the text would be incomplete."""
        mine = not isinstance(error, NoWave)
        await self.close()
        await self._say("Error", variant="NET-0000" if mine else "DATA-0000", description=str(error))
        code = WSCloseCode.INTERNAL_ERROR if mine else WSCloseCode.POLICY_VIOLATION
        await self._socket.close(code=code, message=b"NET-0000" if mine else b"DATA-0000")

    # -- texts ---------------------------------------------------------------------------------------------

    async def _send_event(self, speech: LiveSpeech, event: ClientEvent) -> None:
        if isinstance(event, Partial):
            if event.segment == self._next and event.text.strip():
                start = samples_to_ms(speech.sent.segments[event.segment][0])
                part = TranscriptPart(start, max(start, samples_to_ms(speech.sent.samples)), event.text)
                await self._result(part, final=False)
        elif speech.take(event):
            while (final := speech.transcript.finals.get(self._next)) is not None:
                self._next += 1
                flushes = self._flushes.pop(self._next, 0)
                part = speech.transcript.part(final.segment, final.text)
                await self._result(part, final=True, flushed=flushes > 0, model=final.model)
                for _ in range(flushes - 1):
                    await self._answer_flush(speech)
            await self._send_gap(speech)

    async def _notice(self, speech: LiveSpeech) -> None:
        """Send beginnings of speech and, after a long silence, the end of an utterance."""
        while self._asked.starts and self._started < speech.sent.next_segment:
            at, _ = speech.sent.segments[self._started]
            self._started += 1
            await self._say("SpeechStarted", channel=[0, 1], timestamp=samples_to_ms(at) / 1000)
        await self._send_gap(speech)

    async def _send_gap(self, speech: LiveSpeech) -> None:
        last = self._next - 1
        if not self._asked.gap_ms or last == self._gap_sent or speech.sent.next_segment > self._next:
            return
        _, end_ms = speech.sent.place_ms(last)
        if samples_to_ms(speech.sent.samples) - end_ms >= self._asked.gap_ms:
            self._gap_sent = last
            await self._say("UtteranceEnd", channel=[0, 1], last_word_end=end_ms / 1000)

    async def _result(self, part: TranscriptPart, *, final: bool, flushed: bool = False, model: str = "") -> None:
        about = metadata(self._request_id, model or self._asked.options.model)
        await send_text(self._socket, results(part, about, final=final, flushed=flushed))

    async def _say(self, kind: str, **fields: object) -> None:
        await send_text(self._socket, encode_message(kind, **fields))
