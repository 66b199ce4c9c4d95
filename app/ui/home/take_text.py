"""Editor of the open take, and the mark of the word that is played."""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QResizeEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QTextEdit

from app.history.word_times import TimedRange, said_at, when_said
from app.ui.home.take_delegate import mark_format, units
from app.ui.theme.theme import Theme

_MOST_BLOCKS: Final = 2_000
_MOST_HEIGHT: Final = 100_000


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


class GrowingText(QPlainTextEdit):
    """Editor as high as its text, so that only the page scrolls."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.textChanged.connect(self._grow)

    def sizeHint(self) -> QSize:
        """Return the height of the whole text, up to a limit that no dictation reaches."""
        document, height = self.document(), 0.0
        block, number = document.begin(), 0
        while block.isValid() and number < _MOST_BLOCKS and height < _MOST_HEIGHT:
            height += self.blockBoundingRect(block).height()
            block, number = block.next(), number + 1
        around = 2 * document.documentMargin() + self.height() - self.viewport().height()
        return QSize(super().sizeHint().width(), round(height + around) + 1)

    def minimumSizeHint(self) -> QSize:
        """Return the height of the whole text."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the lines for the new width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._grow()

    def _grow(self) -> None:
        self.updateGeometry()
