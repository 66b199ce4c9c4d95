"""Building blocks of pages: layouts, labels on the type scale, texts that follow the language, elided texts."""

from bisect import bisect_left
from html import escape
from typing import Final, NamedTuple, TypeVar

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QResizeEvent, QTextOption
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.ui.dictation.live_lines import MOST, lay_out, split_units, units
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SCALE_PROPERTY, SPACING, font
from runtime.terminal import LINES, printable

B = TypeVar("B", bound=QBoxLayout)
L = TypeVar("L", bound=QLayout)

Margins = int | tuple[int, int] | tuple[int, int, int, int]
"""Pixels: all sides; or (left and right, top and bottom); or (left, top, right, bottom)."""

CARD: Final = (SPACING.large, SPACING.medium)
"""Margins of a card."""


class Placed(NamedTuple):
    """Part of a layout, with its share of the free space and its alignment; without a part, empty space."""

    part: QWidget | QLayout | None
    share: int = 0
    alignment: Qt.AlignmentFlag = Qt.AlignmentFlag(0)
    pixels: int = 0


Part = QWidget | QLayout | Placed

SPACE: Final = Placed(None, 1)
"""Empty space that takes what the other parts leave."""


def stretched(part: QWidget | QLayout, share: int = 1) -> Placed:
    """Return a part that takes a share of the free space."""
    return Placed(part, share)


def aligned(part: QWidget, alignment: Qt.AlignmentFlag) -> Placed:
    """Return a part that keeps its own size, aligned within its space."""
    return Placed(part, 0, alignment)


def at_left(part: QWidget) -> Placed:
    """Return a part that keeps its own size, aligned to the left."""
    return aligned(part, Qt.AlignmentFlag.AlignLeft)


def delete_widget(part: QWidget, layout: QLayout | None = None) -> None:
    """Delete a widget, and remove it from the layout that holds it.

    Move the focus out of it first: Qt would move it to the next control, and scroll to that.
    """
    if layout is not None:
        layout.removeWidget(part)
    part.hide()
    part.deleteLater()


def room(pixels: int) -> Placed:
    """Return empty space of this size."""
    return Placed(None, pixels=pixels)


def horizontal(
    *parts: Part, within: QWidget | None = None, margins: Margins = 0, gap: int | None = SPACING.small
) -> QHBoxLayout:
    """Return a row of parts, the layout of the widget ``within`` if one is given.

    ``gap``: pixels between the parts; ``None``: that of the enclosing layout.
    """
    return _fill_layout(QHBoxLayout(), within, parts, margins, gap)


def vertical(
    *parts: Part, within: QWidget | None = None, margins: Margins = 0, gap: int | None = SPACING.small
) -> QVBoxLayout:
    """Return a column of parts, with the options of ``horizontal``."""
    return _fill_layout(QVBoxLayout(), within, parts, margins, gap)


def grid(
    *, stretched: int, gaps: tuple[int, int], within: QWidget | None = None, margins: Margins = 0
) -> QGridLayout:
    """Return an empty grid whose column ``stretched`` takes the free width.

    ``gaps``: pixels between columns and between rows.
    """
    layout = _with_margins(QGridLayout(), within, margins)
    layout.setHorizontalSpacing(gaps[0])
    layout.setVerticalSpacing(gaps[1])
    layout.setColumnStretch(stretched, 1)
    return layout


def _with_margins(layout: L, within: QWidget | None, margins: Margins) -> L:
    if within is not None:
        within.setLayout(layout)
    sides = (margins, margins) if isinstance(margins, int) else margins
    left, above, right, below = sides * 2 if len(sides) == 2 else sides
    layout.setContentsMargins(left, above, right, below)
    return layout


def _fill_layout(
    layout: B, within: QWidget | None, parts: tuple[Part, ...], margins: Margins, gap: int | None
) -> B:
    _with_margins(layout, within, margins)
    if gap is not None:
        layout.setSpacing(gap)
    fill(layout, *parts)
    return layout


def lay_beside(layout: QBoxLayout, beside: bool) -> None:
    """Arrange the parts of a layout beside each other, otherwise below each other."""
    direction = QBoxLayout.Direction
    layout.setDirection(direction.LeftToRight if beside else direction.TopToBottom)


def fill(layout: QBoxLayout, *parts: Part) -> None:
    """Add parts to a row or a column."""
    for one in parts:
        part, share, alignment, pixels = one if isinstance(one, Placed) else Placed(one)
        if isinstance(part, QWidget):
            layout.addWidget(part, share, alignment)
        elif part is not None:
            layout.addLayout(part, share)
        elif pixels:
            layout.addSpacing(pixels)
        else:
            layout.addStretch(share)


W = TypeVar("W", bound=QObject)

_LONGEST_TIP = 2_000
_LONGEST_WORD = 20


def label(
    text: str = "", *, size: float = SCALE.body, role: str = "", bold: bool = False, wraps: bool = False
) -> QLabel:
    """Return a label on the type scale; ``wraps``: with as many lines as the text needs."""
    made = QLabel(text, textFormat=Qt.TextFormat.PlainText, wordWrap=wraps)
    _scale(made, size, bold=bold)
    if role:
        made.setProperty("role", role)
    return made


def _scale(shown: QLabel, size: float, *, bold: bool) -> None:
    """Set the font size of a label on the type scale, which follows changes of the text size."""
    shown.setFont(font(size, QFont.Weight.DemiBold if bold else QFont.Weight.Normal))
    shown.setProperty(SCALE_PROPERTY, size)


