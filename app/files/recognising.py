"""One file through the chain, from where an earlier run of it ended: app.pipeline, with what files need beside it.

Reading and the VAD run in a thread, so that the loop is free for dictation. Of what has no result yet at most
``held_s`` is in memory, whatever the length of the file: it is read as fast as it is recognised.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Final as Constant
from typing import Protocol
from uuid import uuid4

import numpy as np
from structlog.contextvars import bound_contextvars

from app.errors import OutputFailed
from app.files.kept import Kept, Known, Piece, shifted, source_of
from app.outlet import ToGateway
from app.pipeline import Ears, Samples, in_thread, transcribe
from app.pipeline import Piece as Heard
from app.transcript import Rewrite, Segment, as_it_is
from client.connection import Locate
from client.errors import AudioGone, GatewayError
from client.events import ClientEvent, Outcome
from client.gateway import ClientSettings, GatewayClient
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from protocol.recognition import Options
from protocol.session import Final
from runtime.tasks import cancel_and_wait
from speech.audio_file import AvailableAudio
from speech.errors import AudioMissing
from speech.segmenter import Segmenter
from speech.vad import Vad, open_vad

UNHURRIED: Constant = ClientSettings(first_contact_s=inf, give_up_s=inf, quiet_s=3600.0, held_s=120.0)
"""A gateway may be away for as long as it likes. What is held is enough for some workers at once, and not more."""

_WITHDRAW_S: Constant = 2.0
_KEEP_S: Constant = 10.0
_NOTHING: Constant = np.empty(0, np.int16)


class Onlooker(Protocol):
    """Who is told how a file goes."""

    def moved(self, position_s: float, pieces: tuple[Piece, ...]) -> None:
        """Up to here everything is recognised; ``pieces`` are new, and follow each other."""
        ...

    def heard(self, event: ClientEvent) -> None:
        """The client tells something."""
        ...


@dataclass(frozen=True)
class FileRecogniser:
    """Who recognises, what cuts, and whose threads read: the same for every file.

    ``rewrite``: what texts say instead.
    """

    locate: Locate
    vad_folder: Path
    settings: ClientSettings = field(default_factory=lambda: UNHURRIED)
    pool: Executor | None = None
    rewrite: Rewrite = as_it_is

    async def recognise(
        self, path: Path, options: Options, kept: Kept, onlooker: Onlooker, *, again: bool = False
    ) -> Known:
        """All that is said in ``path``; ``kept`` has it as it comes. With ``again``, also what failed before.

        When it is cancelled, what the gateway has and has not recognised is taken back from there.
        Raises ``SpeechError``, ``OutputFailed``, ``GatewayError``: what was recognised until then is kept.
        """
        session = uuid4()
        aside = asyncio.get_running_loop().run_in_executor
        with bound_contextvars(session=str(session)):
            known = await aside(self.pool, _resumed, path, kept, again)
            progress = Progress(known, onlooker)
            if known.results is not None:
                return known
            ears = await aside(self.pool, _ears, self.vad_folder)
            audio = AvailableAudio(path)
            blocks = in_thread(ears.listen(skipping(iter(audio), known.origin)), self.pool)
            async with (
                _kept_meanwhile(progress, kept),
                GatewayClient(self.locate, session, MemoryAudio(), options, self.settings) as client,
            ):
                try:
                    await transcribe(blocks, ears, _Noted(client, progress), progress, says=self._says)
                except asyncio.CancelledError:
                    await _withdraw(client, progress.open)
                    raise
            return Known(progress.pieces, known.origin + ears.samples, truncated=audio.cut is not None)

    def _says(self, final: Final) -> str:
        return self.rewrite(final.text.strip())


def _ears(vad_folder: Path) -> "ReadingEars":
    return ReadingEars(open_vad(vad_folder), Segmenter())


class _Noted(ToGateway):
    """Notes where segments lie, and sends no more once results cannot be kept."""

    def __init__(self, client: GatewayClient, progress: "Progress") -> None:
        super().__init__(client, live=False)
        self._progress = progress

    async def begin(self, segment: int, at: int) -> None:
        self._progress.begun(segment, at)
        await super().begin(segment, at)

    async def audio(self, segment: int, pcm: bytes) -> None:
        self._progress.check()
        await super().audio(segment, pcm)

    async def end(self, segment: int, samples: int) -> None:
        self._progress.ended(segment, samples)
        await super().end(segment, samples)


@asynccontextmanager
async def _kept_meanwhile(progress: "Progress", kept: Kept) -> AsyncIterator[None]:
    """Results are written as they come; leaving waits until all are. Raises ``OutputFailed``."""
    keeper = asyncio.create_task(_keep(progress, kept), name="files/keep")
    try:
        yield
    finally:
        progress.end()
        _, late = await asyncio.wait({keeper}, timeout=_KEEP_S)
        if late:
            progress.failure = OutputFailed(f"for {_KEEP_S:g} s the disk has taken nothing: is it still there?")
        await cancel_and_wait({keeper})
    progress.check()


async def _keep(progress: "Progress", kept: Kept) -> None:
    try:
        while pieces := await progress.new():
            await asyncio.to_thread(kept.add, pieces)
    except OutputFailed as error:
        progress.failure = error


async def _withdraw(client: GatewayClient, segments: tuple[int, ...]) -> None:
    """The gateway need not recognise these any more; it is not waited for."""
    with suppress(GatewayError, TimeoutError):
        async with asyncio.timeout(_WITHDRAW_S):
            for segment in segments:
                await client.cancel(segment)
            await client.finish()


def _resumed(path: Path, kept: Kept, again: bool) -> Known:
    try:
        return kept.resume(source_of(path), again=again)
    except OSError as error:
        reason = f"{path} cannot be opened ({error.strerror}): check the name and its permissions"
        raise AudioMissing(reason) from error


def skipping(blocks: Iterator[Samples], samples: int) -> Iterator[Samples]:
    """What comes after the first ``samples``. Each block of them comes empty, so that nobody waits for all."""
    for block in blocks:
        skipped = min(samples, len(block))
        samples -= skipped
        yield block[skipped:]


class ReadingEars(Ears):
    """Ears that hear where the blocks are read: what they heard of a block is there when it comes."""

    def __init__(self, vad: Vad, segmenter: Segmenter) -> None:
        super().__init__(vad, segmenter)
        self._heard: list[Heard] = []
        self._last: list[Heard] = []

    def listen(self, blocks: Iterator[Samples]) -> Iterator[Samples]:
        """The same blocks, heard. Blocks: for the thread that reads."""
        for block in blocks:
            self._heard = list(super().hear(block)) if len(block) else []
            yield block
        self._last = list(super().finish())

    def hear(self, block: Samples) -> Iterator[Heard]:
        """What was heard of the block that came last."""
        return iter(self._heard)

    def finish(self) -> Iterator[Heard]:
        """What was heard at the end."""
        return iter(self._last)


class MemoryAudio:
    """An ``AudioStore`` in memory, where the client's ``held_s`` bounds it: no disk is waited for."""

    def __init__(self) -> None:
        self._audio: dict[int, bytearray] = {}

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return sum(map(len, self._audio.values()))

    def append(self, segment: int, pcm: bytes) -> None:
        """Keep more of a segment."""
        self._audio.setdefault(segment, bytearray()).extend(pcm)

    async def read(self, segment: int, offset: int, samples: int) -> bytes:
        """Exactly these samples. Raises ``AudioGone``."""
        first, size = offset * BYTES_PER_SAMPLE, samples * BYTES_PER_SAMPLE
        found = bytes(memoryview(self._audio.get(segment, b""))[first : first + size])
        if len(found) < size:
            raise AudioGone(f"samples {offset} to {offset + samples} of segment {segment} are not held any more")
        return found

    async def settle(self, segment: int, outcome: Outcome | None) -> None:
        """Let go of it; safe to call twice."""
        self._audio.pop(segment, None)


