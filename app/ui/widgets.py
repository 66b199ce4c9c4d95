"""The few controls that Qt does not draw as we want them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Generic, TypeVar

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTextLayout,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QFrame,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.states import State
from app.ui import icons
from app.ui.foreign_text import tip
from app.ui.live_lines import MOST
from app.ui.pill import loudness
from app.ui.theme import RADII, SCALE, SPACING, Theme, font
from app.view import LOWEST_DBFS

S = TypeVar("S", bound=StrEnum)

_RING = 2.0
_ANY = "surrogatepass"  # a name of a file may be in no encoding
_LONGEST_TIP = 2_000
_LONGEST_CHOICE = 44


def label(text: str = "", *, size: float = SCALE.body, role: str = "", bold: bool = False) -> QLabel:
    """A line of text in the one type scale."""
    made = QLabel(text)
    made.setFont(font(size, QFont.Weight.DemiBold if bold else QFont.Weight.Normal))
    made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("role", role)
    return made


def card() -> tuple[QFrame, QVBoxLayout]:
    """A surface for what belongs together."""
    frame = QFrame()
    frame.setProperty("role", "card")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(SPACING.wide, SPACING.large, SPACING.wide, SPACING.large)
    layout.setSpacing(SPACING.medium)
    return frame, layout


def action_button(do: Callable[[], None], role: str = "") -> QPushButton:
    """One that does this; its text comes later."""
    made = QPushButton()
    made.setProperty("role", role)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
    made.clicked.connect(do)
    return made


class Shape(QWidget):
    """A state's shape in its colour; its name is the state's word."""

    def __init__(self, theme: Theme, state: State, size: float = SCALE.body) -> None:
        super().__init__()
        self._theme, self.state = theme, state
        side = QFontMetrics(font(size)).ascent()
        self.setFixedSize(side, side)
        theme.changed.connect(self.update)

    def show_state(self, state: State, word: str) -> None:
        """Repaints only for another one."""
        if state is not self.state:
            self.state = state
            self.update()
        self.setAccessibleName(word)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The icon."""
        painter = QPainter(self)
        icons.draw(painter, self.state.value, QRectF(self.rect()), self._theme.state_colour(self.state))


class StateIcon(QWidget, Generic[S]):
    """A state's shape in its colour, as ``shapes`` draws and colours each; its name is the state's word."""

    def __init__(self, theme: Theme, shapes: Mapping[S, tuple[str, str]], state: S) -> None:
        super().__init__()
        self._theme, self._shapes, self.state = theme, shapes, state
        side = QFontMetrics(font()).ascent()
        self.setFixedSize(side, side)
        theme.changed.connect(self.update)

    def show_state(self, state: S, word: str) -> None:
        """Draw this one."""
        self.state = state
        self.setAccessibleName(word)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The icon."""
        name, colour = self._shapes[self.state]
        icons.draw(QPainter(self), name, QRectF(self.rect()), self._theme.colour(colour))


class Meter(QWidget):
    """A level as a bar."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self.level_dbfs = theme, LOWEST_DBFS
        self.setFixedHeight(SPACING.small)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_level(self, level_dbfs: float) -> None:
        """Repaints only for a level that looks different."""
        if round(loudness(level_dbfs), 2) != round(loudness(self.level_dbfs), 2):
            self.update()
        self.level_dbfs = level_dbfs

    def paintEvent(self, event: QPaintEvent) -> None:
        """A track, and as much of it as there is level."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        track = QRectF(self.rect())
        painter.setBrush(self._theme.colour("accent_soft"))
        painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)
        if filled := track.width() * loudness(self.level_dbfs):
            painter.setBrush(self._theme.colour("accent"))
            track.setWidth(max(track.height(), filled))
            painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)


class Switch(QAbstractButton):
    """On or off. Its text is beside it, in a label of its own."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """As high as a line of text."""
        height = QFontMetrics(font()).height() + SPACING.hair
        return QSize(round(height * 1.8) + SPACING.small, height + SPACING.small)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A track with a knob: on the right and filled when on."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(self.rect()).adjusted(3.5, 3.5, -3.5, -3.5)
        on = self.isChecked()
        painter.setPen(QPen(self._theme.colour("accent" if on else "edge"), 1))
        painter.setBrush(self._theme.colour("accent" if on else "sunken"))
        painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)
        side = track.height() - 6
        knob = QPointF(track.right() - 3 - side if on else track.left() + 3, track.top() + 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("on_accent" if on else "edge"))
        painter.drawEllipse(QRectF(knob, track.size()).adjusted(0, 0, side - track.width(), side - track.height()))
        if self.hasFocus():
            ring(painter, QRectF(self.rect()), self._theme.colour("accent"), self.height() / 2)


class Choice(QComboBox):
    """A list to choose from, drawn like our buttons. The wheel does not change it while somebody scrolls by."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """As high as a button."""
        return QSize(super().sizeHint().width(), control_height())

    def minimumSizeHint(self) -> QSize:
        """As high as a button, and wide enough for each of its texts that is not very long."""
        metrics = QFontMetrics(font())
        widest = max((metrics.horizontalAdvance(self.itemText(row)) for row in range(self.count())), default=0)
        widest = min(widest, metrics.averageCharWidth() * _LONGEST_CHOICE)
        return QSize(widest + metrics.height() + SPACING.wide + SPACING.hair, control_height())

    def show_entries(self, entries: Sequence[tuple[str, str]], chosen: str) -> None:
        """Values with their texts. Not while the list is open: it would close under the pointer."""
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
        """Left to the page."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A field with what is chosen and a chevron."""
        painter = QPainter(self)
        frame(painter, self, self._theme)
        height = float(self.height())
        side = float(QFontMetrics(font()).ascent())
        mark = QRectF(self.width() - side - SPACING.small, (height - side) / 2, side, side)
        icons.draw(painter, "chevron", mark, self._theme.colour("muted"))
        across = int(mark.left()) - SPACING.medium - SPACING.small
        shown = painter.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, across)
        painter.setPen(self._theme.colour("text"))
        place = QRectF(SPACING.medium, 0, across, height)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


