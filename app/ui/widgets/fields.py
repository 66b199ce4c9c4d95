"""Text fields in the usual size."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics, QKeyEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QSizePolicy

from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.theme import SPACING, Theme, font
from app.ui.widgets.basic import control_height, paint_choice, refresh_with
from app.ui.widgets.parts import worded

_MOST: Final = 32_767


class Field(QLineEdit):
    """Field for at most ``most`` letters, as high as a button."""

    def __init__(self, theme: Theme, most: int = _MOST) -> None:
        super().__init__(maxLength=most)
        refresh_with(self.fit, theme)

    def fit(self) -> None:
        """Take the current font and the height of a button."""
        self.setFont(font())
        self.setMinimumHeight(control_height())


class SearchField(Field):
    """Field for a search, named by the text ``key``.

    ``clear``: the text of a button that empties the field, as Esc then does too.
    """

    def __init__(self, theme: Theme, texts: Texts, key: str, *, clear: str = "", most: int = _MOST) -> None:
        self._theme, self._clears = theme, bool(clear)
        self._icons: dict[QAction, str] = {}
        super().__init__(theme, most)
        worded(texts, self, placeholderText=key, accessibleName=key)
        if clear:
            empty = worded(texts, self.add_icon("cancel", at_end=True), clear, toolTip=clear)
            empty.triggered.connect(self.clear)
            empty.setVisible(False)
            self.textChanged.connect(lambda text: empty.setVisible(bool(text)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Empty the field on Esc."""
        if self._clears and self.text() and event.key() == Qt.Key.Key_Escape:
            self.clear()
        else:
            super().keyPressEvent(event)

    def add_icon(self, name: str, *, at_end: bool = False) -> QAction:
        """Show an icon at an end of the field, and return its action."""
        place = QLineEdit.ActionPosition.TrailingPosition if at_end else QLineEdit.ActionPosition.LeadingPosition
        action = self.addAction(icons.icon(name, self._theme.colour("muted")), place)
        self._icons[action] = name
        return action

    def fit(self) -> None:
        """Take the current font, height and colours."""
        super().fit()
        for action, name in self._icons.items():
            action.setIcon(icons.icon(name, self._theme.colour("muted")))


_LONGEST_CHOICE = 44


class DropDown(QComboBox):
    """Drop-down list drawn like the buttons; the mouse wheel scrolls the page instead of changing the value."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return a size as high as a button."""
        return QSize(super().sizeHint().width(), control_height())

    def minimumSizeHint(self) -> QSize:
        """Return the height of a button and a width that fits all entries up to a limit."""
        metrics = QFontMetrics(font())
        widest = max((metrics.horizontalAdvance(self.itemText(row)) for row in range(self.count())), default=0)
        widest = min(widest, metrics.averageCharWidth() * _LONGEST_CHOICE)
        return QSize(widest + metrics.height() + SPACING.wide + SPACING.hair, control_height())

    def show_entries(self, entries: Sequence[tuple[str, str]], chosen: str) -> None:
        """Show values with their texts and select one.

        Unchanged entries are kept, because new ones would close an open list under the pointer.
        """
        with QSignalBlocker(self):
            known = [(self.itemData(row), self.itemText(row)) for row in range(self.count())]
            if known != list(entries):
                self.clear()
                for value, text in entries:
                    self.addItem(text, value)
            self.setCurrentIndex(max(0, self.findData(chosen)))
        self.updateGeometry()
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the mouse wheel to the page."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a field with the selected text and a chevron."""
        paint_choice(self, self._theme, self.currentText())
