"""View of a text difference: removed words are struck through, added words underlined."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit, QWidget

from app.history.difference import DifferenceKind, TextPiece
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SPACING, Theme, font

ROWS: Final = 5
MOST_SHOWN: Final = 2_000
MOST_SPOKEN: Final = 50
LONGEST_SAME: Final = 400
_GAP: Final = " … "


class DifferenceView(QTextEdit):
    """Read-only view of a difference.

    A screen reader reads the removed and added words.
    """

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self._pieces: Sequence[TextPiece] = ()
        self.setReadOnly(True)
        self.setTabChangesFocus(True)

    def sizeHint(self) -> QSize:
        """Return a height of a few lines; the view grows where there is room."""
        return QSize(super().sizeHint().width(), height_of(self))

    def minimumSizeHint(self) -> QSize:
        """Return the same height as a minimum."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def show_pieces(self, pieces: Sequence[TextPiece]) -> None:
        """Show the pieces of a difference."""
        if pieces != self._pieces:
            self._pieces = pieces
            self.refresh()

    def refresh(self) -> None:
        """Update everything to the current language, font and colours."""
        self.setFont(font())
        self.setAccessibleName(self._texts("history.again.difference"))
        self.setAccessibleDescription(described(self._texts, self._pieces))
        self.clear()
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for piece in self._pieces[:MOST_SHOWN]:
            cursor.insertText(shortened(piece), self._format(piece.change))
        if len(self._pieces) > MOST_SHOWN:
            cursor.insertText(_GAP, self._format(DifferenceKind.SAME))
        cursor.endEditBlock()
        self.moveCursor(QTextCursor.MoveOperation.Start)
        self.verticalScrollBar().setValue(0)

    def _format(self, change: DifferenceKind) -> QTextCharFormat:
        made = QTextCharFormat()
        if change is DifferenceKind.SAME:
            made.setForeground(self._theme.colour("text"))
        elif change is DifferenceKind.REMOVED:
            made.setForeground(self._theme.colour("danger"))
            made.setFontStrikeOut(True)
        else:
            made.setForeground(self._theme.colour("accent_strong"))
            made.setBackground(self._theme.colour("accent_soft"))
            made.setFontUnderline(True)
        return made


def height_of(edit: QWidget) -> int:
    """Return the height of a few lines plus margins."""
    return ROWS * edit.fontMetrics().lineSpacing() + 2 * SPACING.medium


def shortened(piece: TextPiece) -> str:
    """Return the text of a piece; cut the middle out of long unchanged text."""
    if piece.change is not DifferenceKind.SAME or len(piece.text) <= LONGEST_SAME:
        return piece.text
    return piece.text[: LONGEST_SAME // 2] + _GAP + piece.text[-LONGEST_SAME // 2 :]


def described(texts: Texts, pieces: Sequence[TextPiece]) -> str:
    """Return the removed and added words as a sentence."""
    keys = {DifferenceKind.REMOVED: "history.again.removed", DifferenceKind.ADDED: "history.again.added"}
    changes = [piece for piece in pieces if piece.change in keys]
    said = [texts(keys[piece.change], text=piece.text.strip()) for piece in changes[:MOST_SPOKEN]]
    if len(changes) > MOST_SPOKEN:
        said.append("…")
    return " ".join(said) or texts("history.again.same")
