"""Controls that select one or several entries of a searchable list."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QPushButton, QSizePolicy

from app.settings.requested_values import RequestedValues
from app.ui.settings.controls import SettingControl, SetValue, usual_width
from app.ui.settings.picker import Picker
from app.ui.settings.picker_entries import PickerEntry, with_unknown
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SPACING, Theme, font, letter_width
from app.ui.widgets.basic import control_height, paint_choice
from app.ui.widgets.controls import LONGEST_CHOICE
from app.ui.widgets.panels import ChipRow
from app.ui.widgets.parts import label, worded

Entries = Callable[[], Sequence[PickerEntry]]
"""Returns the entries with their names in the current language."""


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
        across = min(metrics.horizontalAdvance(self.text()), letter_width(metrics) * LONGEST_CHOICE)
        return QSize(max(usual_width(), across + metrics.height() + SPACING.huge), control_height())

    def minimumSizeHint(self) -> QSize:
        """Return the usual size, so that the field never becomes narrower than its name."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a field with the name and a chevron."""
        paint_choice(self, self._theme, self.text())


class PickOneControl(SettingControl):
    """Field that opens a searchable list, for a setting with one of many values."""

    def __init__(self, theme: Theme, texts: Texts, entries: Entries, set_value: SetValue) -> None:
        self.field = PickerField(theme)
        super().__init__(self.field, set_value)
        self._entries, self._name = entries, ""
        self.picker = Picker(theme, texts, self.field)
        self.picker.picked.connect(self._pick_value)
        self.column.addWidget(self.field)
        self.field.clicked.connect(self._open)

    def refresh(self) -> None:
        """Show the name of the value in effect in the current language."""
        entries = with_unknown(self._entries(), (self._value,))
        self.field.setText(next(entry.name for entry in entries if entry.value == self._value))
        self.describe(self._name, self.field.accessibleDescription())

    def describe(self, name: str, about: str) -> None:
        """Name the setting and its value for screen readers."""
        self._name = name
        super().describe(f"{name}: {self.field.text()}" if name else "", about)

    def _open(self) -> None:
        self.picker.open(with_unknown(self._entries(), (self._value,)), (self._value,), self._name)

    def _pick_value(self, value: str) -> None:
        self.picker.close_list()
        self.set_value(value)


class PickSeveralControl(SettingControl):
    """Chips of the chosen values, and a button that opens a searchable list with check marks."""

    stands_below = True

    def __init__(
        self, theme: Theme, texts: Texts, entries: Entries, set_value: SetValue, empty: Callable[[], str]
    ) -> None:
        self.add, self.none = worded(texts, QPushButton(), "settings.picker.add"), label(role="muted")
        super().__init__(self.add, set_value)
        self._texts, self._entries, self._empty = texts, entries, empty
        self._value: tuple[str, ...] = ()
        self._requested = RequestedValues()
        self._name = ""
        self.row = ChipRow(theme, self._toggle, (self.none, self.add))
        self.picker = Picker(theme, texts, self.add)
        self.picker.picked.connect(self._toggle)
        self.column.addWidget(self.row)
        self.add.clicked.connect(self._open)
        theme.changed.connect(self.refresh)

    @property
    def chips(self) -> list[QPushButton]:
        """Chips of the chosen values, in order."""
        return list(self.row.chips.values())

    def show_value(self, value: Any) -> None:
        """Show chips of the values in effect; the focus moves from a removed chip to its neighbour."""
        before, self._value = self._value, tuple(value)
        self._requested.show(self._value)
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
        self.picker.open(with_unknown(self._entries(), self._value), self._value, self._name)

    def _toggle(self, value: str) -> None:
        """Add this value to the latest request, or remove it; the answer to that may still be pending."""
        rest = tuple(chosen for chosen in self._requested.latest if chosen != value)
        self._requested.request(rest if value in self._value else (*rest, value))
        self.set_value("\n".join(self._requested.latest))

    def note_refusal(self) -> None:
        """Discard the values that were requested."""
        self._requested.refuse()

    def request_default(self, default: Any) -> None:
        """Request the default; the next choice changes the default values."""
        self._requested.request(tuple(default))
        super().request_default(default)
