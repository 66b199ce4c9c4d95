"""Last step: dictate one sentence, from the key to the text in a box."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton

from app.core.notes import Note
from app.core.states import RECORDING, State
from app.dictation.actions import Verb
from app.dictation.messages import NoteKey
from app.dictation.view import View
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.actions import Action
from app.onboarding.steps import Step
from app.ui.onboarding.step_page import StepPage, tell, wrapping
from app.ui.settings.choices import DICTATE, Choices
from app.ui.strings.texts import Texts
from app.ui.strings.wording import clock, key_text, note_text, state_text, worker_text
from app.ui.theme.theme import SPACING, Theme, font
from app.ui.widgets.basic import LevelBar, Shape, label, reveal

_LINES: Final = 3
_READY: Final = frozenset({LocalWorkerState.IDLE, LocalWorkerState.BUSY})


class SentenceStep(StepPage):
    """Step whose text box gets dictated text from the real inserter, like any other window."""

    step = Step.SENTENCE

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__(theme, texts)
        self._ask = ask
        self._choices, self._view, self._worker = Choices(), View(), WorkerView()
        self._elsewhere = self._pasting = self._begun = self.arrived = False
        self._possible, self._before = True, ""
        self.example, self.state, self.elapsed = label(role="muted"), label(bold=True), label(role="muted")
        self.shape, self.meter = Shape(theme, State.IDLE), LevelBar(theme)
        self.box = QPlainTextEdit()
        self.box.setTabChangesFocus(True)
        self.box.setFixedHeight(QFontMetrics(font()).lineSpacing() * _LINES + SPACING.wide)
        self.start, self.paste = QPushButton(), QPushButton()
        self.start.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click keeps the cursor in the box
        self.paste.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.advice, self.done = label(role="warning"), label(bold=True)
        wrapping([self.example, self.advice, self.done])
        self._lay_out()
        self.start.clicked.connect(self._start)
        self.paste.clicked.connect(self._paste)
        self.box.textChanged.connect(self._tell)
        self.refresh()

    @property
    def first(self) -> QPlainTextEdit:
        """Text box, which gets the focus first, because dictated text goes there."""
        return self.box

    def show_choices(self, choices: Choices) -> None:
        """Show the dictation key and how it works."""
        self._choices = choices
        self.refresh()

    def show_impossible(self, note: Note | None) -> None:
        """Show the way without a key if hotkeys are impossible; ``None`` if they work."""
        self._possible = note is None
        self.refresh()

    def show_worker(self, worker: WorkerView) -> None:
        """Show the state of this computer's worker."""
        self._worker = worker
        self._tell()

    def show_place(self, url: str) -> None:
        """Set the chosen gateway; an empty address means this computer."""
        self._elsewhere = bool(url)
        self._tell()

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
        if self._pasting and view.note is not None and view.note.key == NoteKey.COPIED:
            self._pasting = False
            held_before = self.box.toPlainText()
            self.box.paste()
            self.arrived = self.arrived or self.box.toPlainText() != held_before
        if self._begun and view.state is State.DONE and self.box.toPlainText() != self._before:
            self.arrived = True
        self._tell()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        super().refresh()
        texts = self._texts
        self.example.setText(texts("onboarding.example"))
        self.box.setPlaceholderText(texts("onboarding.box-empty"))
        self.box.setAccessibleName(texts("onboarding.box"))
        self.meter.setAccessibleName(texts("microphone.level"))
        self.paste.setText(texts("onboarding.paste"))
        self._tell()

    @property
    def _key(self) -> str:
        return key_text(self._texts, self._choices.keys.get(DICTATE, "")) if self._possible else ""

    def _sentence(self) -> str:
        how = f"onboarding.how.{self._choices.mode.value}" if self._key else "onboarding.how.without-key"
        return self._texts(how, key=self._key) if self._key else self._texts(how)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(SPACING.small)
        for widget in (self.shape, self.state, self.elapsed):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.paste)
        row.addWidget(self.start)
        self.column.addWidget(self.example)
        self.column.addWidget(self.box)
        self.column.addWidget(self.meter)
        self.column.addLayout(row)
        self.column.addWidget(self.advice)
        self.column.addWidget(self.done)

    def _start(self) -> None:
        self._ask(Verb.STOP if self._view.state in RECORDING else Verb.START)
        self.box.setFocus()

    def _paste(self) -> None:
        """Copy the held text, then paste it into the box.

        The app copies held text instead of inserting it while its own window has the focus.
        """
        self._pasting = True
        self._ask(Verb.PASTE_HELD)
        self.box.setFocus()

    def _tell(self) -> None:
        view, texts = self._view, self._texts
        word = state_text(texts, view.state)
        self.shape.show_state(view.state, word)
        self.state.setText(word)
        self.elapsed.setText("" if view.state is State.IDLE else clock(view.seconds))
        self.elapsed.setAccessibleName(texts("window.elapsed"))
        self.start.setText(texts("action.stop" if view.state in RECORDING else "action.start"))
        reveal(self.paste, bool(view.held), self.box)
        tell(self.advice, self._advice(), "warning")
        done = texts("onboarding.done", key=self._key) if self._key else texts("onboarding.done-without-key")
        tell(self.done, done if self.arrived else "", "")

    def _advice(self) -> str:
        view, texts, worker = self._view, self._texts, self._worker
        if view.held:
            return texts("onboarding.held")
        if view.note is not None:
            nothing = view.note.key == NoteKey.NOTHING_UNDERSTOOD
            return texts("onboarding.nothing") if nothing else note_text(texts, view.note)
        if self._elsewhere or worker.state in _READY or self.arrived:
            return ""
        if worker.state is LocalWorkerState.DOWNLOADING:
            return texts("onboarding.still-fetching", percent=worker.percent or 0)
        if worker.state is LocalWorkerState.STARTING:
            return texts("onboarding.still-starting")
        return texts("onboarding.nobody", state=worker_text(texts, worker))