@dataclass
class _Lying:
    """Where a segment lies in the recording, in samples; its end is known late."""

    begin: int
    samples: int = 0


class Progress:
    """A ``pipeline.Watcher``: from results of a run, in any order, to pieces of the recording, in order."""

    def __init__(self, known: Known, onlooker: Onlooker) -> None:
        self.failure: OutputFailed | None = None
        self._onlooker = onlooker
        self._before = known
        self._lying: dict[int, _Lying] = {}  # segments of this run without a result
        self._pieces = list(known.pieces)
        self._early: dict[int, Piece] = {}  # those before which one is missing
        self._new: list[Piece] = []
        self._read = self._position = known.origin
        self._ended = False
        self._changed = asyncio.Event()
        onlooker.moved(known.origin / SAMPLE_RATE, known.pieces)

    @property
    def open(self) -> tuple[int, ...]:
        """Segments of this run without a result."""
        return tuple(self._lying)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Everything from the beginning on without a hole."""
        return tuple(self._pieces)

    def check(self) -> None:
        """Raises ``OutputFailed`` when what was recognised cannot be kept."""
        if self.failure is not None:
            raise self.failure

    def begun(self, number: int, at: int) -> None:
        """A segment begins at this sample of the run."""
        self._lying[number] = _Lying(self._before.origin + at)

    def ended(self, number: int, samples: int) -> None:
        """It is this long."""
        if lying := self._lying.get(number):
            lying.samples = samples

    def listened(self, seconds: float) -> None:
        """So much of the run has been taken in."""
        self._read = self._before.origin + round(seconds * SAMPLE_RATE)
        self._move(())

    def over(self) -> None:
        """All of it has been taken in."""

    def heard(self, event: ClientEvent) -> None:
        """The client tells something."""
        self._onlooker.heard(event)

    def recognised(self, segment: Segment) -> None:
        """A segment has ended."""
        lying = self._lying.pop(segment.index)
        of_recording = shifted(segment, len(self._before.pieces), self._before.origin)
        piece = Piece(lying.begin, lying.samples, of_recording)
        self._early[piece.segment.index] = piece
        self._new.append(piece)
        self._changed.set()
        following: list[Piece] = []
        while found := self._early.pop(len(self._pieces) + len(following), None):
            following.append(found)
        self._pieces += following
        self._move(tuple(following))

    def end(self) -> None:
        """Nothing comes any more."""
        self._ended = True
        self._changed.set()

    async def new(self) -> list[Piece]:
        """What was recognised since the last time; nothing once there is no more to come."""
        while not self._new and not self._ended:
            self._changed.clear()
            await self._changed.wait()
        new, self._new = self._new, []
        return new

    def _move(self, pieces: tuple[Piece, ...]) -> None:
        first = min((lying.begin for lying in self._lying.values()), default=self._read)
        self._position = max(self._position, first)  # speech is known of a moment after it has begun
        self._onlooker.moved(self._position / SAMPLE_RATE, pieces)
