"""Control for a hotkey in the settings: key field, conflicts, and a button for no key."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from app.core.notes import Note
from app.hotkeys.binding import parse
from app.hotkeys.conflicts import other_action, used_for
from app.ui.settings.controls import Asks, SettingControl, usual_width
from app.ui.settings.key_field import KeyField
from app.ui.settings.wording import title
from app.ui.strings.texts import Texts, key_text, note_text
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import action_button, keep_place
from app.ui.widgets.parts import horizontal, stretched, worded

Bindings = Callable[[], Mapping[str, str]]
"""Returns the current key bindings by the names of their settings."""


class KeyControl(SettingControl):
    """Control for the hotkey setting ``name``.

    A key of another action of this app is refused. A key of another program causes a warning.
    """

    def __init__(self, theme: Theme, texts: Texts, name: str, bindings: Bindings, asks: Asks) -> None:
        self._texts, self._name, self._bindings = texts, name, bindings
        self._assigned = ""
        self._problem: Note | None = None
        unusable = partial(texts, "hotkey.unusable")
        self.field = KeyField(theme, texts, self._chosen, lambda: self.refuse(unusable), lambda: title(texts, name))
        super().__init__(self.field, asks)
        self.none = worded(texts, action_button(lambda: asks(""), "quiet"), "settings.key.none")
        self.none.setObjectName(f"{name}.none")
        self.column.addLayout(horizontal(stretched(self.field), self.none, gap=SPACING.hair))
        keep_place(self.none)
        self.refresh()

    def show_value(self, value: Any) -> None:
        """Show the key in effect."""
        self._value = str(value)
        self.field.show_binding(self._value)
        self.none.setVisible(bool(self._value))

    def show_problem(self, problem: Note | None) -> None:
        """Set why keys could not be bound; the note may concern another key."""
        self._problem = problem

    def show_assigned(self, key: str) -> None:
        """Set the key that the desktop has chosen; empty if it leaves the choice to the app."""
        self._assigned = key

    def refresh(self) -> None:
        """Update all texts to the current language."""
        self.field.setMinimumWidth(usual_width())
        self.none.setAccessibleName(self._texts("settings.key.none-of", name=title(self._texts, self._name)))

    @property
    def warning(self) -> str:
        """Warning that another program has the key or may want it; empty without one."""
        if self._problem and self._value and self._problem.values.get("binding") == self._value:
            return note_text(self._texts, self._problem)
        if self._assigned and self._value and self._assigned != self._value:
            return self._other_key()
        if use := used_for(self._value):
            key, used = key_text(self._texts, self._value), self._texts(f"settings.key-use.{use.value}")
            return self._texts("settings.key.used", key=key, use=used)
        return ""

    def _other_key(self) -> str:
        """Return the text that names the key in the place of the chosen one."""
        key, chosen = key_text(self._texts, self._assigned), parse(self._value)
        if chosen.lone or not chosen.modifiers and chosen.name == "esc":
            return self._texts("settings.key.assigned-alone", key=key, wanted=key_text(self._texts, self._value))
        return self._texts("settings.key.assigned", key=key)

    def _chosen(self, binding: str) -> None:
        if other := other_action(binding, self._name, self._bindings()):
            self.field.show_binding(self._value)
            texts = self._texts
            self.refuse(
                lambda: texts("settings.key.twice", key=key_text(texts, binding), name=title(texts, other))
            )
        else:
            self.asks(binding)
