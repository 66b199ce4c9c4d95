"""The text follows the sound: what is being said is marked, and scrolled into sight."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from app.history.timing import Spoken, said_at, when_said
from app.ui.history_delegate import mark_format, units
from app.ui.theme import Theme


class Follower:
    """Of one text. Where another one stands there by now, nothing is marked: it is being edited."""

    def __init__(self, theme: Theme, edit: QPlainTextEdit) -> None:
        self._theme, self._edit = theme, edit
        self._text = ""
        self._spoken: Sequence[Spoken] = ()
        self._marked: Spoken | None = None

    def show(self, text: str, spoken: Sequence[Spoken]) -> None:
        """What of it is said when, from now on."""
        self._text, self._spoken = text, spoken
        self.mark(None)

    def mark(self, ms: int | None) -> None:
        """What is said at this moment; ``None``: nothing."""
        known = ms is not None and self._edit.toPlainText() == self._text
        one = said_at(self._spoken, ms) if ms is not None and known else None
        if one == self._marked:
            return
        self._marked = one
        self._edit.setExtraSelections([self._selection(one)] if one else [])
        if one and not self._edit.hasFocus():
            self._into_sight(self._cursor(one))

    def when(self, point: QPoint) -> int | None:
        """When the word at this point of the viewport was said, in ms."""
        if not self._spoken or self._edit.toPlainText() != self._text:
            return None
        before = self._edit.cursorForPosition(point).position()
        coded = self._text.encode("utf-16-le", "surrogatepass")[: 2 * before]
        return when_said(self._spoken, len(coded.decode("utf-16-le", "replace")))

    def _cursor(self, one: Spoken) -> QTextCursor:
        made = QTextCursor(self._edit.document())
        first = units(self._text[: one.first])
        made.setPosition(first)
        last = first + units(self._text[one.first : one.last])
        made.setPosition(last, QTextCursor.MoveMode.KeepAnchor)
        return made

    def _selection(self, one: Spoken) -> QTextEdit.ExtraSelection:
        made = QTextEdit.ExtraSelection()
        made.cursor = self._cursor(one)
        made.format = mark_format(self._theme)
        return made

    def _into_sight(self, cursor: QTextCursor) -> None:
        """With some lines above it: what comes next is below. The scroll bar counts lines."""
        block, bar = cursor.block(), self._edit.verticalScrollBar()
        inside = block.layout().lineForTextPosition(cursor.positionInBlock())
        line = block.firstLineNumber() + max(0, inside.lineNumber() if inside.isValid() else 0)
        if not bar.value() <= line < bar.value() + bar.pageStep():
            bar.setValue(line - bar.pageStep() // 3)
