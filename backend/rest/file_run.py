"""Recognise one submitted file: read it, plan it, send its segments in turn, and await its end.

A run may stop at any moment and start again. The same file is cut into the same segments, the history knows
which of them have ended, and the broker accepts a segment once per attempt.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from backend.broker.jobs import Jobs
from backend.broker.records import Record, Reread, SessionGone
from backend.core.errors import BrokerBusy, HistoryError, HistoryRefused, MediaUnreadable
from backend.history.history_thread import AsyncHistory
from backend.history.records import FeedEntry, Planned, SessionOwner, StoredSegment, StoredSession
from backend.rest.flow import Flow, WaitingFile
from backend.rest.media import reading
from backend.rest.media_frames import MediaEnded, MediaSegment
from protocol.audio import BYTES_PER_SAMPLE, samples_to_ms
from protocol.errors import ErrorCode, Unauthorised
from protocol.job import Job
from protocol.rest import SegmentState, SessionKind, SessionState
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import cancel_and_wait, is_set_within

log = loggers.BACKEND_REST_FILE_RUN


if TYPE_CHECKING:
    from backend.history.store import Store


T = TypeVar("T")

RETRY_S: Final = 1.0
_PAGE: Final = 500
_STILL_LOOKS: Final = 10
_REVOKED: Final = "the key that submitted the file was revoked: submit it again with another key"


class GivenUp(Exception):
    """The session was cancelled or deleted."""


class RestartRun(Exception):
    """The broker lost data of the file, so the run starts over."""


@dataclass(frozen=True)
class FileRunParts:
    """Everything that recognising files needs.

    ``feed`` encodes the owner of a session for the broker. ``revoked``: whether the key of an owner was revoked.
    """

    history: AsyncHistory
    jobs: Jobs
    feed: Callable[[SessionOwner], str]
    flow: Flow
    vad_folder: Path | None
    turn: Callable[[WaitingFile, int, int], Awaitable[None]]
    look_s: float
    revoked: Callable[[str], bool] = lambda owner: False

    async def ask(self, question: "Callable[[Store], T]") -> T:
        """Query the history; while it is unavailable, retry."""
        while True:
            try:
                return await self.history.ask(question)
            except HistoryRefused:
                raise
            except HistoryError as error:
                log.warning(LogEvent.FILE_HISTORY_AWAITED, error=str(error))
                await asyncio.sleep(RETRY_S)

    async def session(self, id: str) -> StoredSession | None:
        """Return a session as the history knows it."""
        return await self.ask(lambda store: store.session(id))

    async def segments(self, id: str) -> dict[int, StoredSegment]:
        """Return all known segments of a session by number."""
        known: dict[int, StoredSegment] = {}
        last = -1
        while page := await self.ask(_segments_after(id, last)):
            known |= {segment.segment: segment for segment in page}
            last = page[-1].segment
        return known


class FileRun:
    """A run of a file; ``path``: the file on the disk. ``track`` returns its sound track; 0: the default one."""

    def __init__(
        self, parts: FileRunParts, file: WaitingFile, path: Path, track: Callable[[], int] = lambda: 0
    ) -> None:
        self._parts = parts
        self._file = file
        self._path, self._track = path, track
        self._woken = asyncio.Event()
        self._sent: set[int] = set()
        self._all_sent = self._changed = False
        self._still = 0

    def wake(self) -> None:
        """Check the session now, because it may have changed."""
        self._woken.set()

    def restart(self) -> None:
        """Start over, because the segments to recognise have changed."""
        self._changed = True
        self.wake()

    async def run(self) -> SessionState:
        """Recognise the file until its session has ended, and return the final state.

        Raises ``MediaUnreadable``, ``GivenUp``, ``RestartRun``, ``Unauthorised`` or another ``ProtocolError``.
        """
        stored = await self._stored_session()
        if stored.state is SessionState.DONE:
            return stored.state
        reads, watches = asyncio.create_task(self._read_file(stored)), asyncio.create_task(self._until_ended())
        try:
            await asyncio.wait({reads, watches}, return_when=asyncio.FIRST_COMPLETED)
            if not watches.done():
                await reads
            return await watches
        finally:
            await cancel_and_wait({reads, watches})

    async def _stored_session(self) -> StoredSession:
        stored = await self._parts.session(self._file.id)
        if stored is None or stored.state is SessionState.CANCELLED:
            raise GivenUp
        if stored.state is not SessionState.DONE and self._parts.revoked(stored.owner):
            raise Unauthorised(_REVOKED)
        return stored

    # -- reading -------------------------------------------------------------------------------------------

    async def _read_file(self, stored: StoredSession) -> None:
        parts = self._parts
        known = await parts.segments(stored.id)
        await self._attach(stored)
        track = await asyncio.to_thread(self._track)
        async with reading(self._path, parts.vad_folder, track=track) as frames:
            async for frame in frames:
                if isinstance(frame, MediaSegment):
                    await self._piece(stored, frame, known.get(frame.segment))
                elif isinstance(frame, MediaEnded):
                    await parts.ask(_whole(stored.id, frame.truncated))
        self._all_sent = True
        self.wake()

    async def _piece(self, stored: StoredSession, piece: MediaSegment, known: StoredSegment | None) -> None:
        planned = Planned(piece.segment, samples_to_ms(piece.at), len(piece.pcm) // BYTES_PER_SAMPLE)
        if known is None:
            await self._parts.ask(lambda store: store.plan(stored.id, (planned,), complete=False))
        elif (known.at_ms, known.samples) != (planned.at_ms, planned.samples):
            message = "the file yields other segments than before: submit it again, as a new session"
            raise MediaUnreadable(ErrorCode.CONFLICT, message)
        elif known.state is not SegmentState.PLANNED:
            return
        await self._parts.turn(self._file, piece.segment, planned.samples)
        attempt = known.attempt if known else 0
        identity = (stored.id, piece.segment, piece.pcm, planned.samples, attempt)
        job = Job(*identity, options=stored.options, gain_db=piece.gain_db)
        await self._send(stored, job)

    async def _send(self, stored: StoredSession, job: Job) -> None:
        while True:
            try:
                reply = await self._parts.jobs.submit(job)
            except BrokerBusy:
                await asyncio.sleep(RETRY_S)
                continue
            if isinstance(reply, SessionGone):
                await self._attach(stored)
                continue
            if isinstance(reply, Record):  # the segment ended before this process started
                self._parts.flow.ended(job.session, job.segment)
            self._sent.add(job.segment)
            return

    async def _attach(self, stored: StoredSession) -> None:
        feed = self._parts.feed(about(stored))
        await self._parts.jobs.attach(stored.id, stored.owner, resume=True, history=feed)

    # -- waiting for the end -------------------------------------------------------------------------------

    async def _until_ended(self) -> SessionState:
        while True:
            stored = await self._stored_session()
            if self._changed:
                raise RestartRun
            if self._all_sent and stored.state in (SessionState.DONE, SessionState.FAILED):
                return stored.state
            await self._check(stored)
            await is_set_within(self._woken, self._parts.look_s)
            self._woken.clear()

    async def _check(self, stored: StoredSession) -> None:
        """Check the segments that the broker holds. If the history lags behind, repair it from the broker."""
        flying = [segment for segment in self._parts.flow.flying(stored.id) if segment in self._sent]
        if flying:
            self._still = 0
            for segment, record in (await self._reread(flying)).segments.items():
                if record.end is not None:
                    self._parts.flow.ended(stored.id, segment)
                elif _is_lost(record, 0):
                    raise RestartRun
        elif self._all_sent:
            self._still += 1
            if self._still % _STILL_LOOKS == 0:
                await self._repair(stored)

    async def _repair(self, stored: StoredSession) -> None:
        known = await self._parts.segments(stored.id)
        open_ = [n for n, one in known.items() if one.state is SegmentState.PLANNED]
        if not open_:
            return
        log.warning(LogEvent.FILE_HISTORY_BEHIND, session=stored.id, segments=len(open_))
        reread = await self._reread(open_)
        if any(_is_lost(record, known[n].attempt) for n, record in reread.segments.items()):
            raise RestartRun
        whose = about(stored)
        now_ms = round(time.time() * 1000)
        entries = [
            FeedEntry(whose, stored.id, n, record.end.attempt, record.outcome, known[n].samples, now_ms)
            for n, record in reread.segments.items()
            if record.end is not None and record.outcome is not None
        ]
        await self._parts.ask(lambda store: store.record(entries))

    async def _reread(self, segments: list[int]) -> Reread:
        reread: Reread = await self._parts.jobs.reread(self._file.id, segments)
        if not reread.gateway:
            raise RestartRun
        return reread


def about(stored: StoredSession) -> SessionOwner:
    """Return the owner of a file's session, for the feed."""
    return SessionOwner(stored.owner, stored.device, stored.tenant, stored.client, SessionKind.FILE)


def _is_lost(record: Record, attempt: int) -> bool:
    """Return whether the broker knows neither this attempt nor a later one."""
    known = record.attempt
    return known is None or known < attempt


def _whole(id: str, truncated: bool) -> "Callable[[Store], bool]":
    return lambda store: store.plan(id, (), complete=True, truncated=truncated)


def _segments_after(id: str, last: int) -> "Callable[[Store], list[StoredSegment]]":
    return lambda store: store.segments(id, last, _PAGE)
