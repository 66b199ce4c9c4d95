"""Goes on with a take whose process has ended: what has no text is sent, in the same session.

Segments keep the boundaries that they had, because a gateway may know them. The VAD cuts only what comes after
them; a segment that had begun but not ended keeps its beginning.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path

from app.capture.async_journal import AsyncJournal, Journaled
from app.capture.journal import Journal
from app.capture.recovery import Plan, Replay, Skip, plan
from app.listening import ears_of, mode_of
from app.outlet import Outlet, pass_on
from app.pipeline import Ears, Watcher
from app.transcript import Rewrite, Transcript, as_it_is
from client.connection import Locate
from client.events import ClientEvent
from client.gateway import ClientSettings, GatewayClient
from protocol.audio import SAMPLE_RATE
from protocol.session import Failed, Final
from speech.segmenter import (
    SegmentAudio,
    SegmentEnd,
    Segmenter,
    SegmenterOptions,
    SegmentOutput,
    SegmentSpeculate,
)
from speech.vad import open_vad


@dataclass(frozen=True)
class Resender:
    """Who recognises, and what cuts: the same for every take of a command. ``rewrite``: what texts say instead."""

    locate: Locate
    vad_folder: Path
    settings: ClientSettings = field(default_factory=ClientSettings)
    rewrite: Rewrite = as_it_is

    async def resend(self, journal: Journal, watcher: Watcher) -> Transcript:
        """Everything that the take says, once all of it has ended. Raises ``GatewayError``, ``NotKept``.

        Nothing of it is wanted at a cursor any more: it is for whoever asked.
        """
        store = AsyncJournal(journal, rewrite=self.rewrite)
        await store.want(inserted=False)
        todo = plan(journal.take, journal.samples)
        if todo.idle:
            journal.finish()
            watcher.over()
            return journal.take.transcript(journal.samples)
        settings = replace(self.settings, held_s=inf)  # what waits is on disk: memory does not grow with it
        client = GatewayClient(self.locate, journal.session, store, journal.take.options, settings, resume=True)
        sending = _Sending(journal, client, Journaled(store, client), watcher, self.vad_folder)
        for step in todo.steps:  # before it connects: so it knows every old segment before it hears of one
            await sending.replay(step)
        async with client:
            await sending.run(todo)
        return journal.take.transcript(journal.samples)


@dataclass(frozen=True)
class _Sending:
    journal: Journal
    client: GatewayClient
    outlet: Outlet
    watcher: Watcher
    vad_folder: Path

    async def run(self, todo: Plan) -> None:
        """Cut what is left, and wait for all of it."""
        collecting = asyncio.create_task(self._collect(self.outlet.events()), name="resending/events")
        try:
            if todo.rest is not None:
                await self._cut(len(todo.steps), todo.rest, unended=todo.unended is not None)
            self.watcher.over()
            await self.outlet.finish()
            await self.outlet.close()
            await collecting
        finally:
            collecting.cancel()
            await asyncio.gather(collecting, return_exceptions=True)

    async def replay(self, step: Replay | Skip) -> None:
        """Hand over a segment as it was."""
        number = step.segment
        await self.outlet.begin(number, step.at)
        if isinstance(step, Skip):
            await self.client.cancel(number)
            return
        for start in range(0, step.samples, SAMPLE_RATE):
            samples = min(SAMPLE_RATE, step.samples - start)
            await self.outlet.audio(number, self.journal.audio(step.at + start, samples))
        await self.outlet.end(number, step.samples)

    async def _cut(self, number: int, at: int, *, unended: bool) -> None:
        """Cut the audio from ``at`` on; with ``unended``, segment ``number`` has begun there already."""
        if unended:
            await self.outlet.begin(number, at)
            at += await self._rest_of(number, at)
            number += 1
        ears = ears_of(mode_of(self.journal.take.mode), self.vad_folder)
        async for output in self._outputs(at, ears):
            if not isinstance(output, SegmentSpeculate):  # the end is there already
                await pass_on(output, self.outlet, number, at)

    async def _rest_of(self, number: int, at: int) -> int:
        """Find the end of a segment that began ``at`` this sample; its length. Silence does not move its start."""
        ears = Ears(open_vad(self.vad_folder), Segmenter(SegmenterOptions(gate=False, quiet_ms=None)))
        length = 0
        async with aclosing(self._outputs(at, ears)) as outputs:
            async for output in outputs:
                if isinstance(output, SegmentAudio):
                    await self.outlet.audio(number, output.pcm)
                elif isinstance(output, SegmentEnd):
                    length = output.samples
                    break
        await self.outlet.end(number, length)
        return length

    async def _outputs(self, at: int, ears: Ears) -> AsyncGenerator[SegmentOutput]:
        for block in self.journal.blocks(at):
            for piece in ears.hear(block):
                yield piece.output
            self.watcher.listened((at + ears.samples) / SAMPLE_RATE)
            await asyncio.sleep(0)
        for piece in ears.finish():
            yield piece.output

    async def _collect(self, events: AsyncIterator[ClientEvent]) -> None:
        async for event in events:
            self.watcher.heard(event)
            if isinstance(event, Final | Failed):
                self.watcher.recognised(self.journal.take.recognised(event.segment, self.journal.samples))
