"""Keys of a keyboard, painted as large caps."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui.theme import icons
from app.ui.theme.theme import RADII, SCALE, SPACING, Theme, font
from app.ui.widgets.basic import paint_focus, paint_round, paint_text, smooth_painter

_DEPTH = float(SPACING.hair)
_HALF = 0.5  # so that an outline fills whole pixels


class KeyCaps(QWidget):
    """Large keys in a row, or a microphone if there are none. ``lit``: painted as pressed.

    ``scale``: font size relative to the application's. ``clicked``: emitted on a click with the mouse.
    """

    clicked = Signal()

    def __init__(self, theme: Theme, scale: float = SCALE.display) -> None:
        super().__init__(sizePolicy=QSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed))
        self._theme, self._scale = theme, scale
        self.caps: tuple[str, ...] = ()
        self.lit = False

    def show_caps(self, caps: Sequence[str], *, lit: bool = False, name: str = "") -> None:
        """Show these caps; ``name`` is the accessible text with the keys and their state."""
        self.caps, self.lit = tuple(caps), lit
        self.setAccessibleName(name)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of all keys in a row, pressed or not."""
        last, margin = self._places()[-1][1], self._margin + _HALF
        return QSize(round(last.right() + margin), round(last.bottom() + _DEPTH + margin))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Emit ``clicked`` for the left button."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint each key with a front edge; lit keys are filled and lowered."""
        painter = smooth_painter(self)
        for cap, place in self._places():
            self._paint_key(painter, cap, place)
        paint_focus(painter, self, self._theme, RADII.medium)

    def _paint_key(self, painter: QPainter, cap: str, place: QRectF) -> None:
        colour, lowered = self._theme.colour, place.translated(0, _DEPTH)
        edge, face = colour("accent" if self.lit else "edge"), lowered if self.lit else place
        if not self.lit:
            paint_round(painter, lowered, RADII.medium, edge, edge)
        paint_round(painter, face, RADII.medium, colour("accent" if self.lit else "surface"), edge)
        if cap:
            ink = colour("on_accent" if self.lit else "text")
            paint_text(painter, face, cap, self._font(), ink, Qt.AlignmentFlag.AlignCenter)
        else:
            inset = face.height() / 4
            icons.draw(painter, "microphone", face.adjusted(inset, inset, -inset, -inset), colour("text"))

    def _font(self) -> QFont:
        return font(self._scale, QFont.Weight.DemiBold)

    @property
    def _margin(self) -> int:
        """Room for the focus ring; 0 if the widget cannot have the focus, to align the keys with texts below."""
        return 0 if self.focusPolicy() is Qt.FocusPolicy.NoFocus else SPACING.hair

    def _places(self) -> list[tuple[str, QRectF]]:
        metrics, top = QFontMetrics(self._font()), self._margin + _HALF
        x, height, found = top, metrics.height() + 2 * SPACING.medium, list[tuple[str, QRectF]]()
        for cap in self.caps or ("",):
            across = max(height, metrics.horizontalAdvance(cap) + 2 * SPACING.large)
            found.append((cap, QRectF(x, top, across, height)))
            x += across + SPACING.small
        return found
