"""Controls used only by the list of models."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from app.models.view import ModelState
from app.ui.models.figures import Bar
from app.ui.theme import icons
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import StateIcon, paint_bar, paint_round, refresh_with, smooth_painter
from app.ui.widgets.labels import label, remark

_THICK: Final = 6
_LONG: Final = 120

SHAPES: Final = {
    ModelState.MISSING: ("idle", "muted"),
    ModelState.QUEUED: ("arming", "muted"),
    ModelState.FETCHING: ("drop", "accent"),
    ModelState.PAUSED: ("pause", "warning"),
    ModelState.BUSY: ("waiting", "muted"),
    ModelState.IMPORTING: ("folder", "accent"),
    ModelState.VERIFYING: ("waiting", "accent"),
    ModelState.INSTALLED: ("done", "accent"),
    ModelState.DAMAGED: ("failed", "warning"),
    ModelState.FAILED: ("failed", "warning"),
    ModelState.REMOVING: ("cancelled", "muted"),
}
"""Icon and colour name of each state."""


class ModelShape(StateIcon[ModelState]):
    """Icon for the state of a model."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, SHAPES, ModelState.MISSING)


class ShareBar(QWidget):
    """Bar that shows a share; the text beside it says the same."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self.share = theme, 0.0

    def show_share(self, share: float) -> None:
        """Show a share from 0 to 1, in the middle of a line of text."""
        self.share = share
        self.setFixedSize(_LONG, QFontMetrics(font(SCALE.caption)).height())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the track, filled up to the share."""
        track = QRectF(0, (self.height() - _THICK) / 2, self.width(), _THICK)
        ground, filled = self._theme.colour("accent_soft"), self._theme.colour("accent")
        paint_bar(smooth_painter(self), track, self.share, ground, filled)


class FigureRows(QWidget):
    """Rows of a title, a bar and its meaning in words."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: list[tuple[QLabel, ShareBar, QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACING.medium)
        self._grid.setVerticalSpacing(SPACING.hair)
        self._grid.setColumnStretch(2, 1)

    def show_bars(self, titled: Sequence[tuple[str, Bar]]) -> None:
        """Show these rows; an empty title belongs to the row above."""
        while len(self.rows) < len(titled):
            self._add_row()
        for place, (title, gauge, words) in enumerate(self.rows):
            shown = place < len(titled)
            bar = titled[place][1] if shown else Bar("")
            title.setText(titled[place][0] if shown else "")
            words.setText(bar.text)
            gauge.show_share(bar.share or 0.0)
            title.setVisible(shown)
            words.setVisible(shown)
            gauge.setVisible(shown and bar.share is not None)

    def _add_row(self) -> None:
        row = len(self.rows)
        title, gauge = label(size=SCALE.caption, role="muted"), ShareBar(self._theme)
        words = remark("")
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(title, row, 0, top)
        self._grid.addWidget(gauge, row, 1, top)
        self._grid.addWidget(words, row, 2, top)
        self.rows.append((title, gauge, words))


class Badge(QLabel):
    """Label with an icon on a soft ground."""

    def __init__(self, theme: Theme, icon: str) -> None:
        super().__init__()
        self._theme, self._icon = theme, icon
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        refresh_with(self.refresh, theme)

    def refresh(self) -> None:
        """Measure again, because the size of the text may have changed."""
        self.setFont(font(SCALE.caption))
        left = SPACING.small + self._side + SPACING.hair
        self.setContentsMargins(left, SPACING.hair // 2, SPACING.small, SPACING.hair // 2)
        self.update()

    @property
    def _side(self) -> int:
        return self.fontMetrics().ascent()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground and the icon below the text."""
        painter = smooth_painter(self)
        ground, side = QRectF(self.rect()), float(self._side)
        paint_round(painter, ground, ground.height() / 2, self._theme.colour("accent_soft"))
        mark = QRectF(SPACING.small, (ground.height() - side) / 2, side, side)
        icons.draw(painter, self._icon, mark, self._theme.colour("accent"))
        painter.end()
        super().paintEvent(event)
