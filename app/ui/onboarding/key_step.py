"""Second step: press the dictation key to test that it arrives, or press another key to choose that."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.core.errors import Note
from app.desktop.abilities import DesktopView
from app.dictation.actions import TestHotkeys
from app.dictation.hotkey_test import KeySeen, KeysSeen
from app.hotkeys.binding import parse
from app.hotkeys.errors import HotkeyUnknown
from app.messages.kinds import Action
from app.onboarding.steps import Step
from app.settings.sections import ChangeSetting
from app.ui.onboarding.widgets import StepPage
from app.ui.settings import key_names
from app.ui.settings.choices import DICTATE, DICTATE_KEY, IN_LINES, Choices
from app.ui.strings.texts import Texts, key_caps, key_text, note_text
from app.ui.theme.theme import SCALE, Theme
from app.ui.widgets.basic import action_button, application, timer
from app.ui.widgets.controls import Field
from app.ui.widgets.key_caps import KeyCaps
from app.ui.widgets.parts import (
    aligned,
    at_left,
    fill,
    horizontal,
    label,
    set_visible,
    show_text,
    stretched,
    worded,
)

_Key = Qt.Key
_WINDOWS_OWN: Final = frozenset(
    {
        *(_Key.Key_Tab, _Key.Key_Backtab, _Key.Key_Return, _Key.Key_Enter, _Key.Key_Escape, _Key.Key_Space),
        *(_Key.Key_Left, _Key.Key_Right, _Key.Key_Up, _Key.Key_Down),
        *(_Key.Key_PageUp, _Key.Key_PageDown, _Key.Key_Home, _Key.Key_End),
    }
)
"""Keys that operate a page, alone or with a modifier."""

_KINDS: Final = frozenset({QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride})


class KeyCapture(QObject):
    """Event filter that reports each key combination, and each modifier that is pressed and released alone.

    Keys that operate the page are not reported. The filter consumes no event.
    """

    def __init__(self, pressed: Callable[[str], None], parent: QObject) -> None:
        super().__init__(parent)
        self._pressed = pressed
        self._lone = ""

    def watch(self, on: bool) -> None:
        """Start or stop reading keys."""
        self._lone = ""
        application().removeEventFilter(self)
        if on:
            application().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Read key events at the focused widget only, because Qt offers unused events to its parents too."""
        kind = event.type()
        if kind not in _KINDS or watched is not QApplication.focusWidget() or not isinstance(event, QKeyEvent):
            return False
        modifier = key_names.is_modifier(event)
        if kind is QEvent.Type.ShortcutOverride:
            self._lone = self._lone if modifier else ""  # a shortcut may take the key without a press
        elif event.isAutoRepeat():
            return False
        elif kind is QEvent.Type.KeyRelease:
            lone, self._lone = self._lone, ""
            if lone and key_names.side(event) == lone:
                self._pressed(lone)
        elif modifier:
            self._lone = "" if _has_other_modifiers(event) else key_names.side(event)
        else:
            self._lone = ""
            if event.key() not in _WINDOWS_OWN and (binding := key_names.binding(event)):
                self._pressed(binding)
        return False


def _has_other_modifiers(event: QKeyEvent) -> bool:
    """Return whether other modifiers are down; some systems include the modifier that is being pressed."""
    own = key_names.side(event).rpartition("_")[2]
    return any(name != own for name in key_names.held_modifiers(event))


_CAP: Final = 2 * SCALE.display
_PATIENCE_MS: Final = 6_000
_MIDDLE: Final = Qt.AlignmentFlag.AlignHCenter


