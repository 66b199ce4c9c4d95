"""List recordings, and settle the held texts of finished ones.

Journals describe each recording. For held texts of this run, the state machine is more up to date.
Earlier takes are recognised on request, and their texts are not inserted automatically.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Final
from uuid import UUID

from app.core.errors import AppError, Note, UsageMistake
from app.core.problem_notes import note_of
from app.dictation.actions import HeldAction
from app.dictation.delivery_log import DeliveryLog
from app.dictation.insertion_queue import SegmentId
from app.dictation.messages import Event, HeldBefore, SettleTake
from app.dictation.state_machine import Dictation
from app.dictation.view import TakeView
from app.journal.async_journal import opened_in_thread
from app.journal.disk import is_locked
from app.journal.errors import TakeUnknown
from app.journal.journal import Journal
from app.journal.library import Library, TakeSnapshot, TakeStamp, parse_session
from app.journal.retention import HELD_S, RetentionLimits
from app.journal.take import TakeState
from app.transcription.listening import DictationSetup
from app.transcription.pipeline import TranscriptionObserver
from app.transcription.resending import Resender
from client.errors import GatewayError
from protocol.recognition import Options
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import complete
from speech.errors import SpeechError

log = loggers.APP_EARLIER

LAST_TAKES: Final = 20
MOST_HELD_TAKES: Final = 20
"""Limit on takes of earlier runs whose held texts can be pasted; the rest stay in the history."""


class PastTakes:
    """The earlier takes of this user. ``current``: the options in effect now, with which they are recovered.

    ``sharing``: returns a context in which others may use a journal, too.
    """

    def __init__(
        self,
        library: Library,
        setup: DictationSetup,
        current: Callable[[], Options] | None = None,
        sharing: Callable[[Journal], AbstractAsyncContextManager[object]] = nullcontext,
    ) -> None:
        self._library, self._sharing = library, sharing
        self._known: dict[UUID, tuple[tuple[TakeStamp, bool], TakeView | None]] = {}
        self._resender = Resender(setup.locate, setup.vad_folder, setup.settings, setup.rewrite, current)

    async def views(self, most: int, also: Collection[UUID] = ()) -> list[TakeView]:
        """Return the newest takes and those in ``also``, newest first, without takes that have no speech.

        Unchanged takes are not read again.
        """
        return await asyncio.to_thread(self._newest, most, frozenset(also))

    def _newest(self, most: int, also: frozenset[UUID]) -> list[TakeView]:
        known, self._known = self._known, {}
        views: list[TakeView] = []
        for session in self._library.newest_sessions():
            if len(views) >= most and session not in also:
                continue
            with suppress(TakeUnknown):  # the take has been deleted
                before = known.get(session)
                stamp = self._library.stamp(session), is_locked(self._library.root / str(session))
                view = before[1] if before and before[0] == stamp else view_of(self._library.find(session))
                if view is None or view.state is not TakeState.LIVE:  # the lock may have been taken for a moment
                    self._known[session] = stamp, view
                if view is not None:
                    views.append(view)
        return views

    async def held_texts(self, now_s: float) -> dict[UUID, dict[int, str]]:
        """Return the uninserted texts of the last day, from complete takes only, newest take first."""

        def recent() -> dict[UUID, dict[int, str]]:
            newest = (found for found in self._library.newest_takes() if now_s - found.take.started_s < HELD_S)
            return {found.session: held_in(found) for found in islice(newest, MOST_HELD_TAKES) if held_in(found)}

        return await asyncio.to_thread(recent)

    async def held_texts_of(self, session: UUID) -> dict[int, str]:
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
            journal = await opened_in_thread(partial(self._library.reopen, parse_session(session)))
            try:
                async with self._sharing(journal):  # its texts may be pasted at the same time
                    await self._resender.resend(journal, TranscriptionObserver())
            finally:
                await complete(asyncio.to_thread(_close, journal))
            if damage := journal.take.damage:
                return Note("recording-damaged", {"place": damage[0].place})
        except (AppError, GatewayError, SpeechError) as error:
            return Note("recording-kept", reason=note_of(error))
        return None


def view_of(found: TakeSnapshot) -> TakeView | None:
    """Return a take as the user sees it, or ``None`` if it has no speech."""
    if found.state is TakeState.EMPTY:
        return None
    held = held_in(found)
    doubted = tuple(dict.fromkeys(name for n, name in found.take.doubted.items() if n in held))
    session, started_s = str(found.session), found.take.started_s
    return TakeView(session, started_s, found.seconds, found.state, found.text, len(held), doubted)


def held_in(found: TakeSnapshot) -> dict[int, str]:
    """Return a take's held texts that are offered; none while a process works on the take."""
    return {} if found.state is TakeState.LIVE else found.take.offered(found.samples)


def _close(journal: Journal) -> None:
    try:
        journal.close()
    except AppError as error:
        log.warning(LogEvent.TAKE_CLOSE_FAILED, reason=str(error))


class Recordings:
    """The recordings that windows list, with their held texts as ``machine`` and ``deliveries`` know them.

    ``handle`` receives events. ``until_recorded`` waits until the outcome of texts is on disk.
    """

    def __init__(
        self,
        earlier: PastTakes,
        machine: Dictation,
        deliveries: DeliveryLog,
        handle: Callable[[Event], None],
        until_recorded: Callable[[], Awaitable[None]],
    ) -> None:
        self._earlier = earlier
        self._machine = machine
        self._deliveries = deliveries
        self._handle = handle
        self._until_recorded = until_recorded

    async def views(self, most: int = LAST_TAKES) -> list[TakeView]:
        """Return the newest recordings and those with held text, newest first."""
        held = (self._deliveries.session(take) for take in self._machine.holding)
        return [self._now(view) for view in await self._earlier.views(most, [one for one in held if one])]

    async def hold_again(self) -> None:
        """Offer the texts that were held when the app last ended."""
        texts = dict[SegmentId, str]()
        for session, held in (await self._earlier.held_texts(time.time())).items():
            if (take := self._deliveries.number_earlier(session)) <= 0:  # otherwise the take belongs to this run
                texts |= _pieces(take, held)
        self._handle(HeldBefore(texts))

    async def settle(self, session: str, how: HeldAction) -> None:
        """Paste, copy or dismiss the held texts of one recording, of this run or an earlier one.

        Raises ``TakeUnknown``, or ``UsageMistake`` if the recording has no held text.
        """
        known = parse_session(session)
        take = self._deliveries.number(known)
        if take is None or (take <= 0 and take not in self._machine.holding):
            await self._until_recorded()  # otherwise texts just pasted would be read as held
            if texts := await self._earlier.held_texts_of(known):  # none of a recording that is just beginning
                take = self._deliveries.number_earlier(known)
                self._handle(HeldBefore(_pieces(take, texts)))
        if take is None or take not in self._machine.holding:
            raise UsageMistake(f"{session} has no text to paste: `kikipounamu takes list` shows what has")
        self._handle(SettleTake(take, how))

    def forget(self, deleted: Collection[UUID]) -> None:
        """Dismiss the held texts of recordings that were deleted."""
        for take in self._machine.holding:
            if self._deliveries.session(take) in deleted:
                self._handle(SettleTake(take, HeldAction.DISMISS))

    def _now(self, view: TakeView) -> TakeView:
        take = self._deliveries.number(UUID(view.session))
        return view if take is None else replace(view, held=self._machine.held_of(take))


def _pieces(take: int, texts: dict[int, str]) -> dict[SegmentId, str]:
    return {SegmentId(take, segment): text for segment, text in texts.items()}
