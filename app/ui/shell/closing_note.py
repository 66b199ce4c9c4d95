"""Dialog at the first closing of the window: the app keeps running, and how to find it again."""

from collections.abc import Callable

from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QDialog, QWidget

from app.core.hints import ShownOnce
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, font
from app.ui.widgets.basic import action_button, paint_as_page, refresh_with
from app.ui.widgets.flow_layout import FlowRow
from app.ui.widgets.labels import label, worded
from app.ui.widgets.panels import DialogBody

_LETTERS = 60
_WITHOUT_TRAY = ("closing.heading-without-tray", "closing.says-without-tray")


class ClosingNote(QDialog):
    """Dialog whose two buttons call ``close_window`` and ``end``.

    Esc leaves the window open.
    """

    def __init__(
        self,
        texts: Texts,
        once: ShownOnce,
        close_window: Callable[[], None],
        end: Callable[[], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._texts, self._once = texts, once
        self._in_tray = True
        paint_as_page(self)
        self.heading, self.says = label(size=SCALE.heading, bold=True, wraps=True), label(wraps=True)
        self.go_on = worded(texts, action_button(lambda: self._over(close_window), "primary"), "closing.go-on")
        self.quit = worded(texts, action_button(lambda: self._over(end)), "closing.quit")
        self.go_on.setDefault(True)
        self._body = DialogBody(self)
        self._body.column.setSpacing(SPACING.medium)
        for words in (self.heading, self.says):
            self._body.column.addWidget(words)
        self._body.column.addStretch(1)
        self._body.finish(FlowRow((self.go_on, self.quit)))
        refresh_with(self.refresh, texts)

    def show_tray(self, present: bool) -> None:
        """Tell the way back through the tray, or that without one."""
        self._in_tray = present
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts = self._texts
        heading, says = ("closing.heading", "closing.says") if self._in_tray else _WITHOUT_TRAY
        self.setWindowTitle(texts("app.name"))
        self.heading.setText(texts(heading))
        self.heading.setMinimumWidth(QFontMetrics(font()).averageCharWidth() * _LETTERS)
        self.says.setText(texts(says))
        self._body.fit()

    def _over(self, do: Callable[[], None]) -> None:
        self._once.tell()
        self.accept()
        do()
