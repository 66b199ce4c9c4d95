"""Status line at the foot of the sidebar: state, microphone and place of recognition."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from app.core.states import State
from app.ui.shell.status import Status, delay, hint, means, word
from app.ui.strings.texts import Texts
from app.ui.theme.theme import RADII, SCALE, SCALE_PROPERTY, SPACING, Theme, font
from app.ui.widgets.basic import Shape, paint_focus, paint_round, refresh_with, smooth_painter
from app.ui.widgets.labels import Elided, describe, label, set_role, set_visible, tip
from app.ui.widgets.layouts import horizontal, stretched, vertical

_LINES = 3


class StatusLine(QAbstractButton):
    """Button that tells the status; a click opens the controls behind it.

    ``fold`` leaves the shape of the state, with everything else in the tool tip.
    """

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self._status, self._folded = Status(), False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Minimum)
        self.shape, self.word = Shape(theme, State.IDLE), label(bold=True)
        self.means, self.trouble = Elided(_LINES), Elided(_LINES)
        self.means.setProperty("role", "muted")
        for said in (self.means, self.trouble):
            said.setProperty(SCALE_PROPERTY, SCALE.caption)
            said.setFont(font(SCALE.caption))
        for part in (self.shape, self.word, self.means, self.trouble):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        head = horizontal(self.shape, stretched(self.word))
        self._column = vertical(
            head,
            self.means,
            self.trouble,
            within=self,
            margins=(SPACING.medium, SPACING.small, SPACING.small, SPACING.small),
            gap=SPACING.hair,
        )
        refresh_with(self.refresh, theme, texts)

    def show_status(self, status: Status) -> None:
        """Show this status; cheap enough to call twenty times a second."""
        if status != self._status:
            self._status = status
            self.refresh()

    def fold(self, folded: bool) -> None:
        """Show only the shape, or everything."""
        self._folded = folded
        self.refresh()
        self.updateGeometry()

    def refresh(self) -> None:
        """Update all texts to the current language and size."""
        texts, status = self._texts, self._status
        self.shape.show_state(status.shape, word(texts, status))
        self.word.setText(word(texts, status))
        late, role = delay(texts, status)
        for said, text in ((self.means, means(texts, status)), (self.trouble, late)):
            if text != said.accessibleName():
                said.show_text(text)
        set_role(self.trouble, role)
        set_visible(not self._folded, self.word, self.means)
        self.trouble.setVisible(bool(self.trouble.accessibleName()) and not self._folded)
        told = hint(texts, status)
        if told != self.accessibleName():
            describe(self, told, texts("shell.status-says"))
            self.setToolTip(tip(told))

    def sizeHint(self) -> QSize:
        """Return the size of the shown parts."""
        return self._column.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the background under the pointer, and the focus ring."""
        painter = smooth_painter(self)
        place = QRectF(self.rect())
        if self.underMouse() or self.isDown():
            paint_round(painter, place, RADII.small, self._theme.colour("surface"))
        paint_focus(painter, self, self._theme, RADII.small)
