"""Find parts of a window that users could not read or reach; each function returns violations of a rule."""

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QFontMetrics, QTextDocumentFragment
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QButtonGroup,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QScrollBar,
    QTextEdit,
    QWidget,
)

from app.ui.widgets.parts import Elided

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
)
_FOCUS = 2
"""Pixels of its padding that the focus ring of a button takes."""


def unnamed(root: QWidget) -> list[str]:
    """Return controls without a name for screen readers."""
    return [_described(control) for control in _seen(root) if _is_control(control) and not _name(control)]


def unreachable(root: QWidget) -> list[str]:
    """Return controls that the Tab key skips; of a group of choices one reachable control is enough."""
    wanted = [control for control in _seen(root) if _is_control(control) and control.isEnabled()]
    return [_described(one) for one in wanted if not _takes_tab(one) and one.focusProxy() is None]


def cut(root: QWidget) -> list[str]:
    """Return texts and controls with too little room, and those that stick out at the side of their container."""
    small = filter(_too_small, _seen(root))
    narrow = [f"{_described(one)} has {size(one)}, needs {size(_needs(one))}" for one in small]
    wide = [f"{_described(one)} sticks out" for one in _seen(root) if _is_text(one) and _sticks_out(one)]
    return narrow + wide


def scrolling(root: QWidget) -> list[str]:
    """Return scroll areas that scroll sideways or are nested, and more than one that scrolls vertically.

    Lists and text fields may scroll by themselves, as controls do.
    """
    areas = [one for one in (root, *_seen(root)) if isinstance(one, QAbstractScrollArea)]
    pages = [one for one in areas if isinstance(one, QScrollArea)]
    wide = [f"{_described(one)} scrolls sideways" for one in areas if one.horizontalScrollBar().maximum() > 0]
    inner = [f"{_described(one)} is in another scroll area" for one in pages if _is_nested(one, root)]
    high = [one for one in pages if one.verticalScrollBar().maximum() > 0]
    many = [f"{len(high)} areas scroll: {', '.join(map(_inside, high))}"] if len(high) > 1 else []
    narrow = [f"{_inside(one)} needs {needed}" for one in pages if (needed := _needs_across(one))]
    return wide + inner + many + narrow


def _is_nested(area: QWidget, root: QWidget) -> bool:
    around = area.parentWidget()
    while area is not root and around is not None and not isinstance(around, QScrollArea):
        around = None if around is root else around.parentWidget()
    return area is not root and isinstance(around, QScrollArea)


def _needs_across(area: QScrollArea) -> int:
    """Return the width that the contents need if the area is narrower, else 0."""
    inside = area.widget()
    needed = inside.minimumSizeHint().width() if inside is not None else 0
    return needed if needed > area.viewport().width() else 0


def _inside(area: QScrollArea) -> str:
    return type(area.widget()).__name__


def _described(widget: QWidget) -> str:
    """Describe the widget for a message."""
    text = widget.text() if isinstance(widget, QLabel | QAbstractButton) else ""
    return f"{type(widget).__name__} {(text or widget.accessibleName())[:60]!r}"


def size(of: QWidget | QSize) -> str:
    """Format a size for messages."""
    return f"{of.width()}x{of.height()}"


def _seen(root: QWidget) -> Iterator[QWidget]:
    """Yield the visible widgets of this window, without internal widgets of Qt."""
    for widget in root.findChildren(QWidget):
        inside = widget.parentWidget()
        of_qt = widget.objectName().startswith("qt_") or isinstance(
            inside, QComboBox | QAbstractSpinBox | QLineEdit
        )
        if widget.isVisibleTo(root) and widget.window() is root.window() and not of_qt:
            yield widget


def _is_control(widget: QWidget) -> bool:
    if isinstance(widget, QScrollBar) or (isinstance(widget, QAbstractButton) and not widget.parentWidget()):
        return False
    return isinstance(widget, CONTROLS)


def _is_text(widget: QWidget) -> bool:
    return isinstance(widget, QLabel | QAbstractButton | QComboBox | QLineEdit)


def _name(control: QWidget) -> str:
    return control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")


def _takes_tab(control: QWidget) -> bool:
    if isinstance(control, QAbstractScrollArea):
        return True
    return any(one.focusPolicy() & Qt.FocusPolicy.TabFocus for one in _choices(control))


def _choices(control: QWidget) -> list[QWidget]:
    """Return the exclusive choices that include this control: the arrow keys move between them."""
    inside = control.parentWidget()
    for group in control.window().findChildren(QButtonGroup):
        if group.exclusive() and control in group.buttons():
            return list(group.buttons())
    if inside is None or not isinstance(control, QAbstractButton) or not control.autoExclusive():
        return [control]
    return [one for one in inside.findChildren(QAbstractButton) if one.autoExclusive() and one.parent() is inside]


def _too_small(widget: QWidget) -> bool:
    needed = _needs(widget)
    return widget.width() < needed.width() or widget.height() < needed.height()


def _needs(widget: QWidget) -> QSize:
    """Return the minimum size for the widget's text, and at least the width that it asks for."""
    least = widget.minimumSizeHint().width() - _FOCUS
    return _needs_of_text(widget).expandedTo(QSize(least, 0))


def _needs_of_text(widget: QWidget) -> QSize:
    metrics = QFontMetrics(widget.font())
    if isinstance(widget, Elided):
        return QSize(0, metrics.height())
    if isinstance(widget, QLabel):
        return _needs_of_label(widget, metrics)
    if isinstance(widget, QPushButton):
        icon = 0 if widget.icon().isNull() else widget.iconSize().width() + 4
        return QSize(metrics.horizontalAdvance(widget.text()) + icon, metrics.height())
    if isinstance(widget, QAbstractButton):
        return QSize(metrics.horizontalAdvance(widget.text()), metrics.height() if widget.text() else 0)
    if isinstance(widget, QComboBox):
        most = metrics.averageCharWidth() * 40  # longer names are shortened, but complete in the list
        return QSize(
            min(most, metrics.horizontalAdvance(widget.currentText())) + metrics.height(), metrics.height()
        )
    if isinstance(widget, QLineEdit):
        return QSize(metrics.horizontalAdvance(widget.placeholderText()), metrics.height())
    return QSize(0, 0)


def _needs_of_label(label: QLabel, metrics: QFontMetrics) -> QSize:
    text = label.text()
    if label.textFormat() == Qt.TextFormat.RichText:
        text = QTextDocumentFragment.fromHtml(text).toPlainText()
    if not text or (label.toolTip() and "…" in text):
        return QSize(0, 0)
    if label.wordWrap():
        words = max((metrics.horizontalAdvance(word) for word in text.split()), default=0)
        unbroken = words if text.isascii() else 0  # Chinese breaks anywhere
        return QSize(unbroken, label.heightForWidth(label.width()))
    lines = text.split("\n")
    across = max(metrics.horizontalAdvance(line) for line in lines)
    return QSize(across, metrics.lineSpacing() * (len(lines) - 1) + metrics.height())


def _sticks_out(widget: QWidget) -> bool:
    """Return whether a part of the widget can never be seen, not even by scrolling."""
    around = widget.parentWidget()
    while around is not None and not isinstance(around, QScrollArea) and not around.isWindow():
        around = around.parentWidget()
    if around is None:
        return False
    if isinstance(around, QScrollArea):
        if around.horizontalScrollBar().maximum() > 0:
            return around.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        around = around.viewport()
    left = widget.mapTo(around, QPoint(0, 0)).x()
    return left < 0 or left + widget.width() > around.width()
