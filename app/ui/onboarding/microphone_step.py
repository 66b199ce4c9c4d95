"""Second step: choose a microphone, see its level and hear a sample."""

import math
from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QPushButton

from app.messages.actions import Action
from app.onboarding.actions import PlaySample, RecordSample, TryMicrophone
from app.onboarding.steps import Step
from app.onboarding.view import MicrophoneActivity, MicrophoneTrial
from app.settings.actions import MICROPHONE, ChangeSetting
from app.ui.onboarding.step_page import StepPage, tell, wrapping
from app.ui.settings.choices import Choices, microphone_entries
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import DropDown, LevelBar, label, reveal


class MicrophoneStep(StepPage):
    """Step that keeps the microphone open while visible."""

    step = Step.MICROPHONE

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__(theme, texts)
        self._ask = ask
        self._choices, self._trial = Choices(), MicrophoneTrial(MicrophoneActivity.OPENING)
        self.microphone, self.meter = DropDown(theme), LevelBar(theme)
        self.meter.setFixedHeight(SPACING.large)
        self.state, self.note = label(), label()
        wrapping([self.state, self.note])
        self.record, self.play, self.listen = QPushButton(), QPushButton(), QPushButton()
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACING.small)
        for button in (self.record, self.listen, self.play):  # either record or listen is visible
            buttons.addWidget(button)
        buttons.addStretch(1)
        for widget in (self.microphone, self.meter):
            self.column.addWidget(widget)
        self.column.addLayout(buttons)
        for said in (self.state, self.note):  # below all buttons, so that a new line moves none of them
            self.column.addWidget(said)
        self.microphone.activated.connect(lambda _: ask(ChangeSetting(MICROPHONE, self.microphone.currentData())))
        self.record.clicked.connect(lambda: ask(RecordSample()))
        self.play.clicked.connect(lambda: ask(PlaySample()))
        self.listen.clicked.connect(lambda: ask(TryMicrophone(True)))
        self.refresh()

    @property
    def first(self) -> DropDown:
        """List of microphones, which gets the focus first."""
        return self.microphone

    def begin(self) -> None:
        """Open the microphone and forget the results of an earlier test."""
        self._trial = MicrophoneTrial(MicrophoneActivity.OPENING)
        self._tell()
        self._ask(TryMicrophone(True))

    def end(self) -> None:
        """Close the microphone when the step is left."""
        self._ask(TryMicrophone(False))

    def show_choices(self, choices: Choices) -> None:
        """Show the available microphones and the chosen one."""
        self._choices = choices
        self.refresh()

    def show_trial(self, trial: MicrophoneTrial) -> None:
        """Show level and state of the test; cheap enough to call twenty times a second."""
        self._trial = trial
        self.meter.show_level(trial.level_dbfs)
        self._tell()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        super().refresh()
        texts = self._texts
        self.microphone.show_entries(microphone_entries(texts, self._choices), self._choices.microphone)
        self.microphone.setAccessibleName(texts("microphone.name"))
        self.meter.setAccessibleName(texts("microphone.level"))
        self.record.setText(texts("onboarding.record"))
        self.play.setText(texts("onboarding.play"))
        self.listen.setText(texts("onboarding.listen"))
        self._tell()

    def _tell(self) -> None:
        trial, texts = self._trial, self._texts
        closed = trial.hearing is MicrophoneActivity.CLOSED
        reveal(self.record, not closed, self.microphone)
        reveal(self.play, trial.sample and not closed, self.microphone)
        reveal(self.listen, closed, self.microphone)
        tell(self.state, self._state(), "" if trial.heard else "muted")
        if trial.note is not None:
            tell(self.note, note_text(texts, trial.note), "warning")
        else:
            tell(self.note, texts("onboarding.quiet") if trial.quiet else "", "warning")

    def _state(self) -> str:
        trial, texts = self._trial, self._texts
        match trial.hearing:
            case MicrophoneActivity.CLOSED:
                return texts("onboarding.closed")
            case MicrophoneActivity.OPENING:
                return "" if trial.note else texts("onboarding.opening")
            case MicrophoneActivity.RECORDING:
                return texts("onboarding.recording", seconds=math.ceil(trial.left_s))
            case MicrophoneActivity.PLAYING:
                return texts("onboarding.playing")
        return texts("onboarding.heard", device=trial.device) if trial.heard else texts("onboarding.speak")
