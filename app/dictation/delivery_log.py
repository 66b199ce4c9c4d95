"""Record the outcome of each text in the journal of its take, in order of occurrence.

A journal stays open from the beginning of its take until no more of it is inserted automatically. It is reopened
when a held text is pasted later. Disk access runs in threads.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final
from uuid import UUID

from app.core.segment_observer import Observe, SegmentEvent, SegmentStep, ignore
from app.dictation.edited_text import edited_text
from app.dictation.insertion_queue import SegmentId
from app.journal.async_journal import opened_in_thread
from app.journal.disk import is_locked
from app.journal.errors import JournalError, TakeUnknown
from app.journal.journal import Journal
from app.journal.library import Library
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import complete

log = loggers.APP_LEDGER

Record = Callable[[Journal, int], None]
Work = Callable[[Journal], None]

_MOST_OWED: Final = 1_000
_AGAIN_S: Final = 1.0


class DeliveryLog:
    """The journals of one run of the app.

    ``observe`` is called before anything is on disk.
    """

    def __init__(self, library: Library, observe: Observe = ignore) -> None:
        self._library = library
        self._observe = observe
        self._sessions: dict[int, UUID] = {}
        self._journals: dict[int, Journal] = {}
        self._shared: dict[UUID, Journal] = {}  # open in another task of this process
        self._cancelled: set[int] = set()  # takes cancelled before their journal was open
        self._owed: dict[int, list[Work]] = {}  # by take: records that its journal has not accepted yet
        self._in_memory: dict[int, list[Work]] = {}  # records that a read-only disk did not take
        self._refused = asyncio.Event()  # set while anything is owed
        self._writing = threading.Lock()
        self._lock = asyncio.Lock()  # keeps the order of records
        self._closing: set[asyncio.Future[bool]] = set()

    async def add(self, take: int, journal: Journal) -> None:
        """Register a take's journal, which this log closes from now on.

        A pending cancellation is recorded in it.
        """
        self._sessions[take] = journal.session
        self._journals[take] = journal
        if take in self._cancelled:
            await self.cancel(take)

    def number_earlier(self, session: UUID) -> int:
        """Return the number of a take of an earlier run.

        Such numbers count from 0 downwards, so none is used in this run.
        """
        if (known := self.number(session)) is not None:
            return known
        take = min(1, *self._sessions) - 1 if self._sessions else 0
        self._sessions[take] = session
        return take

    def number(self, session: UUID) -> int | None:
        """Return the number of a take, or ``None`` if it has none in this run."""
        return next((take for take, known in self._sessions.items() if known == session), None)

    def session(self, take: int) -> UUID | None:
        """Return the session of the take with this number."""
        return self._sessions.get(take)

    async def inserting(self, pieces: tuple[SegmentId, ...], program: str = "") -> bool:
        """Record that these pieces are about to be inserted into this program, and may be at its cursor.

        Return True if the record is on disk, or if a restart would not offer their texts anyway.
        """
        await self._record(pieces, lambda journal, segment: journal.inserting(segment, program))
        if any(piece.take in self._owed for piece in pieces):
            return False
        in_memory = [
            piece for piece in pieces if (journal := self._journals.get(piece.take)) and not journal.saved
        ]
        return not any([await self._is_offered(piece) for piece in in_memory])

    async def _is_offered(self, piece: SegmentId) -> bool:
        """Return whether a restart may offer a text: a read-only disk has the text, but no outcome."""
        try:
            found = await asyncio.to_thread(self._library.find, self._sessions[piece.take])
        except (TakeUnknown, KeyError):  # the take has been deleted
            return False
        except JournalError:  # its disk is gone, and may come back
            return True
        return piece.segment in found.take.offered(found.samples)

    async def record_held(self, pieces: tuple[SegmentId, ...], rest: str = "") -> None:
        """Record that these pieces, or only their ``rest``, are held.

        Like ``inserting``: they are not inserted automatically later.
        """
        self._notify(SegmentStep.HELD, pieces)
        await self._record(pieces, partial(_record_held, rest))

    async def record_missing(self, pieces: tuple[SegmentId, ...]) -> None:
        """Record that these pieces, which were to be inserted, certainly did not arrive."""
        await self._record(pieces, Journal.record_missing)

    async def record_inserted(self, pieces: tuple[SegmentId, ...]) -> None:
        """Record that these pieces were inserted."""
        self._notify(SegmentStep.INSERTED, pieces)
        await self._record(pieces, Journal.record_inserted)

    async def record_dismissed(self, pieces: tuple[SegmentId, ...]) -> None:
        """Record that these pieces were dismissed and only stay in the history."""
        await self._record(pieces, Journal.record_dismissed)

    async def edited_text(self, pieces: Iterable[SegmentId], texts: Iterable[str]) -> str | None:
        """Return the user's edit of these held texts of one take; ``None`` if there is none."""
        held = dict(zip(pieces, texts, strict=True))
        if (session := self._sessions.get(next(iter(held)).take)) is None:
            return None
        try:
            found = await asyncio.to_thread(self._library.find, session)
        except JournalError:  # the take has been deleted, or its disk is gone: paste what is known
            return None
        return edited_text(found, {piece.segment: text for piece, text in held.items()})

    async def cancel(self, take: int) -> None:
        """Record that the user cancelled the take: its texts only stay in the history."""
        self._notify_of_take(SegmentStep.CANCELLED, take)
        async with self._lock:
            if take not in self._sessions:
                self._cancelled.add(take)
            await self._record_in(take, Journal.cancel)

    async def close(self, take: int) -> None:
        """Close a take's journal, because no more is inserted automatically. Safe to call twice."""
        self._notify_of_take(SegmentStep.CLOSED, take)
        async with self._lock:
            await self._retry_take(take)
            complete = await self._close(take)
        if not complete:
            self._notify_of_take(SegmentStep.NOT_KEPT, take)

    async def discard(self, take: int) -> None:
        """Delete the take and its journal."""
        self._notify_of_take(SegmentStep.DISCARDED, take)
        async with self._lock:
            await self._close(take)
            self._owed.pop(take, None)
            if session := self._sessions.pop(take, None):
                await asyncio.to_thread(self._library.discard, session)

    async def close_all(self) -> None:
        """Close every journal because the app ends."""
        async with self._lock:
            for take in list(self._owed):
                await self._retry_take(take)
            for take in list(self._journals):
                await self._close(take)
        if self._closing:  # for callers that were cancelled while they waited
            await asyncio.wait(self._closing)

    @asynccontextmanager
    async def sharing(self, journal: Journal) -> AsyncIterator[None]:
        """Write to a journal that another task has open, until the context ends: it cannot be opened twice."""
        self._shared[journal.session] = journal
        try:
            yield
        finally:
            await complete(self._unshare(journal.session))

    async def _unshare(self, session: UUID) -> None:
        async with self._lock:
            del self._shared[session]

    async def retry_refused(self) -> None:
        """Retry refused records every second, because a crash would lose them; never return.

        Skip a take in use: an attempt to open it takes 0.2 s, during which no other text can be recorded.
        """
        while True:
            await self._refused.wait()
            await asyncio.sleep(_AGAIN_S)
            for take in list(self._owed):
                if await self._is_free(take):
                    async with self._lock:
                        await self._retry_take(take)
            if not self._owed:
                self._refused.clear()

    def _open(self, take: int) -> Journal | None:
        return self._journals.get(take) or self._shared.get(self._sessions[take])

    async def _is_free(self, take: int) -> bool:
        """Return whether the journal of a take can be written at once."""
        if (session := self._sessions.get(take)) is None:  # the take has been discarded
            return False
        folder = self._library.root / str(session)
        return self._open(take) is not None or not await asyncio.to_thread(is_locked, folder)

    def _notify(self, step: SegmentStep, pieces: tuple[SegmentId, ...]) -> None:
        for piece in pieces:
            if session := self._sessions.get(piece.take):
                self._observe(SegmentEvent(step, session, piece.segment))

    def _notify_of_take(self, step: SegmentStep, take: int) -> None:
        if session := self._sessions.get(take):
            self._observe(SegmentEvent(step, session))

    async def _record(self, pieces: tuple[SegmentId, ...], record: Record) -> None:
        async with self._lock:
            for take in dict.fromkeys(piece.take for piece in pieces):
                segments = [piece.segment for piece in pieces if piece.take == take]
                await self._record_in(take, partial(_record_each, segments, record))

    async def _record_in(self, take: int, work: Work) -> None:
        """Write to a take's journal.

        After an error, such as a full disk or a take in use, the record is owed.
        """
        if take in self._sessions:
            self._owed.setdefault(take, []).append(work)
            await self._retry_take(take)

    async def _retry_take(self, take: int) -> None:
        if take not in self._owed:
            return
        try:
            await self._write(take)
        except JournalError as error:
            if not self._refused.is_set():
                log.warning(LogEvent.TEXT_OUTCOME_NOT_KEPT, reason=str(error))
            self._refused.set()
            del self._owed[take][:-_MOST_OWED]
        else:
            if not self._owed[take]:
                del self._owed[take]

    async def _write(self, take: int) -> None:
        """Write what the journal of a take is owed, in order. Raises ``JournalError``."""
        journal, reopened, owed = self._open(take), None, tuple(self._owed[take])
        try:
            if journal is None:
                opening = partial(self._library.reopen, self._sessions[take])
                journal = reopened = await opened_in_thread(opening)
            await asyncio.shield(asyncio.to_thread(self._write_all, self._owed[take], journal))
        except TakeUnknown:  # the take has been deleted
            self._owed[take].clear()
        finally:
            if journal is not None and not journal.saved:
                self._in_memory.setdefault(take, []).extend(owed[: len(owed) - len(self._owed[take])])
            if reopened is not None:
                self._note_closed(take, complete=await self._close_journal(reopened))

    def _write_all(self, owed: list[Work], journal: Journal) -> None:
        """Write records to a journal, in a thread and in order; keep those that it refuses."""
        with self._writing:  # a caller that was cancelled leaves its thread behind
            while owed:
                work = owed.pop(0)
                try:
                    work(journal)
                except JournalError:
                    owed.insert(0, work)
                    raise

    async def _close(self, take: int) -> bool:
        """Close a journal; return whether all speech in it is on disk."""
        self._cancelled.discard(take)
        journal = self._journals.pop(take, None)
        complete = journal is None or await self._close_journal(journal)
        self._note_closed(take, complete=complete)
        return complete

    def _note_closed(self, take: int, *, complete: bool) -> None:
        """Owe a journal again what only its memory had when it was closed: the disk may be repaired."""
        if (lost := self._in_memory.pop(take, [])) and not complete:
            self._owed[take] = [*lost, *self._owed.get(take, ())][-_MOST_OWED:]
            self._refused.set()

    async def _close_journal(self, journal: Journal) -> bool:
        """Close a journal, even if the caller is cancelled; return whether all speech in it is on disk."""
        closing = asyncio.ensure_future(asyncio.to_thread(_closed, journal))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        return await asyncio.shield(closing)


def _record_each(segments: list[int], record: Record, journal: Journal) -> None:
    for segment in segments:
        if segment in journal.take.segments:  # not if a disk that had become read-only has lost it
            record(journal, segment)


def _record_held(rest: str, journal: Journal, segment: int) -> None:
    if rest:
        journal.inserting(segment, rest=rest)
    elif not journal.take.segments[segment].inserting:
        journal.record_missing(segment)


def _closed(journal: Journal) -> bool:
    try:
        journal.close()
    except JournalError:  # errors of writing were already reported
        return not journal.take.segments
    return True
