"""Connection of the Wyoming protocol. Source: the package ``wyoming``, its event types and its README.

A client may describe the service, and send any number of utterances, one after the other.
"""

import asyncio
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from typing import Any, Final

from wyoming.asr import Transcribe, Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.error import Error
from wyoming.event import Event, async_read_event, async_write_event
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info
from wyoming.ping import Ping, Pong

from backend.core.errors import BackendError
from backend.core.lost_writes import lost_writes
from backend.dialects.audio_formats import RATES, IncomingFormat, MonoStream
from backend.dialects.client_values import cut_hotword, distinct_hotwords
from backend.dialects.live_speech import LiveSpeech
from backend.dialects.sessions import DialectSessions
from backend.dialects.speech_intake import IntakeOptions
from backend.http.access import AdmittedRequest
from client.errors import GatewayError
from client.events import ClientEvent
from protocol.errors import MalformedMessage
from protocol.recognition import Options

IDLE_S: Final = 300.0
_NAME: Final = "wyoming"
_WRITE_S: Final = 30.0
_ENDPOINT_MS: Final = 1_000
_MOST_LINE: Final = 64 * 1024
_MOST_PAYLOAD: Final = 4 * 1024 * 1024
_WRONG_TYPES: Final = (ValueError, TypeError, AttributeError, LookupError)
"""Errors of the package ``wyoming``, which does not check the types of values."""
_SITE: Final = Attribution("kikipounamu", "https://github.com/kikipounamu")


class UnusableEvent(MalformedMessage):
    """Event with values that cannot be used; it ends the utterance."""


