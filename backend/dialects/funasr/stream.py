"""A connection of FunASR's protocol: any number of speeches, one after the other, each in a session of its own."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiohttp import WSMsgType, hdrs, web
from msgspec.structs import replace

from backend.core.errors import BackendError, OverQuota
from backend.dialects.file_audio import SegmentFailed
from backend.dialects.funasr.messages import PCM, Config, acknowledged, client_text, failed, offline, online
from backend.dialects.sessions import DialectSessions
from backend.dialects.speech_intake import SpeechIntake
from backend.dialects.transcript import JoinedResults
from backend.http.access import AdmittedRequest, admit
from backend.http.responses import abort
from client.errors import GatewayError, TryLater
from client.events import ClientEvent
from client.gateway import GatewayClient
from protocol.errors import ErrorCode, MalformedMessage
from protocol.session import Failed, Partial
from protocol.session import Final as FinalMessage
from protocol.texts import spaced
from runtime import logger_names
from runtime.event_names import LogEvent
from runtime.tasks import cancel_and_wait

log = structlog.get_logger(logger_names.BACKEND_DIALECTS)

SUBPROTOCOL: Final = "binary"
NAME: Final = "funasr"
_HEARTBEAT_S: Final = 60.0
_MOST_BYTES: Final = 4 * 1024 * 1024
_SEND_S: Final = 30.0


async def serve_funasr(request: web.Request, sessions: DialectSessions) -> web.WebSocketResponse:
    """Serve FunASR's protocol until the client leaves. Raises ``ProtocolError`` or ``OverQuota`` before that."""
    visit = admit(request)
    if refusal := sessions.refusal(visit):
        raise OverQuota(refusal)
    offered = request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "")
    protocols = (SUBPROTOCOL,) if SUBPROTOCOL in offered else ()
    socket = web.WebSocketResponse(protocols=protocols, heartbeat=_HEARTBEAT_S, max_msg_size=_MOST_BYTES)
    await socket.prepare(request)
    with visit.present(lambda: abort(request)):
        conversation = _Conversation(socket, sessions, visit)
        try:
            await conversation.run()
        except (ConnectionError, TimeoutError):  # gone, or it does not read
            log.info(LogEvent.REQUEST_ABORTED, path=request.path)
        finally:
            await conversation.close()
    return socket


@dataclass
class _Speech:
    """Speech that is being heard. ``next``: the segment whose text is sent next; ``said``: the last text sent.

    ``told``: code points of each segment that were sent as certain.
    """

    config: Config
    client: GatewayClient
    intake: SpeechIntake
    opened: AsyncExitStack
    telling: "asyncio.Task[None] | None" = None
    transcript: JoinedResults = field(default_factory=JoinedResults)
    told: dict[int, int] = field(default_factory=dict)
    next: int = 0
    said: str = ""


class _Conversation:
    """State of one connection."""

    def __init__(self, socket: web.WebSocketResponse, sessions: DialectSessions, visit: AdmittedRequest) -> None:
        self._socket, self._sessions, self._visit = socket, sessions, visit
        self._config = Config()
        self._speech: _Speech | None = None

    async def run(self) -> None:
        """Handle all messages of the client."""
        async for message in self._socket:
            try:
                if message.type is WSMsgType.BINARY:
                    await self._audio(message.data)
                elif message.type is WSMsgType.TEXT:
                    await self._text(message.data)
            except (MalformedMessage, BackendError, GatewayError) as error:
                await self._fail(error)

    async def close(self) -> None:
        """Leave a speech that has not ended. Safe to call twice."""
        speech, self._speech = self._speech, None
        if speech is not None:
            if speech.telling is not None:
                await cancel_and_wait({speech.telling})
            await speech.opened.aclose()

    # -- messages ------------------------------------------------------------------------------------------

    async def _text(self, data: str) -> None:
        said = client_text(data, self._config)
        self._config = said.config
        if said.speaks and self._speech is None:
            await self._begin()
        elif said.speaks is False:
            await self._finish()
        if said.ends:
            await self._send(acknowledged(self._config))

    async def _audio(self, data: bytes) -> None:
        speech = self._speech or await self._begin()
        await speech.intake.hear_pcm(data)

    # -- a speech ------------------------------------------------------------------------------------------

    async def _begin(self) -> _Speech:
        config = self._config
        if config.format != PCM:
            raise MalformedMessage("audio comes as pcm here: send files to /v1/audio/transcriptions")
        options = replace(config.options, partials=config.mode == "2pass")
        async with AsyncExitStack() as opened:
            client = await opened.enter_async_context(self._sessions.client(self._visit, options, NAME))
            intake = SpeechIntake(client, self._sessions.vad_folder, config.rate)
            speech = _Speech(config, client, intake, opened.pop_all())
        speech.telling = asyncio.create_task(self._tell(speech), name="dialect/funasr")
        self._speech = speech
        return speech

    async def _finish(self) -> None:
        """End the speech: exactly one message says ``is_final``."""
        speech = self._speech or await self._begin()
        await speech.intake.finish()
        await speech.client.finish()
        if speech.telling is not None:
            await speech.telling
        if speech.config.mode == "offline":
            parts = speech.transcript.parts()
            await self._send(offline(speech.config, parts, speech.transcript.text(), final=True))
        else:
            await self._send(offline(speech.config, [], "", final=True))
        await self.close()

    async def _fail(self, error: Exception) -> None:
        """Tell an error, and forget the speech: the next one may go better."""
        config = self._speech.config if self._speech else self._config
        await self.close()
        await self._send(failed(config, _code(error), str(error)))

    async def _tell(self, speech: _Speech) -> None:
        """Send texts as they come. A segment without text ends the speech with an error."""
        async for event in speech.client.events():
            await self._tell_one(speech, event)

    async def _tell_one(self, speech: _Speech, event: ClientEvent) -> None:
        match event:
            case Partial(segment, _, text, stable) if segment == speech.next:
                told = speech.told.get(segment, 0)
                if stable > told:
                    speech.told[segment] = stable
                    await self._send(online(speech.config, text[told:stable]))
            case FinalMessage():
                speech.transcript.places[event.segment] = speech.intake.place_ms(event.segment)
                speech.transcript.take(event)
                await self._tell_finals(speech)
            case Failed():
                raise SegmentFailed(event)

    async def _tell_finals(self, speech: _Speech) -> None:
        """Send the texts whose turn it is, each with the space that clients do not add between two of them."""
        while (final := speech.transcript.finals.get(speech.next)) is not None:
            text = spaced(speech.said, final.text.strip())
            speech.next += 1
            if text and speech.config.mode != "offline":
                speech.said = text
                await self._send(offline(speech.config, [speech.transcript.part(final.segment, text)], text))

    async def _send(self, text: str) -> None:
        async with asyncio.timeout(_SEND_S):
            await self._socket.send_str(text)


def _code(error: Exception) -> str:
    if isinstance(error, OverQuota | TryLater):
        return ErrorCode.BUSY
    code = getattr(error, "code", ErrorCode.INTERNAL)
    return str(code)
