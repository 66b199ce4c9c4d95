"""Buttons, icons, bars, timers and event filters, and functions that paint parts of controls."""

from collections.abc import Callable, Iterable
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, QSizeF, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.core.states import LOWEST_DBFS, State
from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.colours import state_colour
from app.ui.theme.theme import RADII, SCALE, SPACING, Theme, font
from app.ui.widgets.parts import vertical

ENTER: Final = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
UNCLIPPED: Final = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip
"""Alignment of text in a low row, unclipped because some fallback fonts are higher."""
_RING = 2.0
_DISABLED = 0.5
_LOST_FOCUS = "lostFocus"
"""Dynamic property of a control that had the focus when it was disabled."""


class Card(QFrame):
    """Frame that groups related widgets. ``name``: its object name, if it has one."""

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setObjectName(name)


def card() -> tuple[Card, QVBoxLayout]:
    """Return a card and its layout."""
    frame = Card()
    return frame, vertical(within=frame, margins=(SPACING.wide, SPACING.large), gap=SPACING.medium)


def application() -> QApplication:
    """Return the application of all widgets."""
    running = QApplication.instance()
    assert isinstance(running, QApplication)
    return running


def paint_as_page(widget: QWidget) -> None:
    """Set the background of a page on a widget."""
    widget.setObjectName("page")
    widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)


class ActionButton(QPushButton):
    """Button that takes a double click as one click, because its action may change after the first."""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ignore the second press."""
        event.accept()


def action_button(do: Callable[[], object], role: str = "", name: str = "") -> QPushButton:
    """Return a button that calls ``do``; its text is set later. ``name``: its object name."""
    made = ActionButton()
    made.setObjectName(name)
    made.setProperty("role", role)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
    made.clicked.connect(do)
    return made


def refresh_with(refresh: Callable[[], None], *sources: Texts | Theme) -> None:
    """Call ``refresh`` now and whenever the language or the colours change."""
    for source in sources:
        source.changed.connect(refresh)
    refresh()


def on_escape(owner: QObject, controls: Iterable[QWidget], do: Callable[[], None]) -> None:
    """Call ``do`` when Esc is pressed in one of these controls; the key has no other effect."""

    def handle(event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.key() != Qt.Key.Key_Escape:
            return False
        if event.type() == QEvent.Type.KeyPress:
            do()
        return True

    watch = EventFilter(owner, handle)
    for control in controls:
        control.installEventFilter(watch)


class EventFilter(QObject):
    """Event filter that calls ``handle`` with each event; the result True consumes the event."""

    def __init__(self, owner: QObject, handle: Callable[[QEvent], bool]) -> None:
        super().__init__(owner)
        self._handle = handle

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Pass an event to ``handle``."""
        return self._handle(event)


def timer(owner: QObject, ms: int, do: Callable[[], None], *, once: bool = True) -> QTimer:
    """Return a timer, not started, that calls ``do`` after ``ms``, ``once`` or repeatedly."""
    made = QTimer(owner, singleShot=once, interval=ms)
    made.timeout.connect(do)
    return made


def show_icon(button: QPushButton, name: str, colour: QColor) -> None:
    """Set a button's icon, as high as the ascent of its font, with a gap to the text if there is one."""
    side, gap = button.fontMetrics().ascent(), SPACING.hair if button.text() else 0
    behind = button.layoutDirection() is Qt.LayoutDirection.RightToLeft
    button.setIconSize(QSize(side + gap, side))
    button.setIcon(icons.icon_beside_text(name, side, gap, colour, behind=behind))


