"""The history for a window in another thread: actions in, values out.

    async with Serving(history, post) as serving:
        serving.ask(SearchHistory("天气", 1))    # ``post`` gets a ``HistoryList``, then ``HistoryRows`` as wanted

Of searches only the newest is answered, of rows the newest few.
"""

import asyncio
from array import array
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final, Self

from app.errors import AppError
from app.history.actions import (
    MOST_WAITING,
    DeleteTakes,
    EditTake,
    ExportTakes,
    HistoryAction,
    RowsWanted,
    SearchHistory,
)
from app.history.history import History, Shelf
from app.history.view import HistoryList, HistoryNote, HistoryRows, HistoryTold, HistoryValue
from app.view import Note
from runtime.tasks import Tasks

MOST_ROWS: Final = 200
_NAMED: Final = 3
_CLOSE_S: Final = 5.0


class Serving:
    """Everything here belongs to the loop of the history; ``post`` must not wait."""

    def __init__(self, history: History, post: Callable[[HistoryValue], None]) -> None:
        self._history, self._post = history, post
        self._tasks = Tasks("history-window")
        self._doing: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._search: SearchHistory | None = None
        self._answered: tuple[SearchHistory | None, int] = (None, -1)
        self._keys: array[int] = array("q")
        self._problem = ""
        self._told: HistoryList | None = None
        self._wanted: deque[RowsWanted] = deque(maxlen=MOST_WAITING)
        self._end: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Self:
        self._end = self._history.follow(self._changed)
        self._tasks.start(self._serve(), "lists")
        return self

    async def __aexit__(self, *_: object) -> None:
        """What was asked is done first, for some seconds: an edit may be the last thing before the app ends."""
        self._end()
        if self._doing:
            await asyncio.wait(self._doing, timeout=_CLOSE_S)
        await self._tasks.close()

    def ask(self, action: HistoryAction) -> None:
        """Do it; returns at once."""
        match action:
            case SearchHistory():
                self._search = action
                self._wake.set()
            case RowsWanted():
                if action in self._wanted:  # it would push out another one
                    self._wanted.remove(action)
                self._wanted.append(action)
                self._wake.set()
            case EditTake():
                self._start(self._history.edit(action.session, action.text))
            case DeleteTakes():
                self._start(self._delete(action))
            case ExportTakes():
                self._start(self._export(action))

    def _changed(self, shelf: Shelf) -> None:
        if self._search is not None:
            self._wake.set()

    # -- what is listed ------------------------------------------------------------------------------------

    async def _serve(self) -> None:
        """A search first; rows of the newest place first, one page between two looks at what is wanted."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._list()
                if self._wanted:
                    await self._rows(self._wanted.pop())
            except AppError as error:
                self._tell_problem(str(error))
            if self._wanted:
                self._wake.set()

    async def _list(self) -> None:
        """The list, if it is wanted anew, or stands otherwise than it was told."""
        search, shelf = self._search, self._history.shelf
        if search is None:
            return
        if self._answered != (search, shelf.version):
            self._answered = search, shelf.version  # also where it fails: the next change tries again
            keys = await self._history.keys(search.query)
            if search is not self._search:
                return self._wake.set()
            self._keys, self._problem = keys, ""
        self._tell()

    def _tell(self) -> None:
        if self._search is not None:
            search, shelf, version = self._search, self._history.shelf, self._answered[1]
            problem = self._problem or shelf.problem
            count = len(self._keys)
            made = HistoryList(search.serial, search.query, count, problem, shelf.done, shelf.total, version)
            if made != self._told:
                self._told = made
                self._post(made)

    def _tell_problem(self, problem: str) -> None:
        self._problem = problem
        self._tell()

    async def _rows(self, wanted: RowsWanted) -> None:
        """None of another search; nor of a list that became another one meanwhile: they are asked for again."""
        if self._search is None or wanted.serial != self._search.serial:
            return
        answered = self._answered
        keys = self._keys[wanted.start : wanted.start + min(wanted.count, MOST_ROWS)]
        rows = {row.key: row for row in await self._history.rows(keys)}
        if answered == self._answered:
            self._post(HistoryRows(wanted.serial, wanted.start, tuple(rows.get(key) for key in keys)))

    # -- what a person does --------------------------------------------------------------------------------

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._tasks.start(self._telling(work), "work")
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    async def _telling(self, work: Coroutine[Any, Any, None]) -> None:
        """What cannot be done is told."""
        try:
            await work
        except AppError as error:
            self._told_note(HistoryNote.NOT_DONE, reason=str(error))

    async def _delete(self, action: DeleteTakes) -> None:
        refused = await self._history.delete(action.sessions)
        for reason in list(dict.fromkeys(str(error) for error in refused.values()))[:1]:
            self._told_note(HistoryNote.NOT_DONE, reason=reason)

    async def _export(self, action: ExportTakes) -> None:
        done = await self._history.export(action.sessions, action.form, action.place, overwrite=action.overwrite)
        if done.exist:
            names = ", ".join(path.name for path in done.exist[:_NAMED])
            self._told_note(HistoryNote.EXIST, count=str(len(done.exist)), names=names)
        else:
            self._told_note(HistoryNote.EXPORTED, count=str(len(done.written)), place=str(action.place))

    def _told_note(self, key: HistoryNote, **values: str) -> None:
        self._post(HistoryTold(Note(key, values)))
