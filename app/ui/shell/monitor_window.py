"""Window of the monitor."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.ui.shell.shell import usual_size
from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.widgets.panels import scrolling


class MonitorWindow(QWidget):
    """Window around the monitor; ``looked`` carries whether it is visible.

    Esc and Ctrl+W close it.
    """

    looked = Signal(bool)

    def __init__(self, texts: Texts, page: QWidget) -> None:
        super().__init__()
        self._texts = texts
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowIcon(icons.icon(icons.APP))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scrolling(page))
        for keys in ("Esc", "Ctrl+W"):
            QShortcut(QKeySequence(keys), self).activated.connect(self.close)
        self.resize(usual_size().boundedTo(self.screen().availableSize()))
        texts.changed.connect(self.refresh)
        self.refresh()

    def appear(self) -> None:
        """Show the window in front with the focus."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.setFocus()  # and none of its parts, which would look chosen
        self.raise_()
        self.activateWindow()

    def refresh(self) -> None:
        """Update the title to the current language."""
        self.setWindowTitle(self._texts("shell.monitor-title", name=self._texts("app.name")))

    def showEvent(self, event: QShowEvent) -> None:
        """Report that the monitor is visible."""
        super().showEvent(event)
        self.looked.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Report that the monitor is hidden."""
        super().hideEvent(event)
        self.looked.emit(False)