class ThemedIcon(QWidget):
    """Icon in a colour of the theme, as high as the ascent of the font.

    ``in_line``: the widget is as high as a line of text.
    """

    def __init__(
        self, theme: Theme, icon: tuple[str, str], size: float = SCALE.body, *, in_line: bool = False
    ) -> None:
        super().__init__()
        self._theme, self._size, self._in_line, self.icon = theme, size, in_line, icon
        refresh_with(self.measure, theme)

    def measure(self) -> None:
        """Adapt the size to the current font."""
        text = QFontMetrics(font(self._size))
        self.setFixedSize(text.ascent(), text.height() if self._in_line else text.ascent())

    def show_icon(self, icon: tuple[str, str], word: str = "") -> None:
        """Show the icon of this name and colour; repaint only if it changed. ``word``: text for screen readers."""
        self.setAccessibleName(word)
        if icon != self.icon:
            self.icon = icon
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the icon in the middle."""
        name, colour = self.icon
        side = self.width()
        place = QRectF(0, (self.height() - side) / 2, side, side)
        icons.draw(QPainter(self), name, place, self._theme.colour(colour))


_STATES: Final = {state: (state.value, state_colour(state)) for state in State}


class Shape(ThemedIcon):
    """Icon of a state of dictation."""

    def __init__(self, theme: Theme, state: State, size: float = SCALE.body) -> None:
        super().__init__(theme, _STATES[state], size)
        self.state = state

    def show_state(self, state: State, word: str) -> None:
        """Show this state and its word."""
        self.state = state
        self.show_icon(_STATES[state], word)


class LevelBar(QWidget):
    """Level meter drawn as a bar."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(sizePolicy=QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed))
        self._theme, self.level_dbfs = theme, LOWEST_DBFS
        self.setFixedHeight(SPACING.small)

    def show_level(self, level_dbfs: float) -> None:
        """Show a level; repaint only if the bar changes visibly."""
        if round(loudness(level_dbfs), 2) != round(loudness(self.level_dbfs), 2):
            self.update()
        self.level_dbfs = level_dbfs

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the track, filled up to the level."""
        paint_bar(smooth_painter(self), self._theme, QRectF(self.rect()), loudness(self.level_dbfs))


def control_height() -> int:
    """Return the height of fields and buttons, in pixels."""
    return QFontMetrics(font()).height() + 2 * SPACING.small + 2


def fit_longest_name(button: QPushButton, names: Iterable[str]) -> None:
    """Make the button as wide as the longest of these names, so that changing the name moves no neighbour."""
    button.setMinimumWidth(0)
    shown, widest = button.text(), 0
    for name in names:
        button.setText(name)
        widest = max(widest, button.sizeHint().width())
    button.setText(shown)
    button.setMinimumWidth(widest)


def keep_room(control: QWidget) -> None:
    """Reserve the control's space while it is hidden, so that its neighbours do not move."""
    policy = control.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    control.setSizePolicy(policy)


def reveal(control: QWidget, shown: bool, successor: QWidget) -> None:
    """Show or hide a control; if it loses the focus, ``successor`` gets it, not the next control."""
    if not shown and control.hasFocus():
        successor.setFocus()
    control.setVisible(shown)


def enable(control: QWidget, enabled: bool) -> None:
    """Enable or disable a control; if disabling took its focus, return it, unless another control has it now."""
    if not enabled and control.hasFocus():
        control.clearFocus()  # otherwise Qt would move it to the next control, even of another card
        control.setProperty(_LOST_FOCUS, True)
    control.setEnabled(enabled)
    if enabled and control.property(_LOST_FOCUS):
        control.setProperty(_LOST_FOCUS, None)
        if control.window().focusWidget() is None:
            control.setFocus()


def smooth_painter(widget: QWidget) -> QPainter:
    """Return a painter with antialiasing, and with reduced opacity while the widget is disabled."""
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(1.0 if widget.isEnabled() else _DISABLED)
    return painter


def paint_round(
    painter: QPainter,
    place: QRectF,
    radius: float,
    fill: QColor | Qt.BrushStyle,
    edge: QColor | None = None,
    width: float = 1.0,
) -> None:
    """Paint a rectangle with round corners, with an outline if an ``edge`` colour is given."""
    painter.setPen(Qt.PenStyle.NoPen if edge is None else QPen(edge, width))
    painter.setBrush(fill)
    painter.drawRoundedRect(place, radius, radius)


def paint_bar(painter: QPainter, theme: Theme, track: QRectF, share: float, colour: str = "accent") -> None:
    """Paint a bar with round ends, filled in this colour up to ``share`` (0 to 1)."""
    radius = track.height() / 2
    paint_round(painter, track, radius, theme.colour("accent_soft"))
    if share:
        across = max(track.height(), track.width() * share)
        filled = QRectF(track.topLeft(), QSizeF(across, track.height()))
        paint_round(painter, filled, radius, theme.colour(colour))


