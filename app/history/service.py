"""Serve the history to a window in another thread: actions in, values out.

    async with HistoryService(history, post, models) as service:
        service.ask(SearchHistory("天气", 1))    # ``post`` gets ``HistoryList``, then requested ``HistoryRows``

Only the newest search is answered, and only the newest few requests for rows. The details of the open take are
posted again when they change.
"""

import asyncio
from array import array
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from datetime import date
from typing import Final, Self
from uuid import UUID

from app.capture.desktop_sound import sound_system
from app.core.errors import AppError, Note
from app.core.problem_notes import note_of
from app.history.export import Exports
from app.history.history import History, IndexState
from app.history.index import days_of
from app.history.player import Output, Player
from app.history.rerecognition import RerecognitionQueue
from app.history.take_details import TakeDetailsPublisher
from app.history.view import (
    MOST_WAITING,
    UNDO_S,
    DeleteTakes,
    EditStored,
    EditTake,
    ExportTakes,
    FollowTake,
    HistoryAction,
    HistoryList,
    HistoryMessage,
    HistoryModels,
    HistoryRows,
    HistoryValue,
    ModelsWanted,
    PausePlaying,
    PlayAction,
    PlayTake,
    RecogniseAgain,
    RestoreTakes,
    RowsWanted,
    SearchHistory,
    SeekTake,
    StopExporting,
    StopPlaying,
    StopRecognising,
)
from app.journal.errors import DiskRefuses, TakeBusy
from client.errors import GatewayError
from runtime.tasks import Tasks

MOST_ROWS: Final = 200
_CLOSE_S: Final = 5.0
_AGAIN_S: Final = 1.0
_LATE_S: Final = 1.0
"""Delay of a final deletion beyond the time that the window shows."""

Models = Callable[[], Awaitable[tuple[str, ...]]]


