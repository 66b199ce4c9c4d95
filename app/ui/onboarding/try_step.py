"""Third step: dictate one sentence into a text box."""

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit

from app.core.errors import Note
from app.core.states import RECORDING, State
from app.dictation.actions import Verb
from app.dictation.view import View
from app.messages.kinds import Action
from app.onboarding.steps import Step
from app.ui.onboarding.widgets import StepPage
from app.ui.settings.choices import DICTATE, Choices
from app.ui.strings.texts import Texts, clock, key_text, note_text, state_text
from app.ui.theme.theme import SPACING, Theme, font
from app.ui.widgets.basic import ENTER, LevelBar, Shape, action_button, reveal
from app.ui.widgets.panels import bring_into_sight
from app.ui.widgets.parts import SPACE, aligned, fill, horizontal, label, show_text, worded

_LINES: Final = 3


class TryStep(StepPage):
    """Step with a text box that gets dictated text from the real inserter, like any other window.

    ``next_wanted``: emitted when Return is pressed in the box after a text has arrived there.
    ``other_computer_wanted``: emitted when the user wants another computer to recognise.
    """

    step = Step.TRY
    next_wanted = Signal()
    other_computer_wanted = Signal()

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__(texts)
        self._ask = ask
        self._choices, self._view = Choices(), View()
        self._pasting = self._begun = self.arrived = False
        self._possible, self._before = True, ""
        self.state = label(bold=True)
        self.elapsed = worded(texts, label(role="muted"), accessibleName="window.elapsed")
        self.shape = Shape(theme, State.IDLE)
        self.meter = worded(texts, LevelBar(theme), accessibleName="microphone.level")
        self.box = worded(
            texts,
            QPlainTextEdit(tabChangesFocus=True),
            placeholderText="onboarding.example",
            accessibleName="onboarding.box",
        )
        self.box.setFixedHeight(QFontMetrics(font()).lineSpacing() * _LINES + SPACING.wide)
        self.box.installEventFilter(self)
        self.start = action_button(self._start)
        self.paste = worded(texts, action_button(self._paste), "onboarding.paste")
        self.start.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click keeps the cursor in the box
        self.paste.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.place = worded(texts, action_button(self.other_computer_wanted.emit, "quiet"), "onboarding.elsewhere")
        self.advice, self.done = label(role="warning", wraps=True), label(bold=True, wraps=True)
        row = horizontal(self.shape, self.state, self.elapsed, SPACE, self.paste, self.start)
        fill(
            self.column,
            self.box,
            self.meter,
            row,
            self.advice,
            self.done,
            aligned(self.place, Qt.AlignmentFlag.AlignLeft),
        )
        self.box.textChanged.connect(self._show_note)
        self.refresh()

    @property
    def first(self) -> QPlainTextEdit:
        """Text box, which gets the focus first, because dictated text goes there."""
        return self.box

    @property
    def complete(self) -> bool:
        """True once dictated words have arrived in the box."""
        return self.arrived

    @property
    def result(self) -> str:
        """Confirmation that dictation works."""
        return self.done.text()

    @property
    def records(self) -> bool:
        """True during a recording."""
        return self._view.state in RECORDING

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Finish the step on Return in the box once a text has arrived; ignore it before."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent) or event.key() not in ENTER:
            return super().eventFilter(watched, event)
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain and self.arrived and not self.records:
            self.next_wanted.emit()
        return plain

    def show_choices(self, choices: Choices) -> None:
        """Show the dictation key and its mode."""
        self._choices = choices
        self.refresh()

    def show_impossible(self, note: Note | None) -> None:
        """Explain dictation without a key if hotkeys are impossible; ``None`` if they work."""
        self._possible = note is None
        self.refresh()

    def show_view(self, view: View) -> None:
        """Show the newest take; cheap enough to call twenty times a second."""
        before, self._view = self._view, view
        if not self.seen:
            return
        if view.state in RECORDING and before.state not in RECORDING:
            self._begun, self._before = True, self.box.toPlainText()
            if self.isActiveWindow():
                self.box.setFocus()  # before the text arrives
        self.meter.show_level(view.level_dbfs)
        if self._pasting and view.note is not None and view.note.key == "copied":
            self._pasting = False
            held_before = self.box.toPlainText()
            self.box.paste()
            self.arrived = self.arrived or self.box.toPlainText() != held_before
        if self._begun and view.state is State.DONE and self.box.toPlainText() != self._before:
            self.arrived = True
        self._show_note()
        self.changed.emit()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        super().refresh()
        texts = self._texts
        if self._key:
            self.heading.setText(texts(f"onboarding.try.{self._choices.mode_here.value}", key=self._key))
            self.setAccessibleName(self.heading.text())
        self._show_note()

    @property
    def _key(self) -> str:
        return key_text(self._texts, self._choices.keys.get(DICTATE, "")) if self._possible else ""

    def _sentence(self) -> str:
        how = f"onboarding.how.{self._choices.mode_here.value}" if self._key else "onboarding.how.without-key"
        return self._texts(how, key=self._key) if self._key else self._texts(how)

    def _start(self) -> None:
        self._ask(Verb.STOP if self.records else Verb.START)
        self.box.setFocus()

    def _paste(self) -> None:
        """Request the held text; ``show_view`` pastes it into the box.

        While its own window has the focus, the app copies held text instead of inserting it.
        """
        self._pasting = True
        self._ask(Verb.PASTE_HELD)
        self.box.setFocus()

    def _show_note(self) -> None:
        view, texts = self._view, self._texts
        word = state_text(texts, view.state)
        self.shape.show_state(view.state, word)
        self.state.setText(word)
        self.elapsed.setText("" if view.state is State.IDLE else clock(view.seconds))
        self.start.setText(texts("action.stop" if self.records else "action.start"))
        reveal(self.paste, bool(view.held), self.box)
        done = texts("onboarding.done", key=self._key) if self._key else texts("onboarding.done-without-key")
        before = self.advice.text(), self.done.text()
        show_text(self.advice, self._advice(), "warning")
        show_text(self.done, done if self.arrived else "", "")
        for shown, earlier in zip((self.advice, self.done), before, strict=True):
            if self.seen and shown.text() not in ("", earlier):
                QTimer.singleShot(0, shown, partial(bring_into_sight, shown))  # after its layout

    def _advice(self) -> str:
        view, texts = self._view, self._texts
        if view.held:
            return texts("onboarding.held")
        if view.note is None or (self.arrived and view.note.key == "copied"):
            return ""
        nothing = view.note.key == "nothing-understood"
        return texts("onboarding.nothing") if nothing else note_text(texts, view.note)
