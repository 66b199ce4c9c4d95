"""Read the text around the caret in the windows of this app.

Qt answers on the accessibility bus only if the desktop has enabled accessibility, so ask Qt directly.
"""

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QInputMethodQueryEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.insertion.outcome import FocusKind, Target, TextSurroundings
from app.ui.shell.qt_calls import QtCalls

_QUERY = Qt.InputMethodQuery


class OwnField:
    """Reader of the focused field of this app; create it in Qt's thread."""

    def __init__(self) -> None:
        self._ask = QtCalls().ask

    async def read_around(self, target: Target) -> TextSurroundings | None:
        """Return the surroundings of the caret; ``None`` if nothing has the focus or Qt misses the deadline."""
        try:
            found: TextSurroundings | None = await self._ask(_focused)
        except TimeoutError:
            return None
        return found


def _focused() -> TextSurroundings | None:
    widget = QApplication.focusWidget()
    return surroundings(widget) if widget is not None else None


def surroundings(widget: QWidget) -> TextSurroundings:
    """Return the surroundings of a widget's caret, by an input method query."""
    asked = QInputMethodQueryEvent(
        _QUERY.ImEnabled
        | _QUERY.ImHints
        | _QUERY.ImSurroundingText
        | _QUERY.ImCursorPosition
        | _QUERY.ImAnchorPosition
    )
    QCoreApplication.sendEvent(widget, asked)
    if not asked.value(_QUERY.ImEnabled):
        return TextSurroundings(FocusKind.NO_FIELD)
    if Qt.InputMethodHint(asked.value(_QUERY.ImHints) or 0) & Qt.InputMethodHint.ImhHiddenText:
        return TextSurroundings(FocusKind.PASSWORD)
    text = asked.value(_QUERY.ImSurroundingText)
    if not isinstance(text, str):
        return TextSurroundings(FocusKind.FIELD)
    start, end = sorted(asked.value(one) for one in (_QUERY.ImCursorPosition, _QUERY.ImAnchorPosition))
    return TextSurroundings(FocusKind.FIELD, _before(text, start), text[len(_before(text, end)) :][:1])


def _before(text: str, count: int) -> str:
    """Return the first ``count`` UTF-16 units of a text, as Qt counts."""
    return text.encode("utf-16-le", "surrogatepass")[: 2 * count].decode("utf-16-le", "ignore")