def remark(role: str = "muted", *, selectable: bool = False) -> QLabel:
    """Return a label for small text that wraps; ``selectable``: the mouse can select it."""
    made = label(size=SCALE.caption, role=role, wraps=True)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def worded(texts: Texts, owner: W, text: str = "", **others: str) -> W:
    """Set texts of a widget or an action that follow the language, and return ``owner``.

    Keys are given by property, as in ``worded(texts, label(), "app.name", toolTip="app.says")``.
    """
    _Wording(texts, owner, {"text": text, **others} if text else others)
    return owner


class _Wording(QObject):
    """Updater of its parent's texts. ``keys``: key of the text by property."""

    def __init__(self, texts: Texts, owner: QObject, keys: dict[str, str]) -> None:
        super().__init__(owner)
        self._texts, self._keys = texts, keys
        texts.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        if (owner := self.parent()) is not None:
            for name, key in self._keys.items():
                owner.setProperty(name, self._texts(key))


def show_text(shown: QLabel | QAbstractButton, text: str, role: str | None = None) -> None:
    """Show a text, with this role if one is given; hide the widget if the text is empty."""
    if role is not None:
        set_role(shown, role)
    shown.setText(text)
    shown.setVisible(bool(text))


def set_caption(shown: QLabel | QAbstractButton, text: str, name: str) -> None:
    """Show a text, with a longer name for screen readers."""
    shown.setText(text)
    shown.setAccessibleName(name)


def describe(shown: QWidget, name: str, about: str) -> None:
    """Set the name and the description of a widget for screen readers."""
    shown.setAccessibleName(name)
    shown.setAccessibleDescription(about)


def set_visible(visible: bool, *parts: QWidget) -> None:
    """Show or hide all these parts."""
    for part in parts:
        part.setVisible(visible)


def set_role(shown: QWidget, role: str) -> None:
    """Set the role of a widget, which decides its colours."""
    if shown.property("role") != role:
        shown.setProperty("role", role)
        shown.style().polish(shown)


class Elided(QLabel):
    """Label on the type scale that shows the first or last lines of a text; the tool tip shows more."""

    def __init__(self, lines: int = 2, *, size: float = SCALE.body, bold: bool = False) -> None:
        super().__init__(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self._lines, self._whole, self._cut = lines, "", first_lines
        # Align right-to-left text to the left too, like names in other lists.
        self.setAlignment(
            Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        _scale(self, size, bold=bold)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_text(self, text: str, *, end: bool = False) -> None:
        """Show the beginning of a text, or its ``end``; the accessible name is the whole text."""
        self._whole, self._cut = text, last_lines if end else first_lines
        self.setAccessibleName(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the text again for the new width."""
        if event.size().width() != event.oldSize().width():
            self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Cut the text again for a new font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        shown = self._cut(self._whole, self.font(), self.contentsRect().width(), self._lines)
        self.setText(shown)
        self.setToolTip("" if shown == self._whole else tool_tip(self._whole[:_LONGEST_TIP]))


def first_lines(text: str, text_font: QFont, width: float, most: int) -> str:
    """Return the start of ``text`` that fits into ``most`` lines, with an ellipsis if it is cut.

    Only the visible part is laid out, so the cost does not depend on the length of the text.
    """
    start = text[:MOST].replace("\n", " ")
    layout = lay_out(start, text_font, width, most, wrap=QTextOption.WrapMode.WordWrap)  # as a label does
    lines = [layout.lineAt(number) for number in range(layout.lineCount())]
    long = next((line for line in lines if line.naturalTextWidth() > width), None)  # a word too long to break
    line = long or lines[-1]
    last, end = line.textStart(), line.textStart() + line.textLength()
    if not long and len(text) <= MOST and end == units(start):
        return start
    head, tail = split_units(start, last)
    shown = QFontMetricsF(text_font).elidedText(f"{tail}…", Qt.TextElideMode.ElideRight, width)[:-1].rstrip()
    while shown and not _fits(f"{head}{shown}…", text_font, width, most):  # beside some letters "…" is wider
        shown = shown[:-1].rstrip()
    return f"{head}{shown}…"


def last_lines(text: str, text_font: QFont, width: float, most: int) -> str:
    """Return the end of ``text`` that fits into ``most`` lines, with an ellipsis if it is cut."""
    end = text[-MOST:].replace("\n", " ")

    def from_start(start: int) -> str:
        return f"…{end[start:].lstrip(' …')}" if start or len(text) > MOST else end

    def fits(start: int) -> bool:
        return _fits(from_start(start), text_font, width, most)

    start = bisect_left(range(len(end)), True, key=fits)
    space = end.find(" ", start - 1, min(start + _LONGEST_WORD, len(end) - 1)) if start else 0
    return from_start(max(start, space))


def _fits(text: str, text_font: QFont, width: float, most: int) -> bool:
    """Return whether a label shows the whole text in ``most`` lines."""
    layout = lay_out(text, text_font, width, most, wrap=QTextOption.WrapMode.WordWrap)
    last = layout.lineAt(layout.lineCount() - 1)
    return last.textStart() + last.textLength() == units(text)


def tool_tip(text: str) -> str:
    """Return a tool tip that shows ``text`` literally; Qt would render text that resembles HTML as markup."""
    shown = printable(text, LINES)
    if "<" not in shown:
        return shown
    return f"<qt>{escape(shown).replace(chr(10), '<br>')}</qt>"


def menu_name(text: str) -> str:
    """Return ``text`` as a menu entry, in which "&" would otherwise mark a shortcut."""
    return printable(text).replace("&", "&&")
