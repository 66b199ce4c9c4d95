"""Marking of the spoken word while a take plays, scrolled into view."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from app.history.word_times import TimedRange, said_at, when_said
from app.ui.home.take_delegate import mark_format, units
from app.ui.theme.theme import Theme


class Follower:
    """Marker of the spoken word in one text.

    Nothing is marked while the user edits the text. ``reveal``: scrolls a marked word into view.
    """

    def __init__(self, theme: Theme, edit: QPlainTextEdit, reveal: Callable[[QTextCursor], None]) -> None:
        self._theme, self._edit, self._reveal = theme, edit, reveal
        self._text = ""
        self._spoken: Sequence[TimedRange] = ()
        self._marked: TimedRange | None = None

    def show(self, text: str, spoken: Sequence[TimedRange]) -> None:
        """Use this text and the times of its words from now on."""
        self._text, self._spoken = text, spoken
        self.mark(None)

    def mark(self, ms: int | None) -> None:
        """Mark the word spoken at ``ms``; ``None`` removes the mark."""
        known = ms is not None and self._edit.toPlainText() == self._text
        one = said_at(self._spoken, ms) if ms is not None and known else None
        if one == self._marked:
            return
        self._marked = one
        self._edit.setExtraSelections([self._selection(one)] if one else [])
        if one and not self._edit.hasFocus():
            self._reveal(self._cursor(one))

    def when(self, point: QPoint) -> int | None:
        """Return when the word at this point of the viewport was spoken, in ms."""
        if not self._spoken or self._edit.toPlainText() != self._text:
            return None
        before = self._edit.cursorForPosition(point).position()
        coded = self._text.encode("utf-16-le", "surrogatepass")[: 2 * before]
        return when_said(self._spoken, len(coded.decode("utf-16-le", "replace")))

    def _cursor(self, one: TimedRange) -> QTextCursor:
        made = QTextCursor(self._edit.document())
        first = units(self._text[: one.first])
        made.setPosition(first)
        last = first + units(self._text[one.first : one.last])
        made.setPosition(last, QTextCursor.MoveMode.KeepAnchor)
        return made

    def _selection(self, one: TimedRange) -> QTextEdit.ExtraSelection:
        made = QTextEdit.ExtraSelection()
        made.cursor = self._cursor(one)
        made.format = mark_format(self._theme)
        return made
