"""Controls: fields, drop-down lists, and checkable buttons such as options, switches and ticks."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QComboBox, QLineEdit, QSizePolicy, QWidget

from app.ui.strings.texts import Texts
from app.ui.theme import icons
from app.ui.theme.theme import RADII, SPACING, Theme, font, letter_width
from app.ui.widgets.basic import (
    ThemedIcon,
    action_button,
    control_height,
    paint_box,
    paint_choice,
    paint_focus,
    paint_round,
    paint_text,
    refresh_with,
    show_icon,
    smooth_painter,
)
from app.ui.widgets.panels import FlowRow
from app.ui.widgets.parts import SPACE, describe, horizontal, vertical, worded

_MOST: Final = 32_767


class Field(QLineEdit):
    """Field for at most ``most`` characters, as high as a button."""

    def __init__(self, theme: Theme, most: int = _MOST) -> None:
        super().__init__(maxLength=most)
        refresh_with(self.fit, theme)

    def fit(self) -> None:
        """Adapt to the current font and the height of buttons."""
        self.setFont(font())
        self.setMinimumHeight(control_height())


class SearchField(Field):
    """Search field, named by the text ``key``, with a magnifying glass if it is ``marked``.

    ``clear``: key of the text of a button that empties the field; Esc then empties it too.
    """

    def __init__(
        self, theme: Theme, texts: Texts, key: str, *, clear: str = "", most: int = _MOST, marked: bool = False
    ) -> None:
        self._theme, self._clears = theme, bool(clear)
        self.mark = ThemedIcon(theme, ("search", "muted")) if marked else None
        self.empty = action_button(self._empty, "icon")
        super().__init__(theme, most)
        worded(texts, self, placeholderText=key, accessibleName=key)
        if clear:
            worded(texts, self.empty, accessibleName=clear, toolTip=clear)
        self.empty.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.empty.hide()
        horizontal(
            *filter(None, [self.mark]), SPACE, self.empty, within=self, margins=(SPACING.small, 0, 0, 0), gap=0
        )
        self.textChanged.connect(lambda text: self.empty.setVisible(self._clears and bool(text)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Empty the field on Esc."""
        if self._clears and self.text() and event.key() == Qt.Key.Key_Escape:
            self.clear()
        else:
            super().keyPressEvent(event)

    def _empty(self) -> None:
        self.clear()
        self.setFocus()

    def fit(self) -> None:
        """Adapt to the current font and colours, and leave room for the icons."""
        super().fit()
        show_icon(self.empty, "cancel", self._theme.colour("muted"))
        room = QFontMetrics(font()).ascent() + SPACING.small
        self.setTextMargins(room if self.mark else 0, 0, room if self._clears else 0, 0)


LONGEST_CHOICE: Final = 44
"""Maximum width of a closed list, in average letters."""


class DropDown(QComboBox):
    """Drop-down list drawn like the buttons; the mouse wheel scrolls the page instead of changing the value."""

    def __init__(self, theme: Theme) -> None:
        fits = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        super().__init__(sizeAdjustPolicy=fits, minimumContentsLength=12)
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return a size as high as a button."""
        return QSize(super().sizeHint().width(), control_height())

    def minimumSizeHint(self) -> QSize:
        """Return the height of a button and a width that fits all entries up to a limit."""
        metrics = QFontMetrics(font())
        widest = max((metrics.horizontalAdvance(self.itemText(row)) for row in range(self.count())), default=0)
        widest = min(widest, letter_width(metrics) * LONGEST_CHOICE)
        return QSize(widest + metrics.height() + SPACING.wide + SPACING.hair, control_height())

    def show_entries(self, entries: Sequence[tuple[str, str]], chosen: str) -> None:
        """Show values with their texts and select one.

        Equal entries are not replaced, because that would close an open list.
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


BAR = 3.0
"""Thickness of the bar on a chosen button."""