class HistoryService:
    """Service for the page of the history, on the app's event loop; ``post`` must not block.

    ``models``: returns the loaded models; raises ``GatewayError``. ``output``: plays takes. ``undo_s``: how long
    deleted takes can be restored.
    """

    def __init__(
        self,
        history: History,
        post: Callable[[HistoryValue], None],
        models: Models,
        output: Output | None = None,
        undo_s: float = UNDO_S + _LATE_S,
    ) -> None:
        self._history, self._post, self._models, self._undo_s = history, post, models, undo_s
        self._hidden: frozenset[int] = frozenset()
        self._edits: dict[UUID, EditTake] = {}  # the newest unstored edit of each take
        self._storing = asyncio.Lock()  # in order: no edit may replace a newer one
        self._undo: asyncio.Future[bool] | None = None
        self._details = TakeDetailsPublisher(history.take, post, self._post_failure)
        self._queue = RerecognitionQueue(history.rerun, post, self._details.add_run)
        self._player = Player(history.take, output or sound_system().ports, post)
        self._tasks = Tasks("history-window")
        self._running: set[asyncio.Task[None]] = set()
        self._exports = Exports(history.export, post)
        self._wake = asyncio.Event()
        self._search: SearchHistory | None = None
        self._answered: tuple[SearchHistory | None, int] = (None, -1)
        self._keys: array[int] = array("q")
        self._days: tuple[tuple[date, int], ...] = ()
        self._problem: Note | None = None
        self._kept = AsyncExitStack()
        self._posted: HistoryList | None = None
        self._wanted: deque[RowsWanted] = deque(maxlen=MOST_WAITING)
        self._end: Callable[[], None] = lambda: None
        self.edited: Callable[[], None] = lambda: None  # called after each edit of a text
        self.deleted: Callable[[Collection[UUID]], None] = lambda sessions: None

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            for part in (self._details, self._queue, self._player):
                await opening.enter_async_context(part)
            self._kept = opening.pop_all()
        self._end = self._history.follow(self._index_changed)
        self._tasks.keep(self._serve, "lists")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Complete requested actions within a few seconds, because the last one may be an edit."""
        self._end()
        self.deleted = lambda sessions: None  # the app is ending and offers no more texts
        self._settle_deletion(restored=False)
        await self._kept.aclose()
        if self._running:
            await asyncio.wait(self._running, timeout=_CLOSE_S)
        await self._tasks.close()

    def ask(self, action: HistoryAction) -> None:
        """Start an action; returns at once."""
        match action:
            case SearchHistory():
                self._search = action
                self._wake.set()
            case RowsWanted():
                if action in self._wanted:  # a duplicate would push out another request
                    self._wanted.remove(action)
                self._wanted.append(action)
                self._wake.set()
            case PlayTake() | SeekTake() | PausePlaying() | StopPlaying():
                self._play(action)
            case FollowTake():
                self._details.follow(action)
            case RecogniseAgain() | StopRecognising():
                self._recognise(action)
            case RestoreTakes():
                self._settle_deletion(restored=True)
            case StopExporting():
                self._exports.stop()
            case EditTake() | DeleteTakes() | ExportTakes() | ModelsWanted():
                task = self._tasks.start(self._run_and_report(self._perform(action)), "work")
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    def _perform(self, action: EditTake | DeleteTakes | ExportTakes | ModelsWanted) -> Awaitable[None]:
        match action:
            case EditTake():
                return self._edit(action)
            case DeleteTakes():
                return self._delete(action)
            case ExportTakes():
                return self._exports.run(action)
            case ModelsWanted():
                return self._list_models()

    async def _run_and_report(self, work: Awaitable[None]) -> None:
        """Perform an action and report its failure."""
        try:
            await work
        except AppError as error:
            self._post_failure(note_of(error))
        except GatewayError as error:
            self._post(HistoryModels(note=note_of(error)))

    def block_playback(self, on: bool) -> None:
        """Block playback while dictation records."""
        self._player.block(on)

    def _play(self, action: PlayAction) -> None:
        match action:
            case PlayTake(session, ms):
                self._player.play(session, ms)
            case SeekTake(session, ms):
                self._player.seek(session, ms)
            case PausePlaying():
                self._player.pause()
            case StopPlaying():
                self._player.stop()

    def _recognise(self, action: RecogniseAgain | StopRecognising) -> None:
        match action:
            case RecogniseAgain(session, options):
                self._queue.ask(session, options)
            case StopRecognising(session):
                self._queue.stop(session)

    def _index_changed(self, index: IndexState) -> None:
        self._details.publish_if_changed()
        if self._search is not None:
            self._wake.set()

    # -- lists and rows ------------------------------------------------------------------------------------

    async def _serve(self) -> None:
        """Answer the newest search, then the newest request for rows, repeatedly."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._list()
                if self._wanted:
                    await self._rows(self._wanted.pop())
            except AppError as error:
                self._problem = note_of(error)
                self._refresh()
            if self._wanted:
                self._wake.set()

    async def _list(self) -> None:
        """Post the list if the search or the history's state has changed."""
        search, index = self._search, self._history.index
        if search is None:
            return
        if self._answered != (search, index.version):
            self._answered = search, index.version  # set even if the search fails: the next change retries
            found = await self._history.keys(search.query, unfinished=search.unfinished)
            keys = array("q", (key for key in found if key not in self._hidden)) if self._hidden else found
            if search is not self._search:
                return self._wake.set()
            self._keys, self._days, self._problem = keys, days_of(keys), None
        self._refresh()

    def _refresh(self) -> None:
        if self._search is not None:
            search, index, version = self._search, self._history.index, self._answered[1]
            read = self._problem or _problem(index), index.done, index.total, version
            made = HistoryList(search.serial, search.query, self._keys, *read, self._days)
            if made != self._posted:
                self._posted = made
                self._post(made)

    async def _rows(self, wanted: RowsWanted) -> None:
        """Post rows, unless the search or the list has changed; then the window requests them again."""
        if self._search is None or wanted.serial != self._search.serial:
            return
        answered = self._answered
        keys = self._keys[wanted.start : wanted.start + min(wanted.count, MOST_ROWS)]
        rows = {row.key: row for row in await self._history.rows(keys)}
        if answered == self._answered:
            self._post(HistoryRows(wanted.serial, wanted.start, tuple(rows.get(key) for key in keys)))

    # -- actions of the user --------------------------------------------------------------------------------

    async def _edit(self, action: EditTake) -> None:
        """Store an edit; while the take is in use or the disk full, retry each second until a newer edit comes."""
        self._edits[action.session], told = action, False
        while self._edits.get(action.session) is action:
            try:
                async with self._storing:
                    revision = await self._history.edit(action.session, action.text, action.seen)
            except (TakeBusy, DiskRefuses) as error:
                if not told and isinstance(error, DiskRefuses):
                    self._post_failure(note_of(error))
                elif not told:
                    self._post(HistoryMessage(Note("history.note.edit-waits")))
                told = await asyncio.sleep(_AGAIN_S, result=True)
            else:
                self.edited()
                self._post(EditStored(action.session, action.text, revision))
                if self._edits.get(action.session) is action:  # not replaced while it was stored
                    del self._edits[action.session]
                return

    async def _list_models(self) -> None:
        self._post(HistoryModels(await self._models()))

    def _delete(self, action: DeleteTakes) -> Awaitable[None]:
        """Hide takes at once, before any later action, and return a coroutine that deletes them."""
        self._settle_deletion(restored=False)  # only the last deletion can be undone
        self._undo = asyncio.get_running_loop().create_future()
        self._hide(self._hidden | action.keys)
        return self._delete_unless(self._undo, action)

    async def _delete_unless(self, undo: "asyncio.Future[bool]", action: DeleteTakes) -> None:
        """Delete takes once the user can no longer restore them; list those again that could not be deleted."""
        try:
            await asyncio.wait({undo}, timeout=self._undo_s)
            if undo.cancel() or not undo.result():
                refused = await self._history.delete(action.sessions)
                self.deleted(set(action.sessions) - set(refused))
                for error in list(refused.values())[:1]:
                    self._post_failure(note_of(error))
        finally:
            self._hide(self._hidden - action.keys)

    def _settle_deletion(self, *, restored: bool) -> None:
        """Restore the takes that were deleted last, or make their deletion final."""
        if self._undo is not None and not self._undo.done():
            self._undo.set_result(restored)

    def _hide(self, keys: frozenset[int]) -> None:
        self._hidden, self._answered = keys, (None, -1)
        self._wake.set()

    def _post_failure(self, reason: Note) -> None:
        self._post(HistoryMessage(Note("history.note.not-done", reason=reason)))


def _problem(index: IndexState) -> Note | None:
    """Return why the list may be incomplete."""
    if index.not_kept:
        return Note("history-not-kept", {"count": str(index.not_kept)})
    return Note("history-index") if index.problem else None
