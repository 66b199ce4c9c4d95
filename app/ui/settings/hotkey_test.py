"""Key test in the settings: which hotkeys arrive, and how long they are held."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from PySide6.QtGui import QHideEvent

from app.core.notes import Note
from app.core.states import State
from app.dictation.actions import TestHotkeys
from app.dictation.hotkey_test import RECORDING, KeySeen, KeysSeen
from app.dictation.messages import CANCEL, DICTATE, PASTE_HELD
from app.messages.actions import Action
from app.ui.settings.wording import in_all_languages, title
from app.ui.strings.texts import Texts
from app.ui.strings.wording import key_text, note_text
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import Card, Shape, action_button, refresh_with, timer
from app.ui.widgets.labels import caption, label, remark, say, worded
from app.ui.widgets.layouts import CARD, at_left, grid, vertical

KEYS: Final = {DICTATE: "hotkeys.dictate", CANCEL: "hotkeys.cancel", PASTE_HELD: "hotkeys.paste_held"}
"""Settings of the hotkeys by action."""
LONGEST_MS: Final = 11_000
"""Time limit of the test, slightly longer than the hotkey listener's own."""


class PressTest(Card):
    """Panel that shows the app's hotkeys as they arrive; dictation is paused meanwhile."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__("settings.press-test")
        self._texts, self._ask = texts, ask
        self._bindings: Mapping[str, str] = {}
        self._seen = KeysSeen()
        self._problem: Note | None = None
        self._tried = False
        self.heading = worded(texts, label(bold=True), "settings.press.name")
        self.says = worded(texts, remark(), "settings.press.says")
        self.button = worded(texts, action_button(self._clicked), accessibleDescription="settings.press.says")
        self.button.setObjectName("press-test")
        self.result = remark("")
        self.shapes = {action: Shape(theme, State.IDLE) for action in KEYS}
        self.names = {action: label() for action in KEYS}
        self.told = {action: label(role="muted") for action in KEYS}
        self._limit = timer(self, LONGEST_MS, lambda: self.show_keys(replace(self._seen, testing=False)))
        keys = grid(stretched=2, gaps=(SPACING.small, SPACING.hair))
        for place, action in enumerate(KEYS):
            keys.addWidget(self.shapes[action], place, 0)
            keys.addWidget(self.names[action], place, 1)
            keys.addWidget(self.told[action], place, 2)
            self.told[action].setWordWrap(True)
        vertical(self.heading, self.says, keys, at_left(self.button), self.result, within=self, margins=CARD)
        refresh_with(self.refresh, texts, theme)

    @property
    def testing(self) -> bool:
        """True while the test runs."""
        return self._limit.isActive()

    def words(self) -> Iterable[str]:
        """Return the words by which the settings search finds this panel, in all languages."""
        return in_all_languages("settings.press.name", "settings.press.says")

    def show_bindings(self, bindings: Mapping[str, str]) -> None:
        """Show the keys by setting name; results for other keys are discarded."""
        if bindings != self._bindings and not self.testing:
            self._tried, self._seen = False, replace(self._seen, keys=())
        self._bindings = bindings
        self.refresh()

    def show_problem(self, problem: Note | None) -> None:
        """Show why hotkeys are impossible here."""
        self._problem = problem
        self.refresh()

    def show_keys(self, seen: KeysSeen) -> None:
        """Show the keys that arrived."""
        self._seen = seen
        self._tried = (self._tried or seen.testing) and seen.problem != RECORDING
        if not seen.testing:
            self._limit.stop()
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts = self._texts
        does = texts("settings.press.stop" if self.testing else "settings.press.start")
        caption(self.button, does, does)
        seen = {key.action: key for key in self._seen.keys}
        for action, setting in KEYS.items():
            binding = self._seen.assigned.get(action) or self._bindings.get(setting, "")
            self._show_key(action, binding, seen.get(action))
        said = self._said(seen)
        say(self.result, said)
        told = (f"{self.names[action].text()}: {self.told[action].text()}" for action in KEYS)
        self.setAccessibleName(". ".join([texts("settings.press.name"), *told, said]))

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop the test when the panel is hidden, so that the keys dictate again."""
        if self.testing:
            self._clicked()

    def _clicked(self) -> None:
        on = not self.testing
        if on:
            self._tried = False
            self._seen = KeysSeen(assigned=self._seen.assigned)  # until the listener confirms the test
            self._limit.start()
        else:
            self._limit.stop()
        self._ask(TestHotkeys(on))
        self.refresh()

    def _show_key(self, action: str, binding: str, seen: KeySeen | None) -> None:
        texts = self._texts
        key = key_text(texts, binding) or texts("hotkey.none")
        self.names[action].setText(texts("settings.press.key", name=title(texts, KEYS[action]), key=key))
        said, state = self._state(binding, seen)
        self.told[action].setText(said)
        self.shapes[action].show_state(state, said)

    def _state(self, binding: str, seen: KeySeen | None) -> tuple[str, State]:
        texts = self._texts
        if seen is None:
            missed = self._tried and not self.testing and binding
            if missed:
                return texts("settings.press.missed"), State.FAILED
            waits = self._seen.testing and binding
            return (texts("settings.press.waiting"), State.ARMING) if waits else ("", State.IDLE)
        if seen.held_s is None:
            return texts("settings.press.down"), State.LISTENING
        key = "settings.press.chord" if seen.chord else "settings.press.up"
        return texts(key, ms=round(seen.held_s * 1000), count=seen.times), State.DONE

    def _said(self, seen: Mapping[str, KeySeen]) -> str:
        if problem := self._problem or self._seen.problem:
            return note_text(self._texts, problem)
        missed = [action for action, name in KEYS.items() if self._bindings.get(name) and action not in seen]
        if not self._tried or self.testing:
            return self._texts("settings.press.now") if self.testing and self._seen.testing else ""
        return self._texts("settings.press.help" if missed else "settings.press.good")
