"""What becomes of texts, noted in the journals of their takes, in the order in which it happened.

A journal stays open from the take's beginning until nothing more of it is inserted by itself; for a held text that
is pasted later it is opened again. Waiting for the disk happens in threads.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from uuid import UUID

import structlog

from app.capture.async_journal import AsyncJournal
from app.capture.errors import JournalError
from app.capture.journal import Journal
from app.capture.library import Library
from app.spoken_order import Piece
from app.witness import NOBODY, Witness
from runtime import logger_names

log = structlog.get_logger(logger_names.APP_LEDGER)

Note = Callable[[AsyncJournal, int], Awaitable[None]]


class Ledger:
    """The journals of one run of the app; ``witness`` is told at once, before anything is on disk."""

    def __init__(self, library: Library, witness: Witness = NOBODY) -> None:
        self._library = library
        self._witness = witness
        self._sessions: dict[int, UUID] = {}
        self._journals: dict[int, Journal] = {}
        self._given_up: set[int] = set()  # before they had a journal
        self._lock = asyncio.Lock()  # first come, first noted

    async def opened(self, take: int, journal: Journal) -> None:
        """The journal of a take, from now on closed here. What was given up meanwhile is noted in it."""
        self._sessions[take] = journal.session
        self._journals[take] = journal
        if take in self._given_up:
            await self.give_up(take)

    def earlier(self, session: UUID) -> int:
        """Return the number of a take of an earlier run: from 0 downwards, as none of this run has it."""
        if (known := self.number(session)) is not None:
            return known
        take = min(1, *self._sessions) - 1 if self._sessions else 0
        self._sessions[take] = session
        return take

    def number(self, session: UUID) -> int | None:
        """Return the number of a take; ``None``: it has none in this run."""
        return next((take for take, known in self._sessions.items() if known == session), None)

    def session(self, take: int) -> UUID | None:
        """Return whose take has this number."""
        return self._sessions.get(take)

    async def inserting(self, pieces: tuple[Piece, ...]) -> None:
        """From now on they may be where the cursor is."""
        await self._note(pieces, lambda journal, segment: journal.inserting(segment))

    async def held(self, pieces: tuple[Piece, ...]) -> None:
        """As ``inserting``: none of them is inserted by itself later."""
        self._witnessed(pieces, self._witness.held)
        await self.inserting(pieces)

    async def inserted(self, pieces: tuple[Piece, ...]) -> None:
        """They arrived."""
        self._witnessed(pieces, self._witness.inserted)
        await self._note(pieces, lambda journal, segment: journal.inserted(segment))

    async def dismissed(self, pieces: tuple[Piece, ...]) -> None:
        """They are wanted in the history alone."""
        await self._note(pieces, lambda journal, segment: journal.dismissed(segment))

    async def give_up(self, take: int) -> None:
        """Note that the user gave the take up: its texts are for the history alone."""
        if known := self._sessions.get(take):
            self._witness.cancelled(known)
        async with self._lock:
            if take not in self._sessions:
                self._given_up.add(take)
            await self._note_in(take, lambda journal: journal.cancel())

    async def close(self, take: int) -> None:
        """Nothing more of it is inserted by itself. Safe to call twice."""
        if session := self._sessions.get(take):
            self._witness.closed(session)
        async with self._lock:
            await self._close(take)

    async def discard(self, take: int) -> None:
        """The take never was."""
        if known := self._sessions.get(take):
            self._witness.discarded(known)
        async with self._lock:
            await self._close(take)
            if session := self._sessions.pop(take, None):
                await asyncio.to_thread(self._library.discard, session)

    async def close_all(self) -> None:
        """The app ends."""
        async with self._lock:
            for take in list(self._journals):
                await self._close(take)

    def _witnessed(self, pieces: tuple[Piece, ...], told: Callable[[UUID, int], None]) -> None:
        for piece in pieces:
            if session := self._sessions.get(piece.take):
                told(session, piece.segment)

    async def _note(self, pieces: tuple[Piece, ...], note: Note) -> None:
        async with self._lock:
            for take in dict.fromkeys(piece.take for piece in pieces):
                segments = [piece.segment for piece in pieces if piece.take == take]
                await self._note_in(take, partial(_note_each, segments, note))

    async def _note_in(self, take: int, work: Callable[[AsyncJournal], Awaitable[None]]) -> None:
        """A disk that takes nothing keeps no text from its place: it is recognised, and typed by nobody else."""
        journal, opened = self._journals.get(take), None
        try:
            if journal is None:
                if (session := self._sessions.get(take)) is None:
                    return
                journal = opened = await asyncio.to_thread(self._library.reopen, session)
            await work(AsyncJournal(journal))
        except JournalError as error:
            log.warning("what became of a text is not noted", reason=str(error))
        finally:
            if opened is not None:
                await asyncio.shield(asyncio.to_thread(_closed, opened))

    async def _close(self, take: int) -> None:
        self._given_up.discard(take)
        if journal := self._journals.pop(take, None):
            await asyncio.shield(asyncio.to_thread(_closed, journal))


async def _note_each(segments: list[int], note: Note, journal: AsyncJournal) -> None:
    for segment in segments:
        await note(journal, segment)


def _closed(journal: Journal) -> None:
    with suppress(JournalError):  # what it could not write it has told while it was written
        journal.close()
