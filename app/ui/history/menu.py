"""Context menu of the selected takes, opened by right click or menu key."""

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QListView, QMenu

from app.ui.history.play_bar import KEY
from app.ui.history.take_panel import TakePanel
from app.ui.strings.texts import Texts


def menu_of(view: QListView, panel: TakePanel, texts: Texts) -> QMenu:
    """Return a new menu of the actions that the panel offers for the current selection."""
    menu = QMenu(view)
    keys = QKeySequence.StandardKey
    panels = (
        (panel.play.isVisibleTo(panel), panel.play.name, QKeySequence(KEY), panel.play.toggle),
        (panel.copy.isVisibleTo(panel), texts("action.copy"), QKeySequence(keys.Copy), panel.copy_text),
        (panel.again.isVisibleTo(panel), panel.again.text(), QKeySequence(), panel.again.click),
        (panel.export.isVisibleTo(panel), panel.export.text(), QKeySequence(), panel.export.click),
        (panel.delete.isVisibleTo(panel), texts("history.delete"), QKeySequence(keys.Delete), panel.ask_delete),
        (True, texts("history.select-all"), QKeySequence(keys.SelectAll), view.selectAll),
    )
    for offered, name, key, act in panels:
        if offered:
            action = QAction(name, menu)
            action.setShortcut(key)
            action.setShortcutVisibleInContextMenu(True)
            action.triggered.connect(act)
            menu.addAction(action)
    return menu
