"""Panels of hotkeys: a test, and the lines that bind them if the desktop has no hotkeys for programs."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QHideEvent

from app.core.errors import Note
from app.core.states import State
from app.desktop.abilities import DesktopAction, DesktopView, KeyLines, LinesState, WriteKeyLines
from app.dictation.actions import TestHotkeys
from app.dictation.hotkey_test import RECORDING, KeySeen, KeysSeen
from app.dictation.messages import CANCEL, DICTATE, PASTE_HELD
from app.hotkeys.compositor_lines import Compositor
from app.messages.kinds import Action
from app.ui.help.line_list import ReadOnlyText
from app.ui.settings.choices import IN_LINES
from app.ui.settings.wording import title
from app.ui.strings.texts import Texts, key_text, note_text
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import Card, Shape, action_button, refresh_with, timer
from app.ui.widgets.panels import FlowRow
from app.ui.widgets.parts import (
    CARD,
    aligned,
    at_left,
    grid,
    horizontal,
    label,
    remark,
    set_caption,
    set_role,
    set_visible,
    show_text,
    stretched,
    vertical,
    worded,
)

KEYS: Final = {DICTATE: "hotkeys.dictate", CANCEL: "hotkeys.cancel", PASTE_HELD: "hotkeys.paste_held"}
"""Settings of the hotkeys by action."""
LONGEST_MS: Final = 11_000
"""Time limit of the test in the window, slightly longer than that of the hotkey listener."""


class PressTest(Card):
    """Panel with a test that shows the app's hotkeys as they arrive, while they do not dictate."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__("settings.press-test")
        self._texts, self._ask = texts, ask
        self._bindings: Mapping[str, str] = {}
        self._seen = KeysSeen()
        self._problem: Note | None = None
        self._tried = False
        self.heading = worded(texts, label(bold=True), "settings.press.name")
        self.description = worded(texts, remark(), "settings.press.says")
        button = action_button(self._toggle_test, name="press-test")
        self.button = worded(texts, button, accessibleDescription="settings.press.says")
        self.result = remark("")
        self.shapes = {action: Shape(theme, State.IDLE) for action in KEYS}
        self.names = {action: label() for action in KEYS}
        self.observed = {action: label(role="muted") for action in KEYS}
        self._limit = timer(self, LONGEST_MS, lambda: self.show_keys(replace(self._seen, testing=False)))
        keys = grid(stretched=2, gaps=(SPACING.small, SPACING.hair))
        for place, action in enumerate(KEYS):
            keys.addWidget(self.shapes[action], place, 0)
            keys.addWidget(self.names[action], place, 1)
            keys.addWidget(self.observed[action], place, 2)
            self.observed[action].setWordWrap(True)
        parts = (self.heading, self.description, keys, at_left(self.button), self.result)
        vertical(*parts, within=self, margins=CARD)
        refresh_with(self.refresh, texts, theme)

    @property
    def testing(self) -> bool:
        """True while the test runs."""
        return self._limit.isActive()

    def show_bindings(self, bindings: Mapping[str, str]) -> None:
        """Show the keys by setting name; discard the results if the keys have changed."""
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
        set_caption(self.button, does, does)
        seen = {key.action: key for key in self._seen.keys}
        for action, setting in KEYS.items():
            binding = self._seen.assigned.get(action) or self._bindings.get(setting, "")
            self._show_key(action, binding, seen.get(action))
        text = self._sentence(seen)
        show_text(self.result, text)
        observed = (f"{self.names[action].text()}: {self.observed[action].text()}" for action in KEYS)
        self.setAccessibleName(". ".join([texts("settings.press.name"), *observed, text]))

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop the test when the panel is hidden, so that the keys work as hotkeys again."""
        if self.testing:
            self._toggle_test()

    def _toggle_test(self) -> None:
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
        text, state = self._state(binding, seen)
        self.observed[action].setText(text)
        self.shapes[action].show_state(state, text)

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

    def _sentence(self, seen: Mapping[str, KeySeen]) -> str:
        if problem := self._problem or self._seen.problem:
            if problem.key == IN_LINES:  # the note names this page
                return self._texts("settings.press.lines", panel=self._texts("settings.key-lines.name"))
            return note_text(self._texts, problem)
        missed = [action for action, name in KEYS.items() if self._bindings.get(name) and action not in seen]
        if not self._tried or self.testing:
            return self._texts("settings.press.now") if self.testing and self._seen.testing else ""
        return self._texts("settings.press.help" if missed else "settings.press.good")


NAMES: Final = {
    Compositor.SWAY: "sway",
    Compositor.HYPRLAND: "Hyprland",
    Compositor.NIRI: "niri",
    Compositor.LABWC: "labwc",
    Compositor.RIVER: "river",
}
_LINES, _CHANGE = 6, 12
_SWAY: Final = "~/.config/sway/config"
"""Default configuration file of sway, shown if none is known."""


class KeyLinesPanel(Card):
    """Panel with the lines for the user's compositor; hidden if the desktop has hotkeys for programs.

    The first click on the button that writes shows the change, the second one makes it.
    """

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[DesktopAction], None]) -> None:
        super().__init__("settings.key-lines")
        self._texts, self._ask = texts, ask
        self._lines: KeyLines | None = None
        self._bindings: Mapping[str, str] = {}
        self._works, self._reviewing = False, False
        self.heading = worded(texts, label(bold=True), "settings.key-lines.name")
        self.description, self.missing, self.where = (remark() for _ in range(3))
        self.lines = worded(texts, ReadOnlyText(theme, _LINES), accessibleName="settings.key-lines.name")
        self.change = worded(texts, ReadOnlyText(theme, _CHANGE), accessibleName="settings.key-lines.change")
        self.problem, self.result = remark("warning"), remark("")
        self.shape = Shape(theme, State.ARMING)
        self.copy = action_button(lambda: QGuiApplication.clipboard().setText(self.lines.toPlainText() + "\n"))
        self.write = action_button(self._write)
        self.back = action_button(lambda: self._review(on=False))
        self.remove = action_button(lambda: self._ask(WriteKeyLines(False)), "quiet")
        self._buttons = FlowRow((self.write, self.copy, self.back, self.remove))
        test = horizontal(aligned(self.shape, Qt.AlignmentFlag.AlignTop), stretched(self.result))
        vertical(
            self.heading,
            self.description,
            self.missing,
            self.where,
            self.lines,
            self.change,
            self.problem,
            self._buttons,
            test,
            within=self,
            margins=CARD,
        )
        refresh_with(self.refresh, texts, theme)

    def show_desktop(self, view: DesktopView) -> None:
        """Show the lines for this desktop."""
        if view.lines != self._lines:
            self._lines, self._reviewing = view.lines, False
        self.refresh()

    def show_bindings(self, bindings: Mapping[str, str]) -> None:
        """Show the keys by action."""
        self._bindings = bindings
        self.refresh()

    def show_keys(self, seen: KeysSeen) -> None:
        """Show whether a line has reported the dictation key."""
        works = DICTATE in seen.commanded
        if works != self._works:
            self._works = works
            self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        shown = self._lines
        self.setVisible(shown is not None)
        if shown is None:
            return
        self._show_words(shown)
        self.lines.show_text("\n".join(shown.lines))
        self.change.show_text(shown.change)
        self._show_test(shown)
        self._show_buttons(shown)
        self.lines.setVisible(bool(shown.lines) and not self._reviewing)
        self.change.setVisible(self._reviewing)
        self.setAccessibleName(". ".join([self.heading.text(), self.description.text(), self.result.text()]))

    def _show_words(self, shown: KeyLines) -> None:
        texts = self._texts
        self.description.setText(self._description(shown.compositor))
        role = "warning" if DICTATE in shown.missing else "muted"
        show_text(self.missing, "\n".join(self._missing(shown)), role)
        show_text(self.where, self._place_text(shown))
        show_text(self.problem, note_text(texts, shown.problem))

    def _description(self, compositor: Compositor | None) -> str:
        if compositor is None:
            return self._texts("settings.key-lines.commands")
        keys = ["settings.key-lines.says"]
        if not compositor.reports_releases:
            keys.append("settings.key-lines.toggles")
        return " ".join(self._texts(key, desktop=NAMES[compositor]) for key in keys)

    def _missing(self, shown: KeyLines) -> list[str]:
        found = []
        for action, why in shown.missing.items():
            key, name = key_text(self._texts, self._bindings.get(action, "")), title(self._texts, KEYS[action])
            found.append(self._texts(f"settings.key-lines.missing.{why}", name=name, key=key))
        return found

    def _place_text(self, shown: KeyLines) -> str:
        if not shown.lines or shown.compositor is None:
            return ""
        if shown.is_new:
            new = "settings.key-lines.review-new" if self._reviewing else "settings.key-lines.new"
            return self._texts(new, file=shown.place, desktop=NAMES[shown.compositor])
        if self._reviewing:
            return self._texts("settings.key-lines.review", file=shown.place)
        if shown.state is LinesState.WRITTEN:
            return self._texts(f"settings.key-lines.written.{shown.compositor}")
        if shown.state is LinesState.COPIED:
            return self._texts("settings.key-lines.copied", file=shown.place)
        if shown.state is LinesState.OUTDATED:
            return self._texts("settings.key-lines.outdated")
        return self._texts(f"settings.key-lines.where.{shown.compositor}", file=shown.place or _SWAY)

    def _show_test(self, shown: KeyLines) -> None:
        text = self._texts("settings.key-lines.works" if self._works else "settings.key-lines.try")
        self.result.setText(text)
        self.shape.show_state(State.DONE if self._works else State.ARMING, text)
        bound = shown.compositor is None or bool(self._bindings.get(DICTATE))
        can_be_tried = bound and DICTATE not in shown.missing
        set_visible(self._works or can_be_tried, self.result, self.shape)

    def _show_buttons(self, shown: KeyLines) -> None:
        texts = self._texts
        writes = bool(shown.lines) and shown.state in {LinesState.TO_WRITE, LinesState.OUTDATED}
        named = (
            (self.copy, "action.copy", bool(shown.lines) and not self._reviewing),
            (self.write, "settings.key-lines.confirm" if self._reviewing else "settings.key-lines.write", writes),
            (self.back, "settings.key-lines.back", self._reviewing),
            (self.remove, "settings.key-lines.remove", shown.state in {LinesState.WRITTEN, LinesState.OUTDATED}),
        )
        for button, key, visible in named:
            set_caption(button, texts(key), f"{self.heading.text()}: {texts(key)}")
            button.setVisible(visible)
        set_role(self.write, "primary" if self._reviewing else "")
        self._buttons.arrange()

    def _write(self) -> None:
        if self._reviewing:
            self._ask(WriteKeyLines(True))
        self._review(on=not self._reviewing)

    def _review(self, *, on: bool) -> None:
        self._reviewing = on
        self.refresh()
        self.write.setFocus()
