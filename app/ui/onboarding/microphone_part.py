"""Choice of the microphone with a live meter, a part of the first step."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from app.messages.actions import Action
from app.onboarding.actions import TryMicrophone
from app.onboarding.view import MicrophoneActivity, MicrophoneTrial
from app.settings.actions import MICROPHONE, ChangeSetting
from app.ui.settings.choices import Choices, microphone_entries
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import DropDown, LevelBar, action_button, reveal
from app.ui.widgets.labels import label, tell, worded
from app.ui.widgets.layouts import at_left, vertical


class MicrophonePart(QWidget):
    """List of microphones; the chosen one is open between ``begin`` and ``end``."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self._choices, self.trial = Choices(), MicrophoneTrial(MicrophoneActivity.OPENING)
        self.microphone, self.meter, self.listen = (
            worded(texts, DropDown(theme), accessibleName="microphone.name"),
            worded(texts, LevelBar(theme), accessibleName="microphone.level"),
            worded(texts, action_button(self.begin), "onboarding.listen"),
        )
        self.meter.setFixedHeight(SPACING.large)
        self.state, self.note = label(wraps=True), label(role="warning", wraps=True)
        texts_below = (self.state, self.note)  # below all controls, so that a new line moves none of them
        vertical(self.microphone, self.meter, at_left(self.listen), *texts_below, within=self)
        self.microphone.activated.connect(lambda _: ask(ChangeSetting(MICROPHONE, self.microphone.currentData())))

    @property
    def works(self) -> bool:
        """True unless the microphone is missing, refused or silent."""
        return self.trial.note is None and not self.trial.quiet

    def begin(self) -> None:
        """Open the microphone and forget the results of an earlier test."""
        self.show_trial(MicrophoneTrial(MicrophoneActivity.OPENING))
        self._ask(TryMicrophone(True))

    def end(self) -> None:
        """Close the microphone after the test."""
        self._ask(TryMicrophone(False))

    def show_choices(self, choices: Choices) -> None:
        """Show the available microphones and the chosen one."""
        self._choices = choices
        self.refresh()

    def show_trial(self, trial: MicrophoneTrial) -> None:
        """Show level and state of the test; cheap enough to call twenty times a second."""
        self.trial = trial
        self.meter.show_level(trial.level_dbfs)
        self._tell()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts = self._texts
        self.microphone.show_entries(microphone_entries(texts, self._choices), self._choices.microphone)
        self._tell()

    def _tell(self) -> None:
        trial, texts = self.trial, self._texts
        reveal(self.listen, trial.hearing is MicrophoneActivity.CLOSED, self.microphone)
        tell(self.state, self._state(), "" if trial.heard else "muted")
        note = note_text(texts, trial.note) if trial.note else texts("onboarding.quiet") if trial.quiet else ""
        tell(self.note, note, "warning")

    def _state(self) -> str:
        trial, texts = self.trial, self._texts
        match trial.hearing:
            case MicrophoneActivity.CLOSED:
                return texts("onboarding.closed")
            case MicrophoneActivity.OPENING:
                return "" if trial.note else texts("onboarding.opening")
        return texts("onboarding.heard", device=trial.device) if trial.heard else texts("onboarding.speak")
