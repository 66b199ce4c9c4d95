"""Live speech of a client, in one session: takes its audio, reports its results, and leaves at the end."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Final as Constant
from typing import Self

from backend.core.errors import BackendError
from backend.dialects.file_audio import SegmentFailed
from backend.dialects.patience import STEP_S, Patience
from backend.dialects.sent_audio import SentAudio
from backend.dialects.sessions import DialectSessions
from backend.dialects.speech_detectors import SpeechDetectors
from backend.dialects.speech_intake import DEFAULT_INTAKE, IntakeOptions, SpeechIntake
from backend.dialects.transcript import JoinedResults
from backend.http.access import AdmittedRequest
from client.errors import GatewayError, SessionLost
from client.events import ClientEvent
from client.gateway import GatewayClient
from protocol.recognition import Options
from protocol.session import Failed, Final
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import cancel_and_wait, loop_time
from speech.vad import VadEvent

log = loggers.BACKEND_DIALECTS


_EXPECTED: Constant = (BackendError, GatewayError, ConnectionError, TimeoutError)
"""Errors that end the handling of events and that other code logs."""
EventHandler = Callable[[ClientEvent], Awaitable[None]]
"""Sends a client the messages that follow from an event."""


class LiveSpeech:
    """Speech of one session: ``sent`` through ``intake``. ``transcript``: the results so far. Use ``begin``."""

    def __init__(self, client: GatewayClient, hearing: SpeechDetectors, intake: IntakeOptions) -> None:
        self.sent = SentAudio(client)
        self.intake = SpeechIntake(self.sent, hearing, intake)
        self._client, self._hearing, self._options = client, hearing, intake
        self.transcript = JoinedResults()
        self._opened = AsyncExitStack()
        self._handling: asyncio.Task[None] | None = None
        self._lost: SessionLost | None = None

    @classmethod
    async def begin(
        cls,
        sessions: DialectSessions,
        visit: AdmittedRequest,
        options: Options,
        name: str,
        intake: IntakeOptions = DEFAULT_INTAKE,
    ) -> Self:
        """Open a session; ``name``: that of the adapter. Raises ``OverQuota`` or a ``GatewayError``."""
        async with AsyncExitStack() as opened:
            client = await opened.enter_async_context(sessions.client(visit, options, name))
            speech = cls(client, sessions.hearing, intake)
            speech._opened = opened.pop_all()
        return speech

    def begin_audio(self) -> None:
        """Begin another audio in the same session; the audio before has been finished or cancelled."""
        self.intake = SpeechIntake(self.sent, self._hearing, self._options)

    def handle_events(self, handle: EventHandler, ended: Callable[[], None] = lambda: None) -> None:
        """Call ``handle`` for each event until the session ends or an error occurs, which ``check`` raises.

        ``ended`` is called afterwards in both cases.
        """
        self._handling = asyncio.create_task(self._handle_all(handle), name="dialect/events")
        self._handling.add_done_callback(lambda _: ended())

    def check(self) -> None:
        """Raise the error that ended the handling of events, if any: the handler's, or that of a long wait."""
        if self._handling is not None and self._handling.done():
            self._handling.result()

    async def accept_pcm(self, data: bytes) -> Sequence[VadEvent]:
        """Take more PCM16LE; return the speech events found. Raises the handler's error, or a ``GatewayError``."""
        self.check()
        try:
            return await self.intake.accept_pcm(data)
        except GatewayError:
            self.check()
            raise

    async def finish(self) -> None:
        """End the audio, and wait until all results are handled. Raises like ``accept_pcm``."""
        self.check()
        try:
            await self.intake.finish()
            await self._client.finish()
        except GatewayError:
            self.check()
            raise
        if self._handling is not None:
            await self._handling

    def take(self, event: ClientEvent) -> bool:
        """Add a result to the transcript; return whether it was one. Raises ``SegmentFailed`` for a failed one."""
        if isinstance(event, Failed):
            raise SegmentFailed(event)
        if not isinstance(event, Final):
            return False
        self.transcript.places[event.segment] = self.sent.place_ms(event.segment)
        self.transcript.take(event)
        return True

    async def close(self) -> None:
        """Leave the session. Safe to call twice."""
        if self._handling is not None:
            await cancel_and_wait({self._handling})
            error = None if self._handling.cancelled() else self._handling.exception()
            if error is not None and not isinstance(error, _EXPECTED):
                log.error(LogEvent.REQUEST_FAILED, exc_info=error)
        await self._opened.aclose()

    async def _handle_all(self, handle: EventHandler) -> None:
        """Handle all events. An error ends the session, because the text would be incomplete."""
        patience = Patience(loop_time())
        watching = asyncio.create_task(self._watch(patience), name="dialect/patience")
        try:
            async for event in self._client.events():
                patience.take(event, loop_time())
                await handle(event)
            if self._lost is not None:
                raise self._lost
        except Exception:
            await self._client.close()
            raise
        finally:
            await cancel_and_wait({watching})

    async def _watch(self, patience: Patience) -> None:
        """End the session, and with it its events, once it has waited too long."""
        while self._lost is None:
            await asyncio.sleep(STEP_S)
            due = tuple(one for one in self._client.open if self.sent.segments.get(one, (0, 0))[1])
            if why := patience.step(bool(due), loop_time()):
                self._lost = SessionLost(why, due)
        await self._client.close()