class KeyStep(StepPage):
    """Step that tests hotkeys while visible; without hotkeys it shows the alternatives of this desktop.

    ``lines_wanted``: emitted when the user wants the settings with the lines for this desktop.
    """

    step = Step.KEY
    lines_wanted = Signal()

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__(texts)
        self._ask = ask
        self._choices, self._seen_keys = Choices(), KeysSeen()
        self._impossible: Note | None = None
        self._hint = ""
        self.caps = KeyCaps(theme, _CAP)
        self.caps.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.state, self.note = label(size=SCALE.heading, bold=True, wraps=True), label(role="warning", wraps=True)
        self.command = worded(texts, Field(theme), accessibleName="onboarding.command")
        self.command.setReadOnly(True)
        self.show_desktop(DesktopView())
        self.copy = worded(
            texts,
            action_button(lambda: QGuiApplication.clipboard().setText(self.command.text())),
            "action.copy",
            accessibleName="onboarding.copy-command",
        )
        self.set_up = worded(texts, action_button(self.lines_wanted.emit), "onboarding.set-up-key")
        self._capture = KeyCapture(self._choose_pressed_key, self)
        self.instead = worded(texts, label(role="muted", wraps=True), "onboarding.instead")
        self._late = timer(self, _PATIENCE_MS, self._hint_at_no_key)
        row = horizontal(stretched(self.command), self.copy)
        self.state.setAlignment(_MIDDLE)
        fill(self.column, self.state, aligned(self.caps, _MIDDLE), self.note)
        fill(self.column, at_left(self.set_up), self.instead, row)
        self.refresh()

    @property
    def first(self) -> QWidget:
        """Key cap; without hotkeys, the button that opens the settings or copies the command."""
        if self._impossible is None:
            return self.caps
        return self.set_up if self._has_lines else self.copy

    @property
    def complete(self) -> bool:
        """True once the key has arrived, not in a chord; always true if hotkeys are impossible."""
        seen = self._arrived
        return self._impossible is not None or (seen is not None and not seen.chord)

    @property
    def result(self) -> str:
        """Confirmation that the key works."""
        return self.state.text()

    def begin(self) -> None:
        """Start the key test."""
        self._capture.watch(self._impossible is None)
        self._seen_keys, self._hint = KeysSeen(), ""
        self._test()

    def end(self) -> None:
        """End the key test, so that the keys work as hotkeys again."""
        self._capture.watch(False)
        self._late.stop()
        self._ask(TestHotkeys(False))

    def event(self, event: QEvent) -> bool:
        """Restart the test when the window becomes active, because the test ends by itself."""
        if event.type() == QEvent.Type.WindowActivate and self.seen and not self._seen_keys.testing:
            self._test()
        return super().event(event)

    def show_choices(self, choices: Choices) -> None:
        """Show the chosen dictation key; clear the test results if it is another key."""
        if choices.keys.get(DICTATE) != self._choices.keys.get(DICTATE):
            self._seen_keys, self._hint = KeysSeen(self._seen_keys.testing), ""
        self._choices = choices
        self.refresh()
        self.changed.emit()

    def show_impossible(self, note: Note | None) -> None:
        """Show why hotkeys are impossible here; ``None`` if they work."""
        self._impossible = note
        self.refresh()
        self.changed.emit()

    def show_desktop(self, view: DesktopView) -> None:
        """Show the command for a shortcut of the desktop, scrolled to its beginning."""
        self.command.setText(view.toggle)
        self.command.setCursorPosition(0)

    def show_keys(self, seen: KeysSeen) -> None:
        """Show the keys that arrived, and restart a test that ended by itself while the window is active."""
        ended = self._seen_keys.testing and not seen.testing
        keys = seen.keys if seen.keys or seen.problem else self._seen_keys.keys  # kept over a restart of the test
        self._seen_keys = KeysSeen(seen.testing, keys, seen.problem)
        if self._arrived:
            self._late.stop()
            self._hint = ""
        if ended and self.seen and self.isActiveWindow():
            self._test()
        self._show_state()
        self.changed.emit()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        super().refresh()
        texts, possible = self._texts, self._impossible is None
        set_visible(possible, self.caps, self.state)
        set_visible(not possible, self.instead, self.command, self.copy)
        set_visible(self._has_lines, self.set_up)
        self.note.setAlignment(_MIDDLE if possible else Qt.AlignmentFlag.AlignLeft)  # aligned with its neighbours
        line = texts("onboarding.press", key="")
        self.state.setMinimumHeight(self.state.fontMetrics().boundingRect(QRect(), 0, line).height())
        self._show_state()

    @property
    def _has_lines(self) -> bool:
        return self._impossible is not None and self._impossible.key == IN_LINES

    @property
    def _arrived(self) -> KeySeen | None:
        return next((key for key in self._seen_keys.keys if key.action == DICTATE), None)

    def _sentence(self) -> str:
        if self._impossible is not None:
            return self._texts("onboarding.no-hotkeys")
        return super()._sentence()

    def _test(self) -> None:
        if self._impossible is None:
            self._late.start()
            self._ask(TestHotkeys(True))
        self._show_state()

    def _show_state(self) -> None:
        texts, key = self._texts, self._choices.keys.get(DICTATE, "")
        named, seen = key_text(texts, key), self._arrived
        self.state.setText(self._state_text(named))  # its minimum height reserves its place while it is empty
        problem = self._impossible or self._seen_keys.problem
        hint = texts(self._hint) if self._hint else ""
        show_text(self.note, note_text(texts, problem) or hint, "warning")
        lit = seen is not None and not seen.chord
        self.caps.show_caps(key_caps(texts, key), lit=lit, name=f"{named}. {self.state.text()}")

    def _state_text(self, key: str) -> str:
        seen = self._arrived
        if self._impossible or self._seen_keys.problem:
            return ""
        if not key:
            return self._texts("onboarding.no-key")
        if seen is not None:
            return self._texts("onboarding.chord" if seen.chord else "onboarding.arrived", key=key)
        return self._texts("onboarding.press", key=key) if self._seen_keys.testing else ""

    def _hint_at_no_key(self) -> None:
        if self._seen_keys.testing and self._arrived is None:
            self._show_hint("onboarding.nothing-came")

    def _show_hint(self, key: str) -> None:
        self._hint = key
        self._show_state()

    def _choose_pressed_key(self, binding: str) -> None:
        """Choose the key that was pressed, unless it has a function already: then it arrives as a hotkey."""
        try:
            chosen = str(parse(binding))
        except HotkeyUnknown:
            self._show_hint("hotkey.unusable")
            return
        if chosen not in self._choices.keys.values():
            self._ask(ChangeSetting(DICTATE_KEY, chosen))