class CheckableButton(QAbstractButton):
    """Checkable button that emits ``clicked`` also if assistive technology checks it.

    Qt only toggles a checkable button for assistive technology, and emits no click.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__(checkable=True)
        self._theme = theme
        self._own = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.toggled.connect(self._follow)

    def minimumSizeHint(self) -> QSize:
        """Return the full size, because a cut text would be unreadable."""
        return self.sizeHint()

    def setChecked(self, checked: bool) -> None:
        """Check or uncheck the button without a click."""
        self._own = True
        super().setChecked(checked)
        self._own = False

    def nextCheckState(self) -> None:
        """Change the state at a click, which Qt itself reports."""
        self._own = True
        super().nextCheckState()
        self._own = False

    def _follow(self, checked: bool) -> None:
        """Emit ``clicked`` for a change by assistive technology."""
        if not self._own and (checked or not self._is_one_of_many()):
            self.clicked[bool].emit(checked)  # type: ignore[index] # the stubs know no overloads

    def _is_one_of_many(self) -> bool:
        """Return whether checking another button unchecks this one."""
        group: QButtonGroup | None = self.group()
        return self.autoExclusive() or (group is not None and group.exclusive())


class NavigationButton(CheckableButton):
    """Base class of navigation buttons, which have a background and a bar while they are chosen.

    A subclass defines its size and the place of the bar, and paints its name. ``hover``: background under the
    pointer.
    """

    hover = "sunken"

    def bar(self) -> QRectF:
        """Return the place of the bar."""
        raise NotImplementedError

    def paint_name(self, painter: QPainter) -> None:
        """Paint the name on the background."""
        raise NotImplementedError

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint background, bar, name and focus ring."""
        painter = smooth_painter(self)
        chosen, place = self.isChecked(), QRectF(self.rect())
        if chosen or self.underMouse():
            paint_round(painter, place, RADII.small, self._theme.colour("accent_soft" if chosen else self.hover))
        if chosen:
            paint_round(painter, self.bar(), BAR / 2, self._theme.colour("accent"))
        self.paint_name(painter)
        paint_focus(painter, self, self._theme, RADII.small)


_FRAME: Final = 2
"""Pixels between the outline and the options."""