def paint_text(
    painter: QPainter,
    place: QRectF,
    text: str,
    text_font: QFont,
    colour: QColor,
    side: Qt.AlignmentFlag | Qt.TextFlag = Qt.AlignmentFlag.AlignVCenter,
) -> None:
    """Paint a text in one line, aligned by ``side``; letters of a higher fallback font are not clipped."""
    painter.setFont(text_font)
    painter.setPen(colour)
    painter.drawText(place, side | Qt.TextFlag.TextDontClip, text)


def paint_elided(
    painter: QPainter,
    place: QRectF,
    text: str,
    text_font: QFont,
    colour: QColor,
    side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignVCenter,
) -> None:
    """Paint as much of a text as fits into one line, with an ellipsis if it is cut."""
    shown = QFontMetrics(text_font).elidedText(text, Qt.TextElideMode.ElideRight, int(place.width()))
    paint_text(painter, place, shown, text_font, colour, side)


def paint_icon(painter: QPainter, name: str, left: float, middle: float, side: float, colour: QColor) -> None:
    """Paint a square icon with its left edge at ``left``, vertically centred at ``middle``."""
    icons.draw(painter, name, QRectF(left, middle - side / 2, side, side), colour)


def paint_line(painter: QPainter, start: QPointF, end: QPointF, colour: QColor, width: float = 1.0) -> None:
    """Paint a straight line."""
    painter.setPen(QPen(colour, width))
    painter.drawLine(start, end)


def paint_box(widget: QWidget, theme: Theme) -> None:
    """Paint the background of a widget, with an outline."""
    place = QRectF(widget.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
    paint_round(smooth_painter(widget), place, RADII.small, theme.colour("surface"), theme.colour("edge"))


def paint_focus(painter: QPainter, widget: QWidget, theme: Theme, radius: float, inset: float = 0.0) -> None:
    """Paint the focus ring if the widget has the focus."""
    if widget.hasFocus():
        place = QRectF(widget.rect()).adjusted(inset, inset, -inset, -inset)
        paint_ring(painter, place, theme.colour("accent"), radius)


def paint_frame(painter: QPainter, widget: QWidget, theme: Theme) -> None:
    """Paint the outline of a field, wider with the focus."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    focused = widget.hasFocus()
    inset = 1.0 if focused else 0.5
    colour = theme.colour("accent" if focused or widget.underMouse() else "edge")
    paint_round(
        painter,
        QRectF(widget.rect()).adjusted(inset, inset, -inset, -inset),
        RADII.small,
        theme.colour("surface"),
        colour,
        _RING if focused else 1.0,
    )


def paint_choice(widget: QWidget, theme: Theme, text: str) -> None:
    """Paint a closed drop-down list: a field with a text and a chevron."""
    painter, height, side = smooth_painter(widget), float(widget.height()), float(QFontMetrics(font()).ascent())
    paint_frame(painter, widget, theme)
    left = widget.width() - side - SPACING.small
    paint_icon(painter, "chevron", left, height / 2, side, theme.colour("muted"))
    words = QRectF(SPACING.medium, 0, int(left) - SPACING.medium - SPACING.small, height)
    paint_elided(painter, words, text, font(), theme.colour("text"))


def paint_ring(painter: QPainter, around: QRectF, colour: QColor, radius: float) -> None:
    """Paint the focus ring around a rectangle."""
    paint_round(painter, around.adjusted(1, 1, -1, -1), radius, Qt.BrushStyle.NoBrush, colour, _RING)


_BAR: Final = 6


class FileProgressBar(QProgressBar):
    """Progress bar, in a muted colour while it does not move."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(textVisible=False)
        self._theme, self.moving = theme, False
        self.setFixedHeight(_BAR)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_percent(self, percent: int, name: str, *, moving: bool) -> None:
        """Show ``percent``; ``name`` is the accessible name of the bar."""
        self.moving = moving
        self.setAccessibleName(name)
        self.setValue(percent)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the track, filled up to the percentage."""
        share, colour = self.value() / self.maximum(), "accent" if self.moving else "edge"
        paint_bar(smooth_painter(self), self._theme, QRectF(self.rect()), share, colour)


_LOUD_DBFS: Final = -6.0


def loudness(level_dbfs: float) -> float:
    """Return a level as a length from 0 (silent) to 1 (loud)."""
    return min(1.0, max(0.0, (level_dbfs - LOWEST_DBFS) / (_LOUD_DBFS - LOWEST_DBFS)))
