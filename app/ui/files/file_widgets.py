"""Controls that only the file list uses."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPaintEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QProgressBar, QSizePolicy, QWidget

from app.files.view import FileState
from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.theme import RADII, SCALE, SPACING, Theme, font
from app.ui.widgets.basic import action_button, paint_bar, smooth_painter
from app.ui.widgets.parts import SPACE, horizontal, label, vertical, worded

SHAPES: Final = {
    FileState.ADDED: ("idle", "muted"),
    FileState.WAITING: ("arming", "muted"),
    FileState.WORKING: ("wave", "accent"),
    FileState.PAUSED: ("pause", "warning"),
    FileState.DONE: ("done", "accent"),
    FileState.FAILED: ("failed", "warning"),
    FileState.CANCELLED: ("cancelled", "muted"),
}
"""Icon and colour name of each state."""

_BAR: Final = 6
_DASH: Final = 4.0
class FileProgressBar(QProgressBar):
    """Progress bar of a file, in a quiet colour while nothing moves."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self.moving = theme, False
        self.setTextVisible(False)
        self.setFixedHeight(_BAR)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_percent(self, percent: int, name: str, *, moving: bool) -> None:
        """Show ``percent``; ``name`` is the accessible name of the bar."""
        self.moving = moving
        self.setAccessibleName(name)
        self.setValue(percent)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the track and the finished part of it."""
        ground, filled = self._theme.colour("accent_soft"), self._theme.colour("accent" if self.moving else "edge")
        paint_bar(smooth_painter(self), QRectF(self.rect()), self.value() / self.maximum(), ground, filled)


class DropZone(QFrame):
    """Area where files are dropped or opened.

    It fills the page while the list is empty and is a strip above the list otherwise.
    """

    def __init__(self, theme: Theme, texts: Texts, opens: Callable[[], None], folder: Callable[[], None]) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self.over = self.full = self.strip = False
        self.says, self.hint = label(size=SCALE.heading, bold=True, wraps=True), label(role="muted", wraps=True)
        self.open = worded(texts, action_button(opens, "primary"), "files.open")
        self.folder = worded(texts, action_button(folder), "files.open-folder")
        self._mark = _Mark(theme)
        words, self._buttons = vertical(self.says, self.hint, gap=SPACING.hair), horizontal(self.open, self.folder)
        self._row = vertical(SPACE, self._mark, words, self._buttons, SPACE, within=self)
        self._arrange()

    def show_zone(self, *, strip: bool, full: bool) -> None:
        """Show the zone as a strip or large.

        ``full``: disable it, because the list takes no more files.
        """
        self.full = full
        if strip != self.strip:
            self.strip = strip
            self._arrange()
        self.refresh()

    def show_over(self, over: bool) -> None:
        """Highlight the zone while the user drags files over the page."""
        if over != self.over:
            self.over = over
            self.refresh()

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        texts = self._texts
        self.says.setText(texts("files.drop-now" if self.over else "files.drop"))
        self.hint.setText(texts("files.full-hint" if self.full else "files.drop-hint"))
        self.open.setEnabled(not self.full)
        self.folder.setEnabled(not self.full)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a dashed outline, filled while files are dragged over the page."""
        painter = smooth_painter(self)
        pen = QPen(self._theme.colour("accent" if self.over else "edge"), 2.0 if self.over else 1.5)
        pen.setDashPattern([_DASH, _DASH])
        painter.setPen(pen)
        painter.setBrush(self._theme.colour("accent_soft" if self.over else "surface"))
        outline = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(outline, RADII.small * 2, RADII.small * 2)

    def minimumSizeHint(self) -> QSize:
        """Return a minimum size in which the buttons stand below the words."""
        least = self._buttons.minimumSize().width() + 2 * SPACING.large
        return QSize(least, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move the buttons below the words in a narrow strip."""
        self._arrange()

    @property
    def _across(self) -> bool:
        parts = (
            self._mark.width(),
            self.says.fontMetrics().horizontalAdvance(self.says.text()),
            self._buttons.sizeHint().width(),
        )
        return self.strip and sum(parts) + 4 * SPACING.large <= self.width()

    def _arrange(self) -> None:
        across, middle, left = self._across, Qt.AlignmentFlag.AlignCenter, Qt.AlignmentFlag.AlignLeft
        side = QBoxLayout.Direction.LeftToRight if across else QBoxLayout.Direction.TopToBottom
        self._row.setDirection(side)
        pad = SPACING.large if self.strip else SPACING.huge
        self._row.setContentsMargins(pad, pad, pad, pad)
        self._row.setSpacing(SPACING.medium if self.strip else SPACING.large)
        for place, stretch in ((0, 0 if self.strip else 1), (2, 1 if across else 0), (4, 0 if self.strip else 1)):
            self._row.setStretch(place, stretch)
        for words in (self.says, self.hint):
            words.setAlignment(left if self.strip else middle)
        self._row.setAlignment(self._buttons, left if self.strip and not across else middle)
        self._row.setAlignment(self._mark, middle)
        self._mark.show_size(SCALE.display if self.strip else 2 * SCALE.display)
        self._mark.setVisible(across or not self.strip)
        # Not Maximum: it would forbid the second line of a hint that wraps.
        vertical = QSizePolicy.Policy.Preferred if self.strip else QSizePolicy.Policy.Expanding
        self.setSizePolicy(QSizePolicy.Policy.Expanding, vertical)


class _Mark(QWidget):
    """Icon of an arrow into a tray."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def show_size(self, size: float) -> None:
        side = QFontMetrics(font(size)).height()
        self.setFixedSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        icons.draw(QPainter(self), "drop", QRectF(self.rect()), self._theme.colour("accent"))