class Elided(QLabel):
    """As many lines of a text as given, the rest under the pointer."""

    def __init__(self, lines: int = 2) -> None:
        super().__init__()
        self._lines = lines
        self.setFont(font())
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._whole = ""

    def show_text(self, text: str) -> None:
        """All of it is the accessible name."""
        self._whole = text
        self.setAccessibleName(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width holds another length."""
        if event.size().width() != event.oldSize().width():
            self._fit()

    def _fit(self) -> None:
        shown = beginning(self._whole, self.font(), self.contentsRect().width(), self._lines)
        self.setText(shown)
        self.setToolTip("" if shown == self._whole else tip(self._whole[:_LONGEST_TIP]))


def beginning(text: str, look: QFont, width: float, most: int) -> str:
    """As much of the start of ``text`` as fits into ``most`` lines, with an ellipsis if it is not the whole.

    The text is laid out once, and as much of it as anybody sees: half an hour of speech costs no more.
    """
    start = text[:MOST].replace("\n", " ")
    units = start.encode("utf-16-le", _ANY)  # as Qt counts
    layout = QTextLayout(start, look)
    layout.setTextOption(_by_word())
    layout.beginLayout()
    last = end = 0
    for _ in range(most):
        if not (line := layout.createLine()).isValid():
            break
        line.setLineWidth(width)
        last, end = line.textStart(), line.textStart() + line.textLength()
    layout.endLayout()
    if len(text) <= MOST and 2 * end == len(units):
        return start
    head, tail = (part.decode("utf-16-le", _ANY) for part in (units[: 2 * last], units[2 * last :]))
    shown = QFontMetricsF(look).elidedText(f"{tail}…", Qt.TextElideMode.ElideRight, width)
    return head + shown[:-1].rstrip() + "…"


def _by_word() -> QTextOption:
    """As a ``QLabel`` breaks lines."""
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WordWrap)
    return option


def control_height() -> int:
    """Of fields and buttons, in pixels."""
    return QFontMetrics(font()).height() + 2 * SPACING.small + 2


def make_room(button: QPushButton, names: Iterable[str]) -> None:
    """Make the button as wide as its longest name, so that another name moves nothing beside it."""
    button.setMinimumWidth(0)
    shown, widest = button.text(), 0
    for name in names:
        button.setText(name)
        widest = max(widest, button.sizeHint().width())
    button.setText(shown)
    button.setMinimumWidth(widest)


def keep_place(control: QWidget) -> None:
    """Keep the control's room while it is hidden, so that others stay where they are."""
    policy = control.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    control.setSizePolicy(policy)


def reveal(control: QWidget, shown: bool, heir: QWidget) -> None:
    """Show it or not; one that goes leaves the focus to ``heir``, not to whatever is next, such as "delete"."""
    if not shown and control.hasFocus():
        heir.setFocus()
    control.setVisible(shown)


def frame(painter: QPainter, widget: QWidget, theme: Theme) -> None:
    """A field's outline, wider with the focus."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    focused = widget.hasFocus()
    inset = 1.0 if focused else 0.5
    colour = theme.colour("accent" if focused or widget.underMouse() else "edge")
    painter.setPen(QPen(colour, _RING if focused else 1.0))
    painter.setBrush(theme.colour("surface"))
    painter.drawRoundedRect(QRectF(widget.rect()).adjusted(inset, inset, -inset, -inset), RADII.small, RADII.small)


def ring(painter: QPainter, around: QRectF, colour: QColor, radius: float) -> None:
    """The mark of the focus."""
    painter.setPen(QPen(colour, _RING))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(around.adjusted(1, 1, -1, -1), radius, radius)
