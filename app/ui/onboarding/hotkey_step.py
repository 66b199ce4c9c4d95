"""Third step: choose the dictation key and check that it arrives."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.core.notes import Note
from app.dictation.actions import PauseHotkeys, TestHotkeys
from app.dictation.hotkey_test import KeySeen, KeysSeen
from app.messages.actions import Action
from app.onboarding.steps import Step
from app.settings.actions import ChangeSetting
from app.ui.onboarding.step_page import StepPage, tell, wrapping
from app.ui.onboarding.widgets import KeyCaps
from app.ui.settings.choices import DICTATE, DICTATE_KEY, Choices
from app.ui.settings.key_field import KeyField
from app.ui.strings.texts import Texts
from app.ui.strings.wording import key_caps, key_text, note_text
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import keep_place, label, reveal

COMMAND: Final = "kikipounamu toggle"
_PATIENCE_MS: Final = 6_000


class HotkeyStep(StepPage):
    """Step that tests hotkeys while visible; without hotkeys it shows the command to bind instead."""

    step = Step.HOTKEY

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__(theme, texts)
        self._ask = ask
        self._choices, self._seen_keys = Choices(), KeysSeen()
        self._impossible: Note | None = None
        self._asked = False
        self.caps = KeyCaps(theme)
        self.state, self.note, self.name = label(), label(role="warning"), label(size=SCALE.caption, role="muted")
        self.key = KeyField(theme, texts, self._chosen, lambda: self._told("hotkey.unusable"))
        self.key.listens.connect(self._choosing)
        self.again = QPushButton()
        self.again.clicked.connect(self._test)
        self.command, self.copy = QLineEdit(COMMAND), QPushButton()
        self.command.setReadOnly(True)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(COMMAND))
        self._late = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._late.timeout.connect(self._nothing_came)
        wrapping([self.state, self.note])
        self._lay_out()
        self.refresh()

    @property
    def first(self) -> QWidget:
        """Key field, or the button that copies the command where hotkeys are impossible."""
        return self.copy if self._impossible else self.key

    def begin(self) -> None:
        """Start the key test."""
        self._test()

    def end(self) -> None:
        """End the key test, so that the keys dictate again."""
        self._late.stop()
        self._ask(TestHotkeys(False))

    def show_choices(self, choices: Choices) -> None:
        """Show the chosen dictation key, and forget the test results of a previous key."""
        if choices.keys.get(DICTATE) != self._choices.keys.get(DICTATE):
            self._seen_keys = KeysSeen(self._seen_keys.testing)
            self._told("")
        self._choices = choices
        self.refresh()

    def show_impossible(self, note: Note | None) -> None:
        """Show why hotkeys are impossible here; ``None`` if they work."""
        self._impossible = note
        self.refresh()

    def show_keys(self, seen: KeysSeen) -> None:
        """Show the keys that arrived, and restart a test that ended by itself while the step is visible."""
        ended = self._seen_keys.testing and not seen.testing
        self._asked = False
        if seen.keys or seen.problem or not self._arrived(self._seen_keys):
            self._seen_keys = seen
        else:
            self._seen_keys = KeysSeen(seen.testing, self._seen_keys.keys)  # the test was restarted
        if self._arrived(seen):
            self._late.stop()
            self._told("")
        if ended and self.seen and self.isActiveWindow() and not self.key.recording:
            self._ask(TestHotkeys(True))
        self._show_state()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        super().refresh()
        texts, possible = self._texts, self._impossible is None
        self.key.show_binding(self._choices.keys.get(DICTATE, ""))
        self.again.setText(texts("onboarding.press-again"))
        self.copy.setText(texts("action.copy"))
        self.copy.setAccessibleName(texts("onboarding.copy-command"))
        self.command.setAccessibleName(texts("onboarding.command"))
        self.caps.setVisible(possible)
        self.key.setVisible(possible)
        self.name.setText(texts("hotkey.name"))
        self.name.setVisible(possible)
        self.command.setVisible(not possible)
        self.copy.setVisible(not possible)
        self._show_state()

    def _sentence(self) -> str:
        if self._impossible is not None:
            return self._texts("onboarding.no-hotkeys")
        return super()._sentence()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(SPACING.small)
        row.addWidget(self.command, 1)
        row.addWidget(self.copy)
        self.column.addWidget(self.caps)
        named = QVBoxLayout()
        named.setSpacing(SPACING.hair)
        named.addWidget(self.name)
        named.addWidget(self.key)
        self.column.addLayout(named)
        self.column.addLayout(row)
        keep_place(self.again)
        self.column.addWidget(self.again, alignment=Qt.AlignmentFlag.AlignLeft)
        for said in (self.state, self.note):  # below all buttons, so that a new line moves none of them
            self.column.addWidget(said)

    def _test(self) -> None:
        self._seen_keys = KeysSeen()
        self._told("")
        if self._impossible is None:
            self._asked = True
            self._late.start()
            self._ask(TestHotkeys(True))
        self._show_state()

    def _arrived(self, seen: KeysSeen) -> KeySeen | None:
        return next((key for key in seen.keys if key.action == DICTATE), None)

    def _show_state(self) -> None:
        texts, key = self._texts, self._choices.keys.get(DICTATE, "")
        named, seen = key_text(texts, key), self._arrived(self._seen_keys)
        if self._impossible is not None:
            tell(self.state, note_text(texts, self._impossible), "warning")
        elif not key:
            tell(self.state, texts("hotkey.none"))
        elif self._seen_keys.problem is not None:
            tell(self.state, note_text(texts, self._seen_keys.problem), "warning")
        elif seen is None and self._seen_keys.testing:
            tell(self.state, texts("onboarding.press", key=named))
        elif seen is None:
            tell(self.state, "" if self._asked else texts("onboarding.keys-rest"))
        else:
            tell(self.state, texts("onboarding.chord" if seen.chord else "onboarding.arrived", key=named), "")
        lit = seen is not None and not seen.chord
        self.caps.show_caps(key_caps(texts, key), lit=lit, name=f"{named}. {self.state.text()}")
        idle = self._impossible is None and self.seen and not (self._seen_keys.testing or self._asked)
        reveal(self.again, idle, self.key)

    def _nothing_came(self) -> None:
        if self._seen_keys.testing and self._arrived(self._seen_keys) is None:
            self._told("onboarding.nothing-came")

    def _told(self, key: str) -> None:
        tell(self.note, self._texts(key) if key else "", "warning")

    def _chosen(self, binding: str) -> None:
        self._told("")
        self._ask(ChangeSetting(DICTATE_KEY, binding))

    def _choosing(self, on: bool) -> None:
        self._ask(PauseHotkeys(on))
        if on:
            self._late.stop()
        elif self.seen:
            self._test()
