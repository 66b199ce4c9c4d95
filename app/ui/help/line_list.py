"""Lists of one-line rows that consist of painted cells instead of widgets, and their model."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QPlainTextEdit,
    QStyle,
    QStyledItemDelegate,
)
from PySide6.QtWidgets import (
    QStyleOptionViewItem as Option,
)

from app.ui.strings.texts import Texts
from app.ui.theme.theme import RADII, SCALE, SPACING, Theme, font, letter_width
from app.ui.widgets.basic import Card, paint_elided, paint_ring, refresh_with
from app.ui.widgets.parts import CARD, SPACE, Part, label, remark, vertical, worded

Index = QModelIndex | QPersistentModelIndex

_BAR: Final = 3.0
_GAP: Final = SPACING.medium


@dataclass(frozen=True)
class Cell:
    """Text in a colour.

    ``letters``: width in average letters; 0 takes the remaining width. ``right``: align to the right.
    """

    text: str
    colour: str = "text"
    letters: int = 0
    right: bool = False


class RowDelegate(QStyledItemDelegate):
    """Painter of rows that consist of cells.

    ``cells``: function from a row number to its cells. All rows have the same height.
    """

    def __init__(self, theme: Theme, cells: Callable[[int], Sequence[Cell]]) -> None:
        super().__init__()
        self._theme, self._cells = theme, cells

    def sizeHint(self, option: Option, index: Index) -> QSize:
        """Return the height of one line."""
        metrics = QFontMetrics(font(SCALE.caption))
        return QSize(letter_width(metrics) * 20, metrics.height() + SPACING.small)

    def paint(self, painter: QPainter, option: Option, index: Index) -> None:
        """Paint the cells of a row; a selected row has a bar, so that colour is not the only sign."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(place, self._theme.colour("accent_soft"))
            painter.fillRect(place.adjusted(0, 0, _BAR - place.width(), 0), self._theme.colour("accent"))
        if option.state & QStyle.StateFlag.State_HasFocus:
            paint_ring(painter, place, self._theme.colour("accent"), RADII.small)
        self._draw(painter, place.adjusted(SPACING.medium, 0, -SPACING.small, 0), self._cells(index.row()))
        painter.restore()

    def _draw(self, painter: QPainter, place: QRectF, cells: Sequence[Cell]) -> None:
        text_font = font(SCALE.caption)
        letter = letter_width(QFontMetrics(text_font))
        fixed = sum(cell.letters * letter + _GAP for cell in cells if cell.letters)
        left = place.left()
        for cell in cells:
            across = cell.letters * letter if cell.letters else max(0.0, place.width() - fixed)
            side = Qt.AlignmentFlag.AlignRight if cell.right else Qt.AlignmentFlag.AlignLeft
            room, ink = QRectF(left, place.top(), across, place.height()), self._theme.colour(cell.colour)
            paint_elided(painter, room, cell.text, text_font, ink, side | Qt.AlignmentFlag.AlignVCenter)
            left += across + _GAP


class RowListView(QListView):
    """List view that is ``lines`` rows high, unless ``fit`` makes it lower."""

    def __init__(self, theme: Theme, lines: int) -> None:
        super().__init__(uniformItemSizes=True, layoutMode=QListView.LayoutMode.SinglePass)
        self._lines = self._most = lines
        self.setObjectName("rows")
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        refresh_with(self.refresh, theme)

    def draw(self, model: QAbstractListModel, delegate: RowDelegate) -> None:
        """Show the rows of a model with this painter."""
        self._delegate = delegate  # Qt holds no reference to it
        self.setModel(model)
        self.setItemDelegate(delegate)

    def refresh(self) -> None:
        """Update the height to the current font size."""
        line = QFontMetrics(font(SCALE.caption)).height() + SPACING.small
        self.setFixedHeight(line * self._lines + 2 * SPACING.hair)
        self.doItemsLayout()

    def fit(self, count: int) -> None:
        """Set the height to ``count`` rows, at most the initial number."""
        lines = max(1, min(count, self._most))
        if lines != self._lines:
            self._lines = lines
            self.refresh()


class ReadOnlyText(QPlainTextEdit):
    """Read-only text to read and copy, ``lines`` lines high."""

    def __init__(self, theme: Theme, lines: int) -> None:
        selects = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        super().__init__(readOnly=True, undoRedoEnabled=False, textInteractionFlags=selects)
        self._lines = lines
        refresh_with(self.refresh, theme)

    def refresh(self) -> None:
        """Update font and height to the current font size."""
        self.setFont(font(SCALE.caption))
        self.setFixedHeight(QFontMetrics(font(SCALE.caption)).lineSpacing() * self._lines + 3 * SPACING.small)

    def show_text(self, text: str) -> None:
        """Show ``text`` from its start; keep the scroll position if it is the same text."""
        if text != self.toPlainText():
            self.setPlainText(text)


Row = tuple[Sequence[Cell], str]
"""Cells of the row, and its screen reader text."""

ROOT: Final = QModelIndex()


class RowModel(QAbstractListModel):
    """Model of a short list of rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []

    def show_rows(self, rows: list[Row]) -> None:
        """Replace all rows; keep the selection if their number is the same."""
        if rows == self._rows:
            return
        if len(rows) == len(self._rows):
            self._rows = rows
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def cells(self, place: int) -> Sequence[Cell]:
        """Return the cells of the row at ``place``."""
        return self._rows[place][0]

    def rowCount(self, parent: Index = ROOT) -> int:
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text that a screen reader reads for the row."""
        if index.isValid() and role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._rows[index.row()][1]
        return None


class ListCard(Card):
    """Card with a heading, an explanation, a list, and the text of the selected rows.

    Keys of its texts: ``KEY.says``, ``KEY.list``, ``KEY.text``, and ``heading`` or ``KEY.name``.
    """

    def __init__(self, theme: Theme, texts: Texts, key: str, *, rows: int, lines: int, heading: str = "") -> None:
        super().__init__()
        self._texts = texts
        self.heading = worded(texts, label(bold=True), heading or f"{key}.name")
        self.description = worded(texts, remark(), f"{key}.says")
        self.list = worded(texts, RowListView(theme, rows), accessibleName=f"{key}.list")
        self.text = worded(texts, ReadOnlyText(theme, lines), accessibleName=f"{key}.text")

    def words(self) -> Iterable[str]:
        """Return the texts by which the search of the settings finds this card."""
        return self.heading.text(), self.description.text()

    def lay_out(self, *parts: Part) -> None:
        """Lay out the card with these parts below each other."""
        vertical(*parts, SPACE, within=self, margins=CARD, gap=SPACING.medium)


class RowsCard(ListCard):
    """Card whose list consists of rows."""

    def __init__(self, theme: Theme, texts: Texts, key: str, *, rows: int, lines: int, heading: str = "") -> None:
        super().__init__(theme, texts, key, rows=rows, lines=lines, heading=heading)
        self.model = RowModel(self)
        self.list.draw(self.model, RowDelegate(theme, self.model.cells))

    def show_rows(self, rows: list[Row]) -> None:
        """Show these rows; hide the list if there are none."""
        self.model.show_rows(rows)
        self.list.setVisible(bool(rows))
        self.list.fit(len(rows))
