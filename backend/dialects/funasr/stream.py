"""A connection of FunASR's protocol: any number of speeches, one after the other, each in a session of its own."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from aiohttp import WSMessage, WSMsgType, hdrs, web
from msgspec.structs import replace

from backend.core.errors import BackendError, OverQuota
from backend.dialects.funasr.file_speech import FileSpeech
from backend.dialects.funasr.messages import (
    PCM,
    Config,
    FailedSpeech,
    client_text,
    end_message,
    failed_message,
    offline,
    online,
)
from backend.dialects.live_speech import LiveSpeech
from backend.dialects.sessions import DialectSessions
from backend.dialects.sockets import AdapterSocket, Incoming, incoming, send_text
from backend.dialects.speech_intake import IntakeOptions
from backend.dialects.spool import RequestFiles
from backend.http.access import AdmittedRequest
from client.errors import GatewayError, SessionLost, Unreachable
from client.events import ClientEvent
from protocol.errors import ErrorCode, MalformedMessage, ProtocolError
from protocol.session import Partial
from protocol.texts import with_space

SUBPROTOCOL: Final = "binary"
NAME: Final = "funasr"
_EXPECTED: Final = (ProtocolError, BackendError, GatewayError)
_HEARTBEAT_S: Final = 60.0
FILE_IDLE_S: Final = 60.0
"""Longest wait for more of a file, which holds a place for uploads."""


def funasr_socket(request: web.Request) -> web.WebSocketResponse:
    """Return the socket that a client of this protocol expects."""
    offered = request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "")
    protocols = (SUBPROTOCOL,) if SUBPROTOCOL in offered else ()
    return AdapterSocket(_HEARTBEAT_S, protocols)


@dataclass
class _Speech:
    """Speech that is being heard. ``next``: the segment whose text is sent next; ``said``: the last text sent.

    ``stable_sent``: code points of each segment that were sent as certain.
    """

    config: Config
    source: LiveSpeech | FileSpeech
    stable_sent: dict[int, int] = field(default_factory=dict)
    next: int = 0
    said: str = ""


class FunasrConversation:
    """State of one connection. ``_failure``: of a speech whose end the client has not sent yet.

    ``file_idle_s``: longest wait for more of a file.
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        sessions: DialectSessions,
        visit: AdmittedRequest,
        files: RequestFiles,
        file_idle_s: float = FILE_IDLE_S,
    ) -> None:
        self._socket, self._sessions, self._visit, self._files = socket, sessions, visit, files
        self._file_idle_s = file_idle_s
        self._config = Config()
        self._speech: _Speech | None = None
        self._failure: FailedSpeech | None = None
        self._wake: Callable[[], None] = lambda: None

    async def run(self) -> None:
        """Handle all messages of the client."""
        async with incoming(self._socket) as messages:
            await self.converse(messages)

    async def converse(self, messages: Incoming) -> None:
        """Handle messages until the client leaves, or sends no more of a file."""
        messages.check, self._wake = self._check, messages.wake
        while True:
            try:
                message = await self._next(messages)
                if message is None:
                    return
                if message.type is WSMsgType.BINARY:
                    await self._audio(message.data)
                elif message.type is WSMsgType.TEXT:
                    await self._text(message.data)
            except _EXPECTED as error:
                await self._fail(error)

    def _check(self) -> None:
        """Raise the error that ended the session, if one did."""
        if self._speech is not None and isinstance(self._speech.source, LiveSpeech):
            self._speech.source.check()

    async def close(self) -> None:
        """Leave a speech that has not ended. Safe to call twice."""
        speech, self._speech = self._speech, None
        if speech is not None:
            await speech.source.close()

    # -- messages ------------------------------------------------------------------------------------------

    async def _next(self, messages: Incoming) -> WSMessage | None:
        """Return the next message; ``None`` at the end, or if no more of a file comes.

        Raises ``MalformedMessage`` if a file comes too slowly.
        """
        file = self._speech.source if self._speech is not None else None
        if comes := isinstance(file, FileSpeech):
            file.check_pace()
        try:
            async with asyncio.timeout(self._file_idle_s if comes else None):
                return await anext(messages, None)
        except TimeoutError:
            await self._fail(MalformedMessage(f"nothing more of the file came within {self._file_idle_s:g} s"))
            return None

    async def _text(self, data: str) -> None:
        said = client_text(data, self._config)
        self._config = said.config
        if said.speaks:
            self._failure = None
            if self._speech is None:
                await self._begin()
        elif said.speaks is False and self._failure is None:
            await self._try_to_finish()
        if said.ends:
            await self._send(end_message(self._config, self._failure))
        if said.speaks is False:
            self._failure = None

    async def _audio(self, data: bytes) -> None:
        """Take more audio. The rest of a failed speech is dropped, so that its text cannot seem complete."""
        if self._failure is not None:
            return
        speech = self._speech or await self._begin()
        if isinstance(speech.source, LiveSpeech):
            await speech.source.accept_pcm(data)
        else:
            await speech.source.hear(data)

    # -- a speech ------------------------------------------------------------------------------------------

    async def _begin(self) -> _Speech:
        config = self._config
        if config.format != PCM:
            self._speech = _Speech(config, await FileSpeech.begin(self._files, self._visit))
            return self._speech
        options = replace(config.options, partials=config.mode == "2pass")
        live = await LiveSpeech.begin(self._sessions, self._visit, options, NAME, IntakeOptions(config.rate))
        self._speech = speech = _Speech(config, live)
        live.handle_events(partial(self._send_event, speech, live), self._wake)
        return speech

    async def _try_to_finish(self) -> None:
        try:
            await self._finish()
        except _EXPECTED as error:
            await self._fail(error)

    async def _finish(self) -> None:
        """End the speech: exactly one message says ``is_final``."""
        speech = self._speech or await self._begin()
        if isinstance(speech.source, LiveSpeech):
            await speech.source.finish()
        else:
            await self._read_file(speech, speech.source)
        results = speech.source.transcript
        parts, text = (results.parts(), results.text()) if speech.config.mode == "offline" else ([], "")
        await self._send(offline(speech.config, parts, text, final=True, **results.truncation()))
        await self.close()

    async def _read_file(self, speech: _Speech, file: FileSpeech) -> None:
        options = speech.config.options
        async with aclosing(file.recognise(self._sessions, self._visit, options, NAME)) as results:
            async for _ in results:
                await self._send_finals(speech)

    async def _fail(self, error: Exception) -> None:
        """Send an error, and drop the speech; the client may begin another one."""
        config = self._speech.config if self._speech else self._config
        self._failure = FailedSpeech(_code(error), str(error))
        await self.close()
        await self._send(failed_message(config, self._failure))

    async def _send_event(self, speech: _Speech, live: LiveSpeech, event: ClientEvent) -> None:
        """Send texts as they come. A segment without text ends the speech with an error."""
        if isinstance(event, Partial) and event.segment == speech.next:
            stable_sent, stable = speech.stable_sent.get(event.segment, 0), event.stable
            if stable > stable_sent:
                speech.stable_sent[event.segment] = stable
                await self._send(online(speech.config, event.text[stable_sent:stable]))
        elif live.take(event):
            await self._send_finals(speech)

    async def _send_finals(self, speech: _Speech) -> None:
        """Send the texts that are due, each with the space that clients do not add between two texts."""
        results = speech.source.transcript
        while (final := results.finals.get(speech.next)) is not None:
            text = with_space(speech.said, final.text.strip())
            speech.next += 1
            if text and speech.config.mode != "offline":
                speech.said = text
                await self._send(offline(speech.config, [results.part(final.segment, text)], text))

    async def _send(self, text: str) -> None:
        await send_text(self._socket, text)


def _code(error: Exception) -> str:
    if isinstance(error, OverQuota | Unreachable | SessionLost):
        return ErrorCode.BUSY
    return str(getattr(error, "code", ErrorCode.INTERNAL))
