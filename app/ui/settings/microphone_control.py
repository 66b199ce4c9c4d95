"""Control for the microphone setting, with a level test that needs no take."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QPushButton

from app.messages.actions import Action
from app.onboarding.actions import TryMicrophone
from app.onboarding.view import MicrophoneActivity, MicrophoneTrial
from app.ui.settings.controls import Asks, ChoiceControl, Options
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import LevelBar
from app.ui.widgets.labels import worded


class MicrophoneControl(ChoiceControl):
    """List of microphones with a level test; the microphone is open only during the test or a take."""

    def __init__(
        self, theme: Theme, texts: Texts, options: Options, asks: Asks, ask: Callable[[Action], None]
    ) -> None:
        self.meter, self.listen = worded(texts, LevelBar(theme), accessibleName="microphone.level"), QPushButton()
        super().__init__(theme, options, asks)
        self._texts, self._ask = texts, ask
        self._wanted = False
        self.listen.setProperty("role", "quiet")
        self.listen.setObjectName("microphone.try")
        self.column.addWidget(self.meter)
        self.column.addWidget(self.listen, 0, Qt.AlignmentFlag.AlignLeft)
        self.listen.clicked.connect(lambda: self._try(not self._wanted))

    def show_level(self, level_dbfs: float) -> None:
        """Show the level of a take, unless a test runs."""
        if not self._wanted:
            self.meter.show_level(level_dbfs)

    def show_trial(self, trial: MicrophoneTrial) -> None:
        """Show level and problems of the test."""
        if not self._wanted:
            return
        self.meter.show_level(trial.level_dbfs)
        note = trial.note
        self.refuse((lambda: note_text(self._texts, note)) if note else None)
        if trial.hearing is MicrophoneActivity.CLOSED:
            self._wanted = False
            self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        super().refresh()
        self.listen.setText(self._texts("settings.microphone.stop" if self._wanted else "settings.microphone.try"))
        self.listen.setAccessibleName(self.listen.text())

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop the test when the control is hidden."""
        if self._wanted:
            self._try(False)

    def _try(self, on: bool) -> None:
        self._wanted = on
        self.meter.show_level(MicrophoneTrial().level_dbfs)
        self._ask(TryMicrophone(on))
        self.refresh()