class OptionButton(CheckableButton):
    """Button of an option; the chosen one has an outline and a background."""

    def __init__(self, theme: Theme, value: str) -> None:
        super().__init__(theme)
        self.value = value
        self.setAutoExclusive(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the size of the text with its margins."""
        across = QFontMetrics(font()).horizontalAdvance(self.text()) + 2 * SPACING.medium
        return QSize(across, control_height() - 2 * _FRAME)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text, with an outline if chosen."""
        painter = smooth_painter(self)
        place, chosen = QRectF(self.rect()), self.isChecked()
        if chosen or self.underMouse():
            edge = self._theme.colour("accent") if chosen else None
            ground = self._theme.colour("accent_soft" if chosen else "sunken")
            paint_round(painter, place.adjusted(0.5, 0.5, -0.5, -0.5), RADII.small - 1, ground, edge)
        paint_text(painter, place, self.text(), font(), self._theme.colour("text"), Qt.AlignmentFlag.AlignCenter)
        paint_focus(painter, self, self._theme, RADII.small - 1)


class OptionButtons(QWidget):
    """Row of options of which one is chosen; it wraps if it is too narrow.

    ``chosen``: emitted with the value of an option that the user chooses.
    """

    chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__(
            focusPolicy=Qt.FocusPolicy.StrongFocus,
            sizePolicy=QSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed),
        )
        self._theme = theme
        self.buttons: list[OptionButton] = []
        self._row = FlowRow((), gap=_FRAME)
        vertical(self._row, within=self, margins=_FRAME, gap=None)

    def show_entries(self, entries: Sequence[tuple[str, str]], chosen: str) -> None:
        """Show values with their texts, and select one."""
        if [one.value for one in self.buttons] != [value for value, _ in entries]:
            self._make([value for value, _ in entries])
        for button, (value, text) in zip(self.buttons, entries, strict=True):
            button.setText(text)
            button.setChecked(value == chosen)
            if value == chosen:
                self.setFocusProxy(button)
        self._row.arrange()
        self.updateGeometry()
        self.describe(self.accessibleName(), self.accessibleDescription())

    def describe(self, name: str, about: str) -> None:
        """Name the choice and each option for screen readers."""
        describe(self, name, about)
        for button in self.buttons:
            describe(button, f"{name}: {button.text()}" if name else button.text(), about)

    @property
    def across(self) -> int:
        """Width of all options in one row."""
        widths = [one.sizeHint().width() + _FRAME for one in self.buttons]
        return sum(widths) + _FRAME

    def sizeHint(self) -> QSize:
        """Return the width of all options in one row."""
        return QSize(self.across, super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the outline of the row."""
        paint_box(self, self._theme)

    def _make(self, values: Sequence[str]) -> None:
        for button in self.buttons:
            button.deleteLater()
        self.buttons = [OptionButton(self._theme, value) for value in values]
        self._row.hold(self.buttons)
        for button in self.buttons:
            button.clicked.connect(lambda _, value=button.value: self.chosen.emit(value))


_BOX: Final = 2.0


class Switch(CheckableButton):
    """Switch without text, for use next to a label."""

    def sizeHint(self) -> QSize:
        """Return a size as high as a line of text."""
        height = QFontMetrics(font()).height() + SPACING.hair
        return QSize(round(height * 1.8) + SPACING.small, height + SPACING.small)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a track with a knob, which is on the right and filled when on."""
        painter, colour, on = smooth_painter(self), self._theme.colour, self.isChecked()
        track = QRectF(self.rect()).adjusted(3.5, 3.5, -3.5, -3.5)
        edge = colour("accent" if on else "edge")
        paint_round(painter, track, track.height() / 2, colour("accent" if on else "sunken"), edge)
        side = track.height() - 6
        knob = QRectF(track.right() - 3 - side if on else track.left() + 3, track.top() + 3, side, side)
        paint_round(painter, knob, side / 2, colour("on_accent" if on else "edge"))
        paint_focus(painter, self, self._theme, self.height() / 2)


class TickButton(CheckableButton):
    """Toggle button for one of several independent options, filled and ticked when selected."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        refresh_with(self.refresh, theme)

    def refresh(self) -> None:
        """Adapt to the current font."""
        self.setFont(font())

    def sizeHint(self) -> QSize:
        """Return a size with room for the tick, so that ticking moves no other control."""
        text = self.fontMetrics()
        across = text.horizontalAdvance(self.text()) + text.ascent() + SPACING.small
        return QSize(across + 2 * SPACING.medium, control_height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint outline, tick, text and focus ring."""
        painter = smooth_painter(self)
        on, side = self.isChecked(), float(self.fontMetrics().ascent())
        edge = self._theme.colour("accent" if on or self.underMouse() else "edge")
        outline = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        paint_round(painter, outline, RADII.small, self._theme.colour("accent_soft" if on else "surface"), edge)
        mark = QRectF(SPACING.medium + 0.5, (self.height() - side) // 2 + 0.5, side - 1, side - 1)
        paint_round(painter, mark, _BOX, self._theme.colour("accent" if on else "surface"), edge)
        if on:
            inside = mark.adjusted(_BOX, _BOX, -_BOX, -_BOX)
            icons.draw(painter, "done", inside, self._theme.colour("on_accent"))
        place = QRectF(self.rect().adjusted(int(mark.right()) + SPACING.small, 0, 0, 0))
        paint_text(painter, place, self.text(), self.font(), self._theme.colour("text"))
        paint_focus(painter, self, self._theme, RADII.small)
