"""Row of one computer: its state, one button, and a menu to rename it, to show details and to remove it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.gateways.view import FoundView
from app.messages.kinds import Action
from app.ui.computers.wording import ComputerView
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import ThemedIcon, action_button, control_height, on_escape, reveal, show_icon
from app.ui.widgets.controls import Field
from app.ui.widgets.menus import Menu
from app.ui.widgets.panels import FlowRow, LinedRow
from app.ui.widgets.parts import (
    Elided,
    aligned,
    horizontal,
    remark,
    set_caption,
    set_visible,
    show_text,
    stretched,
    vertical,
    worded,
)
from protocol.devices import LONGEST_NAME, clean_name

_EMPTY: Final = ComputerView("", "", "")


class ComputerRow(LinedRow):
    """Row of one computer. ``ask`` receives actions, ``pair`` the computer to pair with."""

    def __init__(
        self, theme: Theme, texts: Texts, ask: Callable[[Action], None], pair: Callable[[FoundView], None]
    ) -> None:
        super().__init__(theme)
        self._texts, self._ask, self._pair = texts, ask, pair
        self.view, self._sure = _EMPTY, False
        self.icon = ThemedIcon(theme, _EMPTY.icon, in_line=True)
        self.name, self.description = Elided(1, bold=True), remark()
        self.button = action_button(self._run_actions)
        self.more = worded(texts, action_button(self.open_menu, "quiet"), toolTip="computers.more-tip")
        self.menu = Menu(self)
        keys = ("computers.rename", "computers.details", "computers.remove")
        self.rename, self.about, self.remove = (worded(texts, self.menu.addAction(""), key) for key in keys)
        self.about.setCheckable(True)
        self.rename.triggered.connect(self._begin_rename)
        self.about.toggled.connect(self._show_details)
        self.remove.triggered.connect(lambda: self._confirm(True))
        self.details = remark("", selectable=True)
        self.field = Field(theme, LONGEST_NAME)
        self.save = worded(texts, action_button(self._rename), "computers.save")
        self.field.returnPressed.connect(self._rename)
        self.warning = remark("")
        self.confirm = action_button(self._remove, "danger")
        self.keep = worded(texts, action_button(lambda: self._confirm(False)), "computers.keep")
        self.buttons = FlowRow((self.confirm, self.keep))
        set_visible(False, self.field, self.save, self.confirm, self.keep)
        on_escape(self, (self.field, self.save), self._end_rename)
        on_escape(self, (self.confirm, self.keep), lambda: self._confirm(False))
        naming = horizontal(stretched(self.name), stretched(self.field), self.save)
        words = vertical(naming, self.description, self.details, self.warning, self.buttons, gap=SPACING.hair)
        top = Qt.AlignmentFlag.AlignTop
        horizontal(
            aligned(self.icon, top),
            stretched(words),
            aligned(self.button, top),
            aligned(self.more, top),
            within=self,
            margins=(0, SPACING.medium),
        )

    @property
    def controls(self) -> tuple[QWidget, ...]:
        """Controls in reading order."""
        return self.button, self.more, self.field, self.save, self.confirm, self.keep

    def show_view(self, view: ComputerView) -> None:
        """Show the current state."""
        if view != self.view:
            self.view = view
            self.refresh()

    def refresh(self) -> None:
        """Update everything to the current language, fonts and colours."""
        view, texts = self.view, self._texts
        named = {"gateway": view.name}
        self.icon.show_icon(view.icon)
        self.name.show_text(view.name)
        show_text(self.description, view.description, "warning" if view.warns else "muted")
        self.setAccessibleName(f"{view.name}: {view.description}")
        if view.button is not None:
            set_caption(self.button, view.button.text, view.button.name)
            self.button.setAccessibleDescription(view.description)
        reveal(self.button, view.button is not None, self.more)
        self._show_menu()
        self.field.setAccessibleName(texts("computers.new-name", **named))
        self.save.setAccessibleName(f"{texts('computers.save')}: {self.field.accessibleName()}")
        self._show_details(self.about.isChecked())
        self._confirm(self._sure and view.removal is not None, focus=False)

    # -- user actions --------------------------------------------------------------------------------------

    def open_menu(self) -> None:
        """Open the menu below its button."""
        self.menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _run_actions(self) -> None:
        if (button := self.view.button) is None:
            return
        for action in button.actions:
            self._ask(action)
        if button.pairs is not None:
            self._pair(button.pairs)

    def _begin_rename(self) -> None:
        self.field.setText(self.view.name)
        set_visible(True, self.field, self.save)
        self.name.hide()
        self.field.setFocus()
        self.field.selectAll()

    def _rename(self) -> None:
        name = clean_name(self.field.text())
        if self.view.rename is not None and name != self.view.name:
            self._ask(replace(self.view.rename, name=name))
        self._end_rename()

    def _end_rename(self) -> None:
        self.name.show()
        for widget in (self.field, self.save):
            reveal(widget, False, self.more)

    def _remove(self) -> None:
        if self.view.removal is not None:
            self._ask(self.view.removal.action)
        self._confirm(False)

    def _confirm(self, on: bool, *, focus: bool = True) -> None:
        """Ask whether to remove the computer, or stop asking."""
        self._sure, removal = on, self.view.removal
        show_text(self.warning, removal.description if on and removal else "", "")
        for button in (self.confirm, self.keep):
            reveal(button, on, self.more)
        self.buttons.setVisible(on)
        if on and removal is not None:
            sure = self._texts("computers.remove-sure")
            set_caption(self.confirm, sure, f"{self.view.name}: {sure}")
            self.keep.setAccessibleName(f"{self.view.name}: {self.keep.text()}")
            if focus:
                self.keep.setFocus()
        self.buttons.arrange()

    # -- display -------------------------------------------------------------------------------------------

    def _show_menu(self) -> None:
        view = self.view
        self.rename.setVisible(view.rename is not None)
        self.about.setVisible(bool(view.details))
        self.remove.setVisible(view.removal is not None)
        reveal(self.more, any(entry.isVisible() for entry in self.menu.actions()), self.button)
        name = self._texts("computers.more", gateway=view.name)
        for widget in (self.more, self.menu):
            widget.setAccessibleName(name)
        show_icon(self.more, "more", self._theme.colour("text"))
        self.more.setMinimumHeight(control_height())

    def _show_details(self, on: bool) -> None:
        show_text(self.details, self.view.details if on else "", "")
