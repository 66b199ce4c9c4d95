"""Menu of a row of the timeline."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from app.ui.strings.texts import Texts

Entry = tuple[str, Qt.Key | QKeySequence.StandardKey | None, Callable[[], None]]
"""Key of the text, hotkey in the timeline, and what the entry does."""


def row_menu(parent: QWidget, texts: Texts, entries: Iterable[Entry]) -> QMenu:
    """Return a menu with these entries, which deletes itself when it closes."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for name, key, act in entries:
        action = menu.addAction(texts(name))
        if key is not None:
            action.setShortcut(QKeySequence(key))
            action.setShortcutVisibleInContextMenu(True)
        action.triggered.connect(act)
    return menu
