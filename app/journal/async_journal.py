"""The journal for an event loop: operations that wait for the disk run in threads, in order for each caller.

``AsyncJournal`` is the ``client.audio_store.AudioStore`` of a session that has a journal. Waiting audio stays on
disk, so memory does not grow with it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final as Constant
from typing import ParamSpec

from app.core.outlet import Outlet, Samples, ToGateway
from app.core.transcript import Rewrite, as_it_is
from app.journal.errors import DiskRefuses, NotKept
from app.journal.journal import Journal
from client.audio_store import AudioStore
from client.events import ClientEvent, Outcome
from client.gateway import GatewayClient
from protocol.session import PLAIN, Final, Queued, SegmentDetails

_AGAIN_S: Constant = 0.25

Arguments = ParamSpec("Arguments")


class AsyncJournal(AudioStore):
    """A journal for an event loop: its operations wait for the disk in threads.

    ``patience_s``: how long an operation waits for room on a full disk before it raises ``NotKept``. ``rewrite``:
    applies the replacement rules that are in effect when a text arrives.
    """

    def __init__(self, journal: Journal, patience_s: float = 0.0, rewrite: Rewrite = as_it_is) -> None:
        self._journal = journal
        self._patience_s = patience_s
        self._rewrite = rewrite

    async def begin(self, segment: int, at: int, details: SegmentDetails = PLAIN) -> None:
        """Record that a segment begins at sample ``at``, unless the take has it. On disk when this returns."""
        if segment not in self._journal.take.segments:
            await self._kept(self._journal.begin, segment, at, details)

    async def end(self, segment: int, samples: int) -> None:
        """Record that a segment is complete, and its length. On disk when this returns."""
        if self._journal.take.segments[segment].samples is None:
            await self._kept(self._journal.end, segment, samples)

    async def queued(self, queued: Queued) -> None:
        """Record that the broker has the segment. Informational, so a full disk may miss it."""
        try:
            await asyncio.to_thread(self._journal.queued, queued)
        except NotKept:
            return

    async def finish(self) -> None:
        """Record that the VAD has heard everything: no more segments follow."""
        await self._kept(self._journal.finish)

    async def want(self, *, inserted: bool) -> None:
        """Record whether the take's texts are to be inserted, or kept for the history only."""
        await self._kept(self._journal.want, inserted=inserted)

    async def cancel(self) -> None:
        """Record that the user cancelled the take. On disk when this returns."""
        await self._kept(self._journal.cancel)

    async def inserting(self, segment: int, program: str = "") -> None:
        """Record that the text may be at the cursor from now on. On disk when this returns."""
        known = self._journal.take.segments[segment]
        if not known.inserting or (program and not known.program):
            await self._kept(self._journal.inserting, segment, program)

    async def inserted(self, segment: int) -> None:
        """Record that the text of a segment was inserted. On disk when this returns."""
        await self._kept(self._journal.inserted, segment)

    async def dismissed(self, segment: int) -> None:
        """Record that the text of a segment is for the history only. On disk when this returns."""
        await self._kept(self._journal.dismissed, segment)

    async def choose(self, span: int, *, accepted: bool) -> None:
        """Record whether the text of a span is used, or those of its pieces. On disk when this returns."""
        await self._kept(self._journal.choose, span, accepted=accepted)

    async def recut(self, segment: int) -> None:
        """Record that the boundaries of a segment are uncertain. On disk when this returns."""
        await self._kept(self._journal.recut, segment)

    async def mended(self) -> None:
        """Record that all audio has boundaries again. On disk when this returns."""
        await self._kept(self._journal.mended)

    # -- for the client ------------------------------------------------------------------------------------

    async def read(self, segment: int, offset: int, samples: int) -> bytes:
        """Return samples of a segment from the file. Raises ``AudioGone``."""
        at = self._journal.take.segments[segment].at + offset
        pcm = self._journal.audio(at, samples, waits=False)
        return pcm or await asyncio.to_thread(self._journal.audio, at, samples)

    async def settle(self, segment: int, outcome: Outcome | None, samples: int = 0) -> None:
        """Keep the first text of a segment, or that it was cancelled. On disk when this returns.

        A segment that a span replaces is cancelled at the gateway only: if the span is damaged, it is sent again.
        """
        if outcome is None and segment in self._journal.take.replaced:
            return
        if isinstance(outcome, Final) and (says := self._rewrite(text := outcome.text.strip())) != text:
            return await self._kept(self._journal.settle, segment, outcome, says)
        await self._kept(self._journal.settle, segment, outcome, None, samples)

    async def _kept(
        self, work: Callable[Arguments, None], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> None:
        """Run an operation in a thread, and again while the disk refuses it, for at most ``patience_s``.

        An operation that has begun completes even if its caller is cancelled.
        """
        clock = asyncio.get_running_loop().time
        latest = clock() + self._patience_s
        while True:
            try:
                beside = asyncio.get_running_loop().run_in_executor(None, partial(work, *arguments, **named))
                return await asyncio.shield(beside)
            except DiskRefuses:  # not ``keeping``: the disk may have accepted other writes meanwhile
                if clock() >= latest:
                    raise
            await asyncio.sleep(_AGAIN_S)


class Journaled(Outlet):
    """An ``Outlet`` that writes boundaries to disk before it sends them to the gateway."""

    def __init__(self, journal: AsyncJournal, client: GatewayClient) -> None:
        self._journal = journal
        self._heard = client.heard
        self._cancel = client.cancel
        self._client = ToGateway(client)

    async def begin(self, segment: int, at: int, details: SegmentDetails = PLAIN) -> None:
        """Begin a segment at sample ``at``: first in the journal, then at the gateway."""
        await self._journal.begin(segment, at, details)
        await self._client.begin(segment, at, details)

    async def audio(self, segment: int, samples: Samples) -> None:
        """Let the client send more of a segment, which it reads from the journal."""
        await self._heard(segment, len(samples))

    async def speculate(self, segment: int) -> None:
        """Tell the gateway that the audio so far may be the whole segment."""
        await self._client.speculate(segment)

    async def end(self, segment: int, samples: int) -> None:
        """End a segment: first in the journal, then at the gateway."""
        await self.keep_end(segment, samples)
        await self.send_end(segment, samples)

    async def keep_end(self, segment: int, samples: int) -> None:
        """End a segment in the journal; ``send_end`` follows, or the segment is cancelled."""
        await self._journal.end(segment, samples)

    async def send_end(self, segment: int, samples: int) -> None:
        """End a segment at the gateway."""
        await self._client.end(segment, samples)

    async def whole(self, segment: int, at: int, samples: int, details: SegmentDetails) -> None:
        """Send samples that the journal has already as one more segment, which is on disk before."""
        await self._journal.begin(segment, at, details)
        await self._journal.end(segment, samples)
        await self._client.begin(segment, at, details)
        await self._heard(segment, samples)
        await self._client.end(segment, samples)

    async def choose(self, span: int, *, accepted: bool) -> None:
        """Record whether the text of a span is used."""
        await self._journal.choose(span, accepted=accepted)

    async def cancel(self, segment: int) -> None:
        """Cancel a segment whose result is not needed any more."""
        await self._cancel(segment)

    async def finish(self) -> None:
        """Wait until every segment has ended; no more may follow. Raises ``GatewayError``, ``NotKept``."""
        await self._journal.finish()
        await self._client.finish()

    async def close(self) -> None:
        """Close the connection to the gateway."""
        await self._client.close()

    async def events(self) -> AsyncIterator[ClientEvent]:
        """Yield the client's events after the journal has recorded them."""
        async for event in self._client.events():
            if isinstance(event, Queued):
                await self._journal.queued(event)
            yield event
