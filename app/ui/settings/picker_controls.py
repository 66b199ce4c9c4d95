"""Controls for settings whose values have names: one of a searchable list, or several as chips."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QPushButton, QSizePolicy, QWidget

from app.ui.settings.controls import Asks, SettingControl, usual_width
from app.ui.settings.picker import Picker
from app.ui.settings.picker_entries import PickerEntry, with_unknown
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SPACING, Theme, font, letter_width
from app.ui.widgets.basic import control_height, paint_choice
from app.ui.widgets.flow_layout import ChipRow
from app.ui.widgets.parts import label, worded

Entries = Callable[[], Sequence[PickerEntry]]
"""Returns the entries with their names in the current language."""

_LONGEST_NAME: Final = 44


class PickerField(QAbstractButton):
    """Button drawn as a drop-down list: the chosen name and a chevron."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return a size that fits the name, up to a limit."""
        metrics = QFontMetrics(font())
        across = min(metrics.horizontalAdvance(self.text()), letter_width(metrics) * _LONGEST_NAME)
        return QSize(max(usual_width(), across + metrics.height() + SPACING.huge), control_height())

    def minimumSizeHint(self) -> QSize:
        """Return the usual size, so that neighbours stay where they are."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a field with the name and a chevron."""
        paint_choice(self, self._theme, self.text())


class PickOneControl(SettingControl):
    """Field that opens a searchable list, for a setting with one of many values."""

    def __init__(self, theme: Theme, texts: Texts, entries: Entries, asks: Asks) -> None:
        self.field = PickerField(theme)
        super().__init__(self.field, asks)
        self._entries, self._name = entries, ""
        self.picker = _OnDemand(theme, texts, self.field, self._picked)
        self.column.addWidget(self.field)
        self.field.clicked.connect(self._open)

    def refresh(self) -> None:
        """Show the name of the value in effect in the current language."""
        entries = with_unknown(self._entries(), (self._value,))
        self.field.setText(next(entry.name for entry in entries if entry.value == self._value))
        self.field.updateGeometry()
        self.field.update()
        self.describe(self._name, self.field.accessibleDescription())

    def describe(self, name: str, about: str) -> None:
        """Name the setting and its value for screen readers."""
        self._name = name
        super().describe(f"{name}: {self.field.text()}" if name else "", about)

    def _open(self) -> None:
        self.picker.toggle(with_unknown(self._entries(), (self._value,)), (self._value,), self._name)

    def _picked(self, value: str) -> None:
        self.picker.close()
        self.asks(value)


class PickSeveralControl(SettingControl):
    """Chips of the chosen values, and a button that opens a searchable list with check marks."""

    high = True

    def __init__(self, theme: Theme, texts: Texts, entries: Entries, asks: Asks, empty: Callable[[], str]) -> None:
        self.add, self.none = worded(texts, QPushButton(), "settings.picker.add"), label(role="muted")
        super().__init__(self.add, asks)
        self._texts, self._entries, self._empty = texts, entries, empty
        self._value, self._name = (), ""
        self.row = ChipRow(theme, self._toggle, (self.none, self.add))
        self.picker = _OnDemand(theme, texts, self.add, self._toggle)
        self.column.addWidget(self.row)
        self.add.clicked.connect(self._open)
        theme.changed.connect(self.refresh)

    @property
    def chips(self) -> list[QPushButton]:
        """Chips of the chosen values, in order."""
        return list(self.row.chips.values())

    def show_value(self, value: Any) -> None:
        """Show chips of the values in effect; the focus goes from a removed chip to its neighbour."""
        before, self._value = self._value, tuple(value)
        self.picker.show_chosen(self._value)
        if self._value != before:
            focused = next((place for place, chip in enumerate(self.chips) if chip.hasFocus()), None)
            self.refresh()
            if focused is not None:
                (self.chips[min(focused, len(self.chips) - 1)] if self.chips else self.add).setFocus()

    def refresh(self) -> None:
        """Update all texts to the current language and colours."""
        names = {entry.value: entry.name for entry in with_unknown(self._entries(), self._value)}
        self.none.setText(self._empty())
        self.none.setMinimumHeight(control_height())
        self.none.setVisible(not self._value)
        chosen = {value: names[value] for value in self._value}
        self.row.show_values(chosen, lambda name: self._texts("settings.picker.remove", name=name))

    def describe(self, name: str, about: str) -> None:
        """Name the setting and its values for screen readers."""
        self._name = name
        chosen = ", ".join(chip.text() for chip in self.chips) or self.none.text()
        super().describe(f"{name}: {self.add.text()}", f"{chosen}. {about}")

    def _open(self) -> None:
        self.picker.toggle(with_unknown(self._entries(), self._value), self._value, self._name)

    def _toggle(self, value: str) -> None:
        rest = tuple(chosen for chosen in self._value if chosen != value)
        self.asks("\n".join(rest if value in self._value else (*self._value, value)))


class _OnDemand:
    """List that is built when it is opened for the first time."""

    def __init__(self, theme: Theme, texts: Texts, anchor: QWidget, picked: Callable[[str], None]) -> None:
        self._theme, self._texts, self._anchor, self._picked = theme, texts, anchor, picked
        self.built: Picker | None = None

    def toggle(self, entries: Sequence[PickerEntry], chosen: Sequence[str], name: str) -> None:
        """Open the list, or close it if it is open."""
        if self.built is None:
            self.built = Picker(self._theme, self._texts, self._anchor)
            self.built.picked.connect(self._picked)
        if self.built.isVisible():
            self.built.close_list()
        else:
            self.built.open(entries, chosen, name)

    def close(self) -> None:
        """Close the list if it is open."""
        if self.built is not None:
            self.built.close_list()

    def show_chosen(self, chosen: Sequence[str]) -> None:
        """Mark the chosen values if the list is open."""
        if self.built is not None:
            self.built.show_chosen(chosen)
