"""A connection of Vosk's protocol: each piece of audio gets one reply, in order; the last has the rest."""

from collections.abc import AsyncIterator
from typing import Final

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from backend.core.errors import BackendError
from backend.dialects.live_speech import LiveSpeech
from backend.dialects.sessions import DialectSessions
from backend.dialects.sockets import incoming, send_text
from backend.dialects.speech_intake import IntakeOptions
from backend.dialects.transcript import TranscriptPart
from backend.dialects.vosk.messages import VoskConfig, partial_reply, result_reply, vosk_text
from backend.http.access import AdmittedRequest
from client.errors import GatewayError
from client.events import ClientEvent
from protocol.errors import MalformedMessage
from protocol.recognition import Options
from protocol.session import Partial

NAME: Final = "vosk"


class VoskConversation:
    """State of one connection. ``_next``: the segment sent next; ``_partial``: its provisional text."""

    def __init__(self, socket: web.WebSocketResponse, sessions: DialectSessions, visit: AdmittedRequest) -> None:
        self._socket, self._sessions, self._visit = socket, sessions, visit
        self.config = VoskConfig()
        self._speech: LiveSpeech | None = None
        self._next, self._partial = 0, ""

    async def run(self) -> None:
        """Handle all messages of the client."""
        async with incoming(self._socket) as messages:
            await self.converse(messages)

    async def converse(self, messages: AsyncIterator[WSMessage]) -> None:
        """Handle messages up to the last one of a speech. After an error the connection closes, as with Vosk."""
        try:
            async for message in messages:
                if message.type is WSMsgType.BINARY:
                    await self._audio(message.data)
                elif message.type is WSMsgType.TEXT and await self._text(message.data):
                    await self._socket.close(code=WSCloseCode.OK)
                    return
        except MalformedMessage as error:
            await self._fail(error, WSCloseCode.POLICY_VIOLATION)
        except (BackendError, GatewayError) as error:
            await self._fail(error, WSCloseCode.INTERNAL_ERROR)

    async def close(self) -> None:
        """Leave a speech that has not ended. Safe to call twice."""
        speech, self._speech = self._speech, None
        self._next, self._partial = 0, ""
        if speech is not None:
            await speech.close()

    async def _text(self, data: str) -> bool:
        """Handle a text message; return whether it is the last one."""
        said = vosk_text(data, self.config)
        if said.config is not None:
            self.config = said.config
            return False
        await self._finish()
        return said.closes

    async def _audio(self, data: bytes) -> None:
        speech = self._speech or await self._begin()
        await speech.accept_pcm(data)
        if ready := self._ready(speech, 1):
            await send_text(self._socket, result_reply(self.config, ready))
        else:
            await send_text(self._socket, partial_reply(self._partial))

    async def _begin(self) -> LiveSpeech:
        speech = await LiveSpeech.begin(
            self._sessions,
            self._visit,
            Options(hotwords=self.config.hotwords, partials=True),
            NAME,
            IntakeOptions(self.config.rate),
        )
        speech.handle_events(self._send_event)
        self._speech = speech
        return speech

    async def _finish(self) -> None:
        """Reply with all text that was not sent, and end the speech."""
        parts: list[TranscriptPart] = []
        if (speech := self._speech) is not None:
            await speech.finish()
            parts = self._ready(speech, speech.sent.next_segment)
        await send_text(self._socket, result_reply(self.config, parts))
        await self.close()

    def _ready(self, speech: LiveSpeech, most: int) -> list[TranscriptPart]:
        """Take up to ``most`` texts that are due, in order."""
        parts: list[TranscriptPart] = []
        while len(parts) < most and (final := speech.transcript.finals.get(self._next)) is not None:
            parts.append(speech.transcript.part(final.segment, final.text))
            self._next, self._partial = self._next + 1, ""
        return parts

    async def _send_event(self, event: ClientEvent) -> None:
        """Keep the results for the next replies."""
        if isinstance(event, Partial):
            if event.segment == self._next:
                self._partial = event.text
        elif self._speech is not None:
            self._speech.take(event)

    async def _fail(self, error: Exception, code: WSCloseCode) -> None:
        await self.close()
        await self._socket.close(code=code, message=str(error).encode()[:100].decode(errors="ignore").encode())
