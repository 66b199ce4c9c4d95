"""The journal for an event loop: operations that wait for the disk run in threads, in order for each caller.

``AsyncJournal`` is the ``client.audio_store.AudioStore`` of a session that has a journal. Waiting audio stays on
disk, so memory does not grow with it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from typing import Final as Constant
from typing import ParamSpec

from app.core.outlet import Samples, ToGateway
from app.core.transcript import Rewrite, as_it_is
from app.journal.errors import DiskRefuses, JournalError, NotKept
from app.journal.journal import Journal
from client.audio_store import AudioStore
from client.events import ClientEvent, Outcome
from client.gateway import GatewayClient
from client.session_series import SessionSeries
from protocol.session import PLAIN, Final, Queued, SegmentDetails
from runtime.tasks import complete, loop_time

_AGAIN_S: Constant = 0.25

Arguments = ParamSpec("Arguments")


async def opened_in_thread(opening: Callable[[], Journal]) -> Journal:
    """Open a journal in a thread. One that opens after its caller was cancelled is closed again."""
    journal = asyncio.ensure_future(asyncio.to_thread(opening))
    try:
        return await asyncio.shield(journal)
    except asyncio.CancelledError:
        await complete(_close_opened(journal))
        raise


async def _close_opened(opening: "asyncio.Future[Journal]") -> None:
    await asyncio.wait({opening})
    if opening.exception() is None:
        with suppress(JournalError):  # errors of writing were already reported
            await asyncio.to_thread(opening.result().close)


class AsyncJournal(AudioStore):
    """A journal for an event loop: its operations wait for the disk in threads.

    ``patience_s``: how long an operation waits for room on a full disk before it raises ``NotKept``. ``rewrite``:
    applies the replacement rules that are in effect when a text arrives.
    """

    def __init__(self, journal: Journal, patience_s: float = 0.0, rewrite: Rewrite = as_it_is) -> None:
        self.journal = journal
        self._patience_s = patience_s
        self._rewrite = rewrite

    async def begin(self, segment: int, at: int, details: SegmentDetails = PLAIN) -> None:
        """Record that a segment begins at sample ``at``, unless the take has it. On disk when this returns."""
        if segment not in self.journal.take.segments:
            await self.keep(self.journal.begin, segment, at, details)

    async def end(self, segment: int, samples: int) -> None:
        """Record that a segment is complete, and its length. On disk when this returns."""
        if self.journal.take.segments[segment].samples is None:
            await self.keep(self.journal.end, segment, samples)

    async def keep(
        self, work: Callable[Arguments, None], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> None:
        """Run an operation of the journal in a thread; retry for ``patience_s`` while the disk refuses it.

        An operation that has begun completes even if its caller is cancelled.
        """
        latest = loop_time() + self._patience_s
        while True:
            try:
                running = asyncio.get_running_loop().run_in_executor(None, partial(work, *arguments, **named))
                return await asyncio.shield(running)
            except DiskRefuses:  # not ``disk_state``: the disk may have accepted other writes since
                if loop_time() >= latest:
                    raise
            await asyncio.sleep(_AGAIN_S)

    # -- for the client ------------------------------------------------------------------------------------

    async def read(self, segment: int, offset: int, samples: int) -> bytes:
        """Return samples of a segment from the file. Raises ``AudioGone``."""
        at = self.journal.take.segments[segment].at + offset
        pcm = self.journal.audio(at, samples, waits=False)
        return pcm or await asyncio.to_thread(self.journal.audio, at, samples)

    async def settle(self, segment: int, outcome: Outcome | None, samples: int = 0) -> bool:
        """Store the first result of a segment, or its cancellation (``None``). Return whether it is on disk.

        A segment that a span replaces is cancelled only at the gateway: if the span turns out to be damaged, the
        segment is sent again.
        """
        if outcome is None and segment in self.journal.take.replaced:
            return True
        rewritten = None
        if isinstance(outcome, Final) and (text := self._rewrite(said := outcome.text.strip())) != said:
            rewritten = text
        await self.keep(self.journal.settle, segment, outcome, rewritten, samples)
        return self.journal.saved


class JournaledOutlet(ToGateway):
    """An ``Outlet`` that writes boundaries to disk before it sends them to the gateway."""

    def __init__(self, store: AsyncJournal, client: GatewayClient | SessionSeries) -> None:
        super().__init__(client)
        self.cancel = client.cancel
        self._store = store
        self._count_audio = client.count_audio

    async def begin(self, segment: int, at: int, details: SegmentDetails = PLAIN) -> None:
        """Begin a segment at sample ``at``: first in the journal, then at the gateway."""
        await self._store.begin(segment, at, details)
        await super().begin(segment, at, details)

    async def audio(self, segment: int, samples: Samples) -> None:
        """Let the client send more of a segment, which it reads from the journal."""
        await self._count_audio(segment, len(samples))

    async def end(self, segment: int, samples: int) -> None:
        """End a segment: first in the journal, then at the gateway."""
        await self.keep_end(segment, samples)
        await self.send_end(segment, samples)

    async def keep_end(self, segment: int, samples: int) -> None:
        """End a segment in the journal; ``send_end`` follows, or the segment is cancelled."""
        await self._store.end(segment, samples)

    async def send_end(self, segment: int, samples: int) -> None:
        """End a segment at the gateway."""
        await super().end(segment, samples)

    async def whole(self, segment: int, at: int, samples: int, details: SegmentDetails) -> None:
        """Record another segment of samples that the journal has already, then send it."""
        await self._store.begin(segment, at, details)
        await self._store.end(segment, samples)
        await super().begin(segment, at, details)
        await self._count_audio(segment, samples)
        await super().end(segment, samples)

    async def choose(self, span: int, *, accepted: bool) -> None:
        """Record whether the text of a span is used."""
        await self._store.keep(self._store.journal.choose, span, accepted=accepted)

    async def finish(self) -> None:
        """Wait until every segment has ended; no more may follow. Raises ``GatewayError``, ``NotKept``."""
        await self._store.keep(self._store.journal.finish)
        await super().finish()

    async def events(self) -> AsyncIterator[ClientEvent]:
        """Yield the client's events after the journal has recorded them."""
        async for event in super().events():
            if isinstance(event, Queued):
                with suppress(NotKept):  # informational
                    await asyncio.to_thread(self._store.journal.record_queued, event)
            yield event
