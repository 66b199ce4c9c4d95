"""Row of chosen values as chips, each of which removes its value."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import action_button, control_height, show_icon
from app.ui.widgets.flow_layout import FlowRow
from app.ui.widgets.untrusted_text import menu_name, tip


class ChipRow(FlowRow):
    """Row of chips that calls ``remove`` with the value of a clicked one; ``after``: controls behind the chips.

    A chip is a button with the name of a value and a cross.
    """

    def __init__(self, theme: Theme, remove: Callable[[str], None], after: Sequence[QWidget]) -> None:
        super().__init__(after)
        self._theme, self._remove, self._after = theme, remove, tuple(after)
        self.chips: dict[str, QPushButton] = {}

    def show_values(self, names: Mapping[str, str], says: Callable[[str], str]) -> None:
        """Show the chips of values by their ``names``; ``says`` returns what a chip does, from its name."""
        for value in self.chips.keys() - names.keys():
            gone = self.chips.pop(value)
            gone.hide()
            gone.deleteLater()
        self.chips = {value: self.chips.get(value) or self._chip(value) for value in names}
        for value, chip in self.chips.items():
            chip.setText(menu_name(names[value]))
            chip.setFixedHeight(control_height() - SPACING.small)  # letters of some languages are higher
            chip.setAccessibleName(says(names[value]))
            chip.setToolTip(tip(chip.accessibleName()))
            show_icon(chip, "cancel", self._theme.colour("muted"))
        self.hold((*self.chips.values(), *self._after))

    def _chip(self, value: str) -> QPushButton:
        chip = action_button(partial(self._remove, value), "quiet")
        chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the cross stands behind the name
        return chip
