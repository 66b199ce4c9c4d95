"""Recognition of files for an assistant, with a gateway of this computer only as long as a file needs one."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from app.core.format import Format
from app.core.renderers import render
from app.core.transcript import RecordingTranscript, TranscriptSegment
from app.local_services.stack import Stack
from app.models.engines import vad_folder
from app.settings.languages import languages_now
from app.transcription.pipeline import Recogniser, RecordingObserver
from client.connection import Locate
from protocol.recognition import Options
from runtime.tasks import Closing, cancel_and_wait, complete, loop_time
from speech.audio_file import check_audio

T = TypeVar("T")

Report = Callable[[float, str], Awaitable[None]]
"""Receives the elapsed seconds and a sentence about the progress."""

_AT_ONCE: Final = 2
_REPORT_S: Final = 1.0
_CLOSE_S: Final = 30.0
"""A gateway drains for up to 20 s."""


class GatewaySource(Protocol):
    """The gateway that recognises. All methods raise ``AppError`` or ``GatewayError``."""

    @property
    def gateway(self) -> str:
        """Name or address of the gateway; empty for this computer's."""

    @property
    def model(self) -> str:
        """The model to recognise with; empty for any."""

    def prepare(self) -> None:
        """Check that the gateway is known and the models are installed. Blocks."""

    def locate(self) -> Locate:
        """Return a function that locates the gateway."""

    def stack(self) -> Stack | None:
        """Return the stack that provides a gateway of this computer, or ``None`` for a remote one."""


@dataclass(frozen=True)
class TranscribedFile:
    """The text of a file. ``complete``: false if a part of the speech has no text; ``problems`` say which."""

    text: str
    seconds: float
    languages: list[str]
    complete: bool
    problems: list[str]


class SharedStack:
    """The gateway and worker of this computer, running while any caller uses them."""

    def __init__(self, make: Callable[[], Stack | None]) -> None:
        self._make = make
        self._changing = asyncio.Lock()
        self._users = 0
        self._stack: Stack | None = None

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run ``work`` while the stack runs. Raises ``StackFailed`` if the stack breaks."""
        async with self._changing:
            if not self._users and (stack := self._make()) is not None:
                self._stack = await stack.__aenter__()
            self._users += 1
        try:
            return await (self._stack.unless_broken(work()) if self._stack else work())
        finally:
            self._users -= 1
            async with self._changing:
                if not self._users and self._stack is not None:
                    stack, self._stack = self._stack, None
                    await complete(stack.close())


class _Progress(RecordingObserver):
    """The progress with a file, as one sentence."""

    def __init__(self) -> None:
        self.heard_s = 0.0
        self.pieces = 0

    def processed(self, seconds: float) -> None:
        self.heard_s = seconds

    def recognised(self, segment: TranscriptSegment) -> None:
        self.pieces += 1

    @property
    def sentence(self) -> str:
        return f"{self.heard_s:.0f} s heard, {self.pieces} pieces recognised"


class FileTranscriber(Closing):
    """Recogniser of files, a few at a time.

    Each file has a task of its own: callers may be cancelled, and its work still ends in order.
    """

    def __init__(self, source: GatewaySource) -> None:
        self._source = source
        self._stack = SharedStack(source.stack)
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._running: set[asyncio.Task[RecordingTranscript]] = set()

    async def close(self) -> None:
        """Cancel the work, wait until a stack has ended in order, and cancel again what remains."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=_CLOSE_S)
        await cancel_and_wait(self._running)

    @property
    def running(self) -> int:
        """Number of files that are being recognised, or wait for it."""
        return len(self._running)

    async def transcribe(
        self, path: Path, language: str, form: Format, report: Report, track: int = 0
    ) -> TranscribedFile:
        """Return the text of a file. Raises ``SpeechError``, ``AppError`` or ``GatewayError``.

        ``track``: the number of a film's sound track; 0: the default one.
        """
        progress = _Progress()
        task = asyncio.create_task(self._recognise(path, language, track, progress), name="mcp/file")
        self._running.add(task)
        task.add_done_callback(self._forget_task)
        began = loop_time()
        try:
            await report(0.0, progress.sentence)
            while not (await asyncio.wait({task}, timeout=_REPORT_S))[0]:
                await report(loop_time() - began, progress.sentence)
            return _answer(task.result(), form)
        finally:
            task.cancel()

    def _forget_task(self, task: asyncio.Task[RecordingTranscript]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # read, because a caller that left does not

    async def _recognise(self, path: Path, language: str, track: int, progress: _Progress) -> RecordingTranscript:
        async with self._free:
            await asyncio.to_thread(check_audio, path, track)
            await asyncio.to_thread(self._source.prepare)
            languages = await asyncio.to_thread(languages_now, language)
            options = Options(
                language, model=self._source.model, priority="bulk", script="simplified", languages=languages
            )
            vad = await asyncio.to_thread(vad_folder)
            recogniser = Recogniser(self._source.locate(), vad, options)
            return await self._stack.run(lambda: recogniser.recognise(path, progress, track=track))


def _answer(transcript: RecordingTranscript, form: Format) -> TranscribedFile:
    problems = [
        f"no text from {segment.start_ms / 1000:.1f} to {segment.end_ms / 1000:.1f} s: {segment.error}"
        for segment in transcript.failures
    ]
    if transcript.truncated:
        problems.append(transcript.truncated)
    languages = dict.fromkeys(segment.language for segment in transcript.segments if segment.language)
    return TranscribedFile(
        render(transcript, form).strip(), transcript.duration_ms / 1000, list(languages), not problems, problems
    )
