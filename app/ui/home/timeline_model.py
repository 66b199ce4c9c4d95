"""Qt model of the timeline: an empty row for the head of the page, then days with their takes; and its wording.

Only recently viewed takes are in memory.
"""

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Final

from PySide6.QtCore import QAbstractListModel, QDate, QLocale, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.core.states import State
from app.dictation import view
from app.history.index import IndexRow
from app.history.view import MOST_WAITING, HistoryList, HistoryRows, RowsWanted
from app.journal.take import TakeState
from app.system.desktop_entries import program_name
from app.ui.strings.texts import Texts, clock, ended_text, joined, model_name, no_text_reason, today

PAGE: Final = 50
MOST_TAKES: Final = 2_000

Index = QModelIndex | QPersistentModelIndex

_ROOT: Final = QModelIndex()


class TimelineModel(QAbstractListModel):
    """Model of the timeline, loaded in pages.

    ``want``: called to request a page when one of its takes is painted. Outdated takes stay visible until their
    page arrives again. ``describe``, ``name``: return the texts that a screen reader reads for a take and for a
    day.
    """

    def __init__(
        self,
        want: Callable[[RowsWanted], None],
        describe: Callable[[IndexRow | None], str],
        name: Callable[[date], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._want, self._describe, self._name = want, describe, name
        self._list = HistoryList()
        self._heads: list[int] = []  # rows of the days
        self._firsts: list[int] = []  # places of their first takes
        self._takes: OrderedDict[int, IndexRow] = OrderedDict()
        self._wanted: OrderedDict[int, None] = OrderedDict()
        self._needed: OrderedDict[int, None] = OrderedDict()  # pages to request once fewer are outstanding
        self._fresh: set[int] = set()
        self._speaking = False

    def show_speaking(self, speaking: bool) -> None:
        """Set whether the newest take is still being recorded."""
        before, self._speaking = self._speaking, speaking
        if speaking != before and self._list.count:
            self.dataChanged.emit(self.index(self.row_of(0)), self.index(self.row_of(0)))

    def show_list(self, listed: HistoryList) -> bool:
        """Show this list; return whether its takes may have changed, which clears the selection."""
        before, self._list = self._list, listed
        if (before.serial, before.version, before.count) == (listed.serial, listed.version, listed.count):
            return False
        self.beginResetModel()
        counts = [count for _, count in listed.days]
        self._firsts = [0, *accumulate(counts)][:-1] if counts else []
        self._heads = [1 + number + first for number, first in enumerate(self._firsts)]
        self._wanted.clear()
        self._needed.clear()
        self._fresh.clear()
        self.endResetModel()
        return True

    def show_rows(self, came: HistoryRows) -> None:
        """Store requested takes; ignore those of another search."""
        if came.serial != self._list.serial:
            return
        self._wanted.pop(came.start // PAGE, None)
        self._fresh.add(came.start // PAGE)
        for take in filter(None, came.rows):
            self._takes[take.key] = take
            self._takes.move_to_end(take.key)
        while len(self._takes) > MOST_TAKES:
            gone, _ = self._takes.popitem(last=False)
            self._fresh.discard(self._place_of_key(gone) // PAGE)
        last = min(came.start + PAGE, self._list.count) - 1
        if came.start <= last:
            self.dataChanged.emit(self.index(self.row_of(came.start)), self.index(self.row_of(last)))
        self._request_needed()

    def need(self, rows: Iterable[int]) -> None:
        """Request the pages of these rows that may have changed, even if they are not visible."""
        pages = dict.fromkeys(map(self._page, rows))
        self._needed = OrderedDict((page, None) for page in pages if page not in self._fresh)
        self._request_needed()

    # -- places --------------------------------------------------------------------------------------------

    def heads(self) -> Iterator[int]:
        """Yield the rows that name days."""
        yield from self._heads

    def day(self, row: int) -> date | None:
        """Return the day that this row names, or ``None``."""
        number = bisect_left(self._heads, row)
        named = number < len(self._heads) and self._heads[number] == row
        return self._list.days[number][0] if named else None

    def key(self, row: int) -> int | None:
        """Return the key of the take in this row, or ``None``."""
        number = bisect_right(self._heads, row)
        if number == 0 or self._heads[number - 1] == row or row >= self.rowCount():
            return None
        return self._list.keys[row - number - 1]

    def row_of(self, place: int) -> int:
        """Return the row of the take at this place of the list."""
        return place + 1 + bisect_right(self._firsts, place)

    def row_of_key(self, key: int) -> int | None:
        """Return the row of the take with this key, or ``None`` if it is not listed."""
        place, keys = self._place_of_key(key), self._list.keys
        return self.row_of(place) if place < len(keys) and keys[place] == key else None

    def row_near_key(self, key: int) -> int:
        """Return the row of the take with this key, otherwise of the next older take, otherwise of the last."""
        return self.row_of(max(0, min(self._place_of_key(key), len(self._list.keys) - 1)))

    def take(self, row: int) -> IndexRow | None:
        """Return the take in this row if it is loaded, and request its page if it may have changed."""
        if (key := self.key(row)) is None:
            return None
        page = self._page(row)
        if page not in self._fresh:
            self._ask(page)
        if key in self._takes:
            self._takes.move_to_end(key)
        found = self._takes.get(key)
        if found and self._speaking and key == self._list.keys[0] and found.state is TakeState.LIVE:
            return replace(found, speaking=True)
        return found

    def loaded_row(self, row: int) -> IndexRow | None:
        """Return the take in this row if it is loaded, without requesting its page."""
        key = self.key(row)
        return None if key is None else self._takes.get(key)

    def _page(self, row: int) -> int:
        return (row - 1 - bisect_right(self._heads, row)) // PAGE

    def _place_of_key(self, key: int) -> int:
        return bisect_left(self._list.keys, -key, key=lambda one: -one)

    # -- for Qt --------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Return the number of rows: the head of the page, days and takes."""
        return 0 if parent.isValid() else 1 + len(self._heads) + self._list.count

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return flags that make only takes selectable."""
        chosen = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        return chosen if self.key(index.row()) is not None else Qt.ItemFlag.NoItemFlags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the name of a day, the text of a take, or its screen reader text."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        row = index.row()
        if self.key(row) is None:
            day = self.day(row)
            return self._name(day) if day else ""
        take = self.take(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._describe(take)
        return take.text if take else ""

    def _ask(self, page: int) -> None:
        """Request a page unless it is outstanding; at the limit, queue the oldest, which the service drops."""
        if page in self._wanted:
            return
        self._wanted[page] = None
        while len(self._wanted) > MOST_WAITING:
            gone, _ = self._wanted.popitem(last=False)
            self._needed[gone] = None
        self._want(RowsWanted(self._list.serial, page * PAGE, PAGE))

    def _request_needed(self) -> None:
        while self._needed and len(self._wanted) < MOST_WAITING:
            page, _ = self._needed.popitem(last=False)
            if page not in self._fresh:
                self._ask(page)


def state_of(row: IndexRow) -> State:
    """Return the state that windows show for the take."""
    return State.LISTENING if row.speaking else view.state_of(row.state, cancelled=row.cancelled)


def take_text(texts: Texts, row: IndexRow) -> str:
    """Return the text of the take, otherwise why it has none."""
    return row.text or no_text_reason(texts, state_of(row))


def when_text(texts: Texts, row: IndexRow | view.TakeView) -> str:
    """Return day, time and length of the take."""
    day = day_text(texts, datetime.fromtimestamp(row.started_s).date())
    return texts("take.when", day=day, time=time_text(row), length=clock(row.seconds))


def day_text(texts: Texts, day: date) -> str:
    """Return the name of a day: today, yesterday, or its date, with the year if it is another one."""
    now = today()
    if day == now:
        return texts("home.today")
    if day == now - timedelta(days=1):
        return texts("home.yesterday")
    key = "home.day" if day.year == now.year else "home.day-of-year"
    return QLocale(texts.language).toString(QDate(day.year, day.month, day.day), texts(key))


def program_text(texts: Texts, program: str) -> str:
    """Return a program's display name; an unknown id such as ``some-editor`` becomes ``Some Editor``."""
    name = program_name(program, texts.language) if program else ""
    if name != program or name == texts("app.name"):
        return name
    name = program.removesuffix(".exe").rpartition(".")[2]
    words = name.replace("-", " ").replace("_", " ").split()
    return " ".join(word[:1].upper() + word[1:] for word in words)


def time_text(row: IndexRow | view.TakeView) -> str:
    """Return the time of day at which the take began."""
    return datetime.fromtimestamp(row.started_s).strftime("%H:%M")


def details_text(texts: Texts, row: IndexRow) -> str:
    """Return length and program of the take; without the length while it is recorded, because the row is stale."""
    return joined("" if row.speaking else clock(row.seconds), program_text(texts, row.program))


def state_chip_text(texts: Texts, row: IndexRow) -> str:
    """Return the word for the state of a take; empty if it is done or the word already replaces its text."""
    state = state_of(row)
    word_is_text = state is State.DONE or (state in _WORKS and not row.text)  # ``take_text`` shows the word
    return "" if word_is_text else ended_text(texts, state, partly=row.partly)


def caption_text(texts: Texts, row: IndexRow) -> str:
    """Return time, length, program, model and state of the take, and whether it was edited."""
    model = model_name(texts, row.model) if row.model else ""
    edited = texts("history.edited") if row.edited else ""
    return joined(
        when_text(texts, row), program_text(texts, row.program), model, state_chip_text(texts, row), edited
    )


def spoken_text(texts: Texts, row: IndexRow | None) -> str:
    """Return the screen reader text of a take, which begins with the start of its text."""
    if row is None:
        return texts("history.loading")
    done = ended_text(texts, State.DONE) if state_of(row) is State.DONE else ""
    return joined(take_text(texts, row)[:_SPOKEN], caption_text(texts, row), done)


def percent_text(texts: Texts, listed: HistoryList) -> str:
    """Return the percentage of takes that are read; empty if no takes are being read."""
    if not listed.total:
        return ""
    return texts("history.reading", percent=100 * listed.done // listed.total)


_WORKS: Final = frozenset({State.LISTENING, State.WAITING})
_SPOKEN: Final = 200