class BoundedReader:
    """Reader with limits for ``async_read_event``, which trusts every length that a peer states."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def readline(self) -> bytes:
        """Return a line. Raises ``UnusableEvent`` for one that is too long, and ``TimeoutError``."""
        try:
            async with asyncio.timeout(IDLE_S):
                return await self._reader.readline()
        except ValueError as error:
            raise UnusableEvent(f"a line may have {_MOST_LINE} bytes") from error

    async def readexactly(self, count: int) -> bytes:
        """Return this many bytes. Raises ``UnusableEvent`` for too many, and ``TimeoutError``."""
        if not 0 <= count <= _MOST_PAYLOAD:
            raise UnusableEvent(f"a payload may have {_MOST_PAYLOAD} bytes")
        async with asyncio.timeout(IDLE_S):
            return await self._reader.readexactly(count)


@dataclass
class _Utterance:
    """An utterance that is being heard. ``sent``: how much of its text was sent in chunks."""

    live: LiveSpeech
    format: IncomingFormat
    mono: MonoStream
    sent: int = 0


class WyomingConversation:
    """State of one connection, which counts as one of the gateway's owner."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        sessions: DialectSessions,
        visit: AdmittedRequest,
    ) -> None:
        self._reader, self._writer = BoundedReader(reader), writer
        self._sessions, self._visit = sessions, visit
        self._options = Options()
        self._utterance: _Utterance | None = None

    async def run(self) -> None:
        """Handle events until the client leaves, breaks the protocol, or an utterance cannot be recognised.

        Home Assistant ignores errors: it waits for a text or the end of the connection. The text of audio after a
        failure would also seem complete. Raises ``OSError`` or ``TimeoutError``.
        """
        while (event := await self._next()) is not None:
            try:
                await self._handle(event)
            except (UnusableEvent, BackendError, GatewayError) as error:
                await self.close()
                await self._send(Error(str(error), code=type(error).__name__).event())
                return

    async def close(self) -> None:
        """Leave an utterance that has not ended. Safe to call twice."""
        utterance, self._utterance = self._utterance, None
        if utterance is not None:
            await utterance.live.close()

    async def _next(self) -> Event | None:
        """Return the next event; ``None`` at the end, or for data that is no event."""
        try:
            return await async_read_event(self._reader)  # type: ignore[arg-type] # it only reads lines and bytes
        except (UnusableEvent, asyncio.IncompleteReadError, RecursionError, *_WRONG_TYPES):
            return None

    async def _handle(self, event: Event) -> None:
        data = event.data or {}
        if not isinstance(data, dict):
            raise UnusableEvent("the data of an event is an object")
        if Describe.is_type(event.type):
            await self._send(self._info().event())
        elif Transcribe.is_type(event.type):
            self._options = _options(data, self._sessions.hub.intake.offered)
        elif event.type == "audio-start":
            await self.close()
            await self._begin(_format(data))
        elif event.type == "audio-chunk":
            await self._audio(data, event.payload or b"")
        elif event.type == "audio-stop":
            await self._finish()
        elif Ping.is_type(event.type):
            await self._send(Pong(_encodable(data.get("text"))).event())

    # -- an utterance --------------------------------------------------------------------------------------

    async def _audio(self, given: dict[str, Any], data: bytes) -> None:
        format = _format(given)
        utterance = self._utterance or await self._begin(format)
        if format != utterance.format:
            raise UnusableEvent("all audio of an utterance has the same rate and channels")
        await utterance.live.accept_pcm(utterance.mono.accept(data))

    async def _begin(self, format: IncomingFormat) -> _Utterance:
        live = await LiveSpeech.begin(
            self._sessions,
            self._visit,
            self._options,
            _NAME,
            IntakeOptions(format.rate, _ENDPOINT_MS, gate=False),
        )
        self._utterance = utterance = _Utterance(live, format, MonoStream(format))
        live.handle_events(partial(self._send_event, utterance))
        return utterance

    async def _finish(self) -> None:
        utterance = self._utterance
        if utterance is None:
            raise UnusableEvent("audio-stop comes after audio-start")
        await utterance.live.finish()
        results = utterance.live.transcript
        text, language = results.text(), results.language() or None
        if not utterance.sent:
            await self._send(TranscriptStart(language=language).event())
        if rest := text[utterance.sent :]:
            await self._send(TranscriptChunk(rest).event())
        await self._send(Transcript(text, language=language).event())
        await self._send(TranscriptStop().event())
        self._options = Options()
        await self.close()

    async def _send_event(self, utterance: _Utterance, event: ClientEvent) -> None:
        """Collect results, and send text that is certain."""
        if not utterance.live.take(event):
            return
        text = utterance.live.transcript.certain()
        if len(text) > utterance.sent:
            if not utterance.sent:
                await self._send(TranscriptStart().event())
            await self._send(TranscriptChunk(text[utterance.sent :]).event())
            utterance.sent = len(text)

    def _info(self) -> Info:
        """Return the description of this service."""
        version = metadata.version("kikipounamu")
        about: Any = {"attribution": _SITE, "installed": True, "version": version}
        models = [
            AsrModel(name=view.model, description=view.model, languages=list(view.languages), **about)
            for view in self._sessions.hub.intake.models
        ]
        program = AsrProgram(
            name="kikipounamu",
            description="Recognition by the workers of this gateway",
            models=models,
            supports_transcript_streaming=True,
            **about,
        )
        return Info(asr=[program])

    async def _send(self, event: Event) -> None:
        with lost_writes():
            async with asyncio.timeout(_WRITE_S):
                await async_write_event(event, self._writer)


def _format(given: dict[str, Any]) -> IncomingFormat:
    """Return the format of audio, which ``audio-start`` and each chunk have. Raises ``UnusableEvent``."""
    rate, width, channels = given.get("rate"), given.get("width"), given.get("channels")
    if width != 2 or not isinstance(rate, int) or not RATES[0] <= rate <= RATES[1] or channels not in (1, 2):
        raise UnusableEvent("audio is PCM of 16 bits at 8 to 48 kHz, with one or two channels")
    return IncomingFormat(rate, int(channels))


def _encodable(text: object) -> str | None:
    """Return a text that UTF-8 can encode: JSON may have unpaired surrogates."""
    return text.encode(errors="replace").decode() if isinstance(text, str) else None


def _options(given: dict[str, Any], models: tuple[str, ...]) -> Options:
    """Return the options of a ``transcribe`` event; a model that is not on offer means any."""
    try:
        asked = Transcribe.from_event(Event("transcribe", given))
        words = [*(asked.transcript_names or ()), *(asked.transcript_terms or ())]
    except _WRONG_TYPES as error:
        raise UnusableEvent("a field of transcribe has a wrong type") from error
    language = str(asked.language or "").lower().partition("-")[0]
    return Options(
        language=language if language.isalpha() and len(language) in (2, 3) else "auto",
        hotwords=distinct_hotwords(cut_hotword(str(word)) for word in words),
        model=asked.name if asked.name in models else "",
    )
