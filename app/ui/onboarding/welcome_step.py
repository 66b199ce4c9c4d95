"""First step: languages and microphone, chosen already; a click is needed only where the guess is wrong."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QLabel, QWidget

from app.core.sentences import LANGUAGES, entries
from app.messages.actions import Action
from app.onboarding.steps import Step
from app.onboarding.view import MicrophoneTrial
from app.settings.actions import ChangeSetting
from app.settings.sections import Settings
from app.ui.onboarding.microphone_part import MicrophonePart
from app.ui.onboarding.spoken_part import SpokenPart
from app.ui.onboarding.step_page import StepPage
from app.ui.onboarding.widgets import Option
from app.ui.settings.choices import LANGUAGE, Choices
from app.ui.strings.drawable import language_is_drawn
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import control_height
from app.ui.widgets.labels import label, tell
from app.ui.widgets.layouts import horizontal

ROWS: Final = ("windows", "spoken", "microphone")


class WelcomeStep(StepPage):
    """Step with the languages of windows and speech, and the microphone, which is open meanwhile."""

    step = Step.WELCOME

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__(theme, texts)
        self._ask = ask
        self.lacking = label(role="warning", wraps=True)
        self.options = {tag: Option(theme) for tag in LANGUAGES}
        self.spoken = SpokenPart(theme, texts, ask)
        self.microphone = MicrophonePart(theme, texts, ask)
        self.names: dict[str, QLabel] = {row: label(bold=True) for row in ROWS}
        languages = QWidget()
        horizontal(*self.options.values(), within=languages)
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setHorizontalSpacing(SPACING.wide)
        form.setVerticalSpacing(SPACING.large)
        for name, part in zip(ROWS, (languages, self.spoken, self.microphone), strict=True):
            self.names[name].setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            form.addRow(self.names[name], part)
        self.column.addLayout(form)
        self.column.addWidget(self.lacking)
        for tag, option in self.options.items():
            option.clicked.connect(lambda _, tag=tag: ask(ChangeSetting(LANGUAGE, tag)))
        self.refresh()

    @property
    def first(self) -> None:
        """No control: none needs a click if the guesses are right."""
        return

    @property
    def complete(self) -> bool:
        """True unless the microphone is missing, refused or silent."""
        return self.microphone.works

    def begin(self) -> None:
        """Open the microphone for the test."""
        self.microphone.begin()

    def end(self) -> None:
        """Close the microphone when the step is left."""
        self.microphone.end()

    def show_settings(self, settings: Settings) -> None:
        """Show the spoken languages in effect."""
        self.spoken.show_settings(settings)

    def show_choices(self, choices: Choices) -> None:
        """Show the available microphones and the chosen one."""
        self.microphone.show_choices(choices)
        self.refresh()

    def show_trial(self, trial: MicrophoneTrial) -> None:
        """Show level and state of the microphone; cheap enough to call twenty times a second."""
        before = self.complete
        self.microphone.show_trial(trial)
        if self.complete is not before:
            self.changed.emit()

    def refresh(self) -> None:
        """Update all texts to the current language; the way to the other language is in that language too."""
        super().refresh()
        texts = self._texts
        other = next(tag for tag in LANGUAGES if tag != texts.language)
        drawn = language_is_drawn(other, texts.language)
        tell(self.lacking, "" if drawn else texts("onboarding.no-font"), "warning")
        for row, name in self.names.items():
            name.setText(texts(f"onboarding.row.{row}"))
        if drawn:
            there = str(entries(other)["onboarding.row.windows"])
            self.names["windows"].setText(f"{self.names['windows'].text()} · {there}")
        above = (control_height() - self.names["windows"].fontMetrics().height()) // 2
        for name in self.names.values():  # beside the first line of the control
            name.setContentsMargins(0, above, 0, 0)
        for tag, option in self.options.items():
            option.show_option(texts(f"language.{tag}"))
            option.setChecked(tag == texts.language)
        self.spoken.refresh()
        self.microphone.refresh()
