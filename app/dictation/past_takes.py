"""Show earlier takes, and recognise them on request.

Their texts are not inserted automatically.
"""

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Final
from uuid import UUID

from app.core.errors import AppError, Note
from app.core.problem_notes import note_of
from app.dictation.messages import NoteKey
from app.dictation.view import TakeView, state_of
from app.journal.errors import TakeUnknown
from app.journal.journal import Journal
from app.journal.library import Library, TakeFingerprint, TakeSnapshot, parse_session
from app.journal.retention import RetentionLimits
from app.journal.take import TakeState
from app.transcription.listening import DictationSetup
from app.transcription.pipeline import Watcher
from app.transcription.resending import Resender
from client.errors import GatewayError
from runtime import loggers
from runtime.event_names import LogEvent
from speech.errors import SpeechError

log = loggers.APP_EARLIER

HELD_S: Final = 24 * 3600.0
MOST_HELD_TAKES: Final = 20
"""Limit on takes of earlier runs whose held texts can be pasted; the rest stay in the history."""


class PastTakes:
    """The earlier takes of this user."""

    def __init__(self, library: Library, listener: DictationSetup) -> None:
        self._library = library
        self._known: dict[UUID, tuple[TakeFingerprint, TakeView | None]] = {}
        self._resender = Resender(listener.locate, listener.vad_folder, listener.settings, listener.rewrite)

    async def views(self, most: int, also: Collection[UUID] = ()) -> list[TakeView]:
        """Return the newest takes and those in ``also``, newest first, without takes that have no speech.

        Unchanged takes are not read again.
        """
        return await asyncio.to_thread(self._newest, most, frozenset(also))

    def _newest(self, most: int, also: frozenset[UUID]) -> list[TakeView]:
        known, self._known = self._known, {}
        views: list[TakeView] = []
        for session in self._library.newest():
            if len(views) >= most and session not in also:
                continue
            with suppress(TakeUnknown):  # deleted meanwhile
                before, stamp = known.get(session), self._library.stamp(session)
                view = before[1] if before and before[0] == stamp else view_of(self._library.find(session))
                self._known[session] = stamp, view
                if view is not None:
                    views.append(view)
        return views

    async def held(self, now_s: float) -> dict[UUID, dict[int, str]]:
        """Return the uninserted texts of the last day, from complete takes only, newest take first."""

        def recent() -> dict[UUID, dict[int, str]]:
            newest = (found for found in self._library.latest() if now_s - found.take.started_s < HELD_S)
            return {found.session: held_in(found) for found in islice(newest, MOST_HELD_TAKES) if held_in(found)}

        return await asyncio.to_thread(recent)

    async def held_of(self, session: UUID) -> dict[int, str]:
        """Return the uninserted texts of one take. Raises ``TakeUnknown``."""
        return held_in(await asyncio.to_thread(self._library.find, session))

    async def sweep(self, limits: RetentionLimits) -> None:
        """Delete the takes that exceed these limits."""
        await asyncio.to_thread(self._library.sweep, time.time(), limits)

    async def recover(self, session: str) -> Note | None:
        """Recognise a take's missing segments for the history.

        Return a note if this failed or the take is damaged.
        """
        try:
            journal = await asyncio.to_thread(self._library.reopen, parse_session(session))
            try:
                await self._resender.resend(journal, _Nobody())
            finally:
                await asyncio.shield(asyncio.to_thread(_close, journal))
            if damage := journal.take.damage:
                return Note(NoteKey.RECORDING_DAMAGED, {"place": damage[0].place})
        except (AppError, GatewayError, SpeechError) as error:
            return Note(NoteKey.RECORDING_KEPT, reason=note_of(error))
        return None


def view_of(found: TakeSnapshot) -> TakeView | None:
    """Return a take as the user sees it, or ``None`` if it has no speech."""
    if found.state is TakeState.EMPTY:
        return None
    held, take = len(held_in(found)), found.take
    state = state_of(found.state, cancelled=take.cancelled)
    told = TakeView(str(found.session), take.started_s, found.seconds, state, found.text)
    return replace(told, held=held, partly=found.partly)


def held_in(found: TakeSnapshot) -> dict[int, str]:
    """Return a take's held texts, or none of a take cut off by a crash: its texts go to the history."""
    complete = found.state in (TakeState.HELD, TakeState.FAILED)
    return found.take.held if complete else {}


def _close(journal: Journal) -> None:
    try:
        journal.close()
    except AppError as error:
        log.warning(LogEvent.TAKE_CLOSE_FAILED, reason=str(error))


class _Nobody(Watcher):
    """Watcher that ignores progress, because the result is in the journal."""
