"""The journal for an event loop: what waits for the disk runs beside it, in order for each caller.

It is the ``client.audio_store.AudioStore`` of a session with a journal, so memory does not grow with what waits.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final as Constant
from typing import ParamSpec

from app.capture.errors import DiskRefuses, NotKept
from app.capture.journal import Journal
from app.outlet import Outlet, ToGateway
from app.transcript import Rewrite, as_it_is
from client.audio_store import AudioStore
from client.events import ClientEvent, Outcome
from client.gateway import GatewayClient
from protocol.session import Final, Queued

_AGAIN_S: Constant = 0.25

Arguments = ParamSpec("Arguments")


class AsyncJournal(AudioStore):
    """``patience_s``: how long what must be kept waits for room on a full disk, before it raises ``NotKept``.

    ``rewrite``: what a text is to say instead, by the rules of the moment at which it comes.
    """

    def __init__(self, journal: Journal, patience_s: float = 0.0, rewrite: Rewrite = as_it_is) -> None:
        self._journal = journal
        self._patience_s = patience_s
        self._rewrite = rewrite

    async def begin(self, segment: int, at: int) -> None:
        """A segment begins ``at`` this sample, unless the take knows better. On disk when this returns."""
        if segment not in self._journal.take.segments:
            await self._kept(self._journal.begin, segment, at)

    async def end(self, segment: int, samples: int) -> None:
        """It is complete with so many samples. On disk when this returns."""
        if self._journal.take.segments[segment].samples is None:
            await self._kept(self._journal.end, segment, samples)

    async def queued(self, queued: Queued) -> None:
        """The broker has the segment; only for people, so a disk that is full may miss it."""
        try:
            await asyncio.to_thread(self._journal.queued, queued)
        except NotKept:
            return

    async def finish(self) -> None:
        """No more segments: the VAD has heard everything."""
        await self._kept(self._journal.finish)

    async def want(self, *, inserted: bool) -> None:
        """Whether its texts are to be inserted, or for the history alone."""
        await self._kept(self._journal.want, inserted=inserted)

    async def cancel(self) -> None:
        """Note that the user gave the take up. On disk when this returns."""
        await self._kept(self._journal.cancel)

    async def inserting(self, segment: int) -> None:
        """From now on the text may be where the cursor is. On disk when this returns."""
        if not self._journal.take.segments[segment].inserting:
            await self._kept(self._journal.inserting, segment)

    async def inserted(self, segment: int) -> None:
        """It is. On disk when this returns."""
        await self._kept(self._journal.inserted, segment)

    async def dismissed(self, segment: int) -> None:
        """It is wanted in the history alone. On disk when this returns."""
        await self._kept(self._journal.dismissed, segment)

    async def recut(self, segment: int) -> None:
        """Its boundaries are not certain, and its audio gets others. On disk when this returns."""
        await self._kept(self._journal.recut, segment)

    async def mended(self) -> None:
        """All audio has boundaries again. On disk when this returns."""
        await self._kept(self._journal.mended)

    # -- the client's side ---------------------------------------------------------------------------------

    def append(self, segment: int, pcm: bytes) -> None:
        """More of a segment's audio, which was heard before, goes to the gateway."""
        self._journal.append(segment, pcm)

    async def read(self, segment: int, offset: int, samples: int) -> bytes:
        """These samples of a segment, from the file. Raises ``AudioGone``."""
        if self._journal.written(segment, offset + samples):
            return self._journal.read(segment, offset, samples)
        return await asyncio.to_thread(self._journal.read, segment, offset, samples)

    async def settle(self, segment: int, outcome: Outcome | None) -> None:
        """Keep the first text of a segment. On disk when this returns."""
        if isinstance(outcome, Final) and (says := self._rewrite(text := outcome.text.strip())) != text:
            return await self._kept(self._journal.settle, segment, outcome, says)
        await self._kept(self._journal.settle, segment, outcome)

    async def _kept(
        self, work: Callable[Arguments, None], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> None:
        """Once it was begun it is done, even when nobody waits for it any more."""
        clock = asyncio.get_running_loop().time
        latest = clock() + self._patience_s
        while True:
            try:
                beside = asyncio.get_running_loop().run_in_executor(None, partial(work, *arguments, **named))
                return await asyncio.shield(beside)
            except DiskRefuses:  # it, and not ``keeping``: meanwhile the disk may have taken something of others
                if clock() >= latest:
                    raise
            await asyncio.sleep(_AGAIN_S)


class Journaled(Outlet):
    """An ``Outlet`` whose boundaries are on disk before the gateway hears of them."""

    def __init__(self, journal: AsyncJournal, client: GatewayClient) -> None:
        self._journal = journal
        self._client = ToGateway(client)

    async def begin(self, segment: int, at: int) -> None:
        """A segment begins ``at`` this sample."""
        await self._journal.begin(segment, at)
        await self._client.begin(segment, at)

    async def audio(self, segment: int, pcm: bytes) -> None:
        """More of it: it is in the journal already, since it was heard."""
        await self._client.audio(segment, pcm)

    async def speculate(self, segment: int) -> None:
        """What was given of it may be all."""
        await self._client.speculate(segment)

    async def end(self, segment: int, samples: int) -> None:
        """It is complete with so many samples."""
        await self._journal.end(segment, samples)
        await self._client.end(segment, samples)

    async def finish(self) -> None:
        """No more segments: wait until every one of them has ended. Raises ``GatewayError``, ``NotKept``."""
        await self._journal.finish()
        await self._client.finish()

    async def close(self) -> None:
        """Hang up."""
        await self._client.close()

    async def events(self) -> AsyncIterator[ClientEvent]:
        """What the client tells, once the journal knows it."""
        async for event in self._client.events():
            if isinstance(event, Queued):
                await self._journal.queued(event)
            yield event
