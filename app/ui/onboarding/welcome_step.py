"""First step: languages and microphone, with defaults that need a click only if they are wrong."""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QLabel, QWidget

from app.core.sentences import LANGUAGES, entries
from app.messages.kinds import Action
from app.onboarding.steps import MicrophoneActivity, MicrophoneTrial, Step, TryMicrophone
from app.settings.languages import own_languages, spoken_languages
from app.settings.requested_values import RequestedValues
from app.settings.sections import MICROPHONE, ChangeSetting, Settings
from app.ui.onboarding.widgets import Option, StepPage
from app.ui.settings.choices import LANGUAGE, Choices, microphone_entries
from app.ui.strings.texts import Texts, language_is_drawn, language_name, languages_by_name, note_text
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import LevelBar, action_button, control_height, reveal
from app.ui.widgets.controls import DropDown, TickButton
from app.ui.widgets.panels import FlowRow
from app.ui.widgets.parts import at_left, fill, horizontal, label, set_caption, show_text, vertical, worded

SPOKEN: Final = "recognition.languages"
_SINGLE: Final = "recognition.language"
_ANY: Final = ""
_COMMON: Final = ("en", "zh")
_NAMES: Final = "spoken."


class SpokenPart(QWidget):
    """Ticks for this computer's languages and common ones, and a list of all others."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._theme, self._texts, self._ask = theme, texts, ask
        self._single, self.spoken, self._requested = "auto", tuple[str, ...](), RequestedValues()
        self.ticks: dict[str, TickButton] = {}
        self.other = worded(texts, DropDown(theme), accessibleName="onboarding.other-language")
        self.other.activated.connect(self._add)
        self._row = FlowRow((self.other,))
        vertical(self._row, within=self)
        self.show_settings(Settings())  # the defaults, until the app reports its settings

    def show_settings(self, settings: Settings) -> None:
        """Tick the languages in effect."""
        own = own_languages(settings.general)
        self._single = settings.recognition.language
        self.spoken = spoken_languages(settings.recognition, own)
        self._requested.show(self.spoken)
        self._offer((*filter(None, own), *_COMMON, *self.spoken))

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts = self._texts
        for code, tick in self.ticks.items():
            name = language_name(texts, code) if code else texts("onboarding.any-language")
            set_caption(tick, name, name)
            tick.setChecked(code in self.spoken if code else not self.spoken)
        self._row.arrange()
        all_codes = (key.removeprefix(_NAMES) for key in entries(texts.language) if key.startswith(_NAMES))
        others = languages_by_name(texts, (code for code in all_codes if code not in self.ticks))
        self.other.show_entries([(_ANY, texts("onboarding.other-language")), *others], _ANY)

    def _offer(self, codes: tuple[str, ...]) -> None:
        """Add ticks for these languages; earlier ones stay, so that no tick moves under the pointer."""
        wanted = tuple(dict.fromkeys((_ANY, *self.ticks, *codes)))
        if wanted != tuple(self.ticks):
            for code in wanted:
                if code not in self.ticks:
                    tick = self.ticks[code] = TickButton(self._theme)
                    tick.clicked.connect(lambda _, code=code: self._toggle(code))
            self._row.hold((*self.ticks.values(), self.other))
            for before, after in pairwise(self._row.controls):  # otherwise Tab would reach new ticks last
                QWidget.setTabOrder(before, after)
        self.refresh()

    def _add(self, _: int) -> None:
        if code := self.other.currentData():
            self._choose((*self._requested.latest, code))

    def _toggle(self, code: str) -> None:
        if code == self._single:
            self._ask(ChangeSetting(_SINGLE, "auto"))
        rest = tuple(one for one in self._requested.latest if one != code)
        self._choose(() if not code else rest if code in self.spoken else (*rest, code))
        self.refresh()  # the ticks follow the settings in effect

    def _choose(self, codes: tuple[str, ...]) -> None:
        self._requested.request(codes)  # a further choice may precede the answer
        self._ask(ChangeSetting(SPOKEN, "\n".join(codes)))


class MicrophonePart(QWidget):
    """List of microphones; the chosen one is open between ``begin`` and ``end``."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self._choices, self.trial = Choices(), MicrophoneTrial(MicrophoneActivity.OPENING)
        self.microphone = worded(texts, DropDown(theme), accessibleName="microphone.name")
        self.meter = worded(texts, LevelBar(theme), accessibleName="microphone.level")
        self.listen = worded(texts, action_button(self.begin), "onboarding.listen")
        self.meter.setFixedHeight(SPACING.large)
        self.state, self.note = label(wraps=True), label(role="warning", wraps=True)
        texts_below = (self.state, self.note)  # below all controls, so that a new line moves no control
        vertical(self.microphone, self.meter, at_left(self.listen), *texts_below, within=self)
        self.microphone.activated.connect(lambda _: ask(ChangeSetting(MICROPHONE, self.microphone.currentData())))

    @property
    def works(self) -> bool:
        """True unless the microphone is missing, refused or silent."""
        return self.trial.note is None and not self.trial.quiet

    def begin(self) -> None:
        """Open the microphone and clear the results of an earlier test."""
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
        self._show_note()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts = self._texts
        self.microphone.show_entries(microphone_entries(texts, self._choices), self._choices.microphone)
        self._show_note()

    def _show_note(self) -> None:
        trial, texts = self.trial, self._texts
        reveal(self.listen, trial.hearing is MicrophoneActivity.CLOSED, self.microphone)
        show_text(self.state, self._state(), "" if trial.heard else "muted")
        quiet = texts("onboarding.quiet") if trial.quiet else ""
        show_text(self.note, note_text(texts, trial.note) or quiet, "warning")

    def _state(self) -> str:
        trial, texts = self.trial, self._texts
        match trial.hearing:
            case MicrophoneActivity.CLOSED:
                return texts("onboarding.closed")
            case MicrophoneActivity.OPENING:
                return "" if trial.note else texts("onboarding.opening")
        return texts("onboarding.heard", device=trial.device) if trial.heard else texts("onboarding.speak")


ROWS: Final = ("windows", "spoken", "microphone")


class WelcomeStep(StepPage):
    """Step with the languages of windows and speech, and the microphone, which is open while it is visible."""

    step = Step.WELCOME

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__(texts)
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
        fill(self.column, form, self.lacking)
        for tag, option in self.options.items():
            option.clicked.connect(lambda _, tag=tag: ask(ChangeSetting(LANGUAGE, tag)))
        self.refresh()

    @property
    def first(self) -> None:
        """No control (``None``), because the defaults are usually right."""
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
        """Update all texts to the current language; the row of languages is named in the other language too."""
        super().refresh()
        texts = self._texts
        other = next(tag for tag in LANGUAGES if tag != texts.language)
        drawn = language_is_drawn(other, texts.language)
        show_text(self.lacking, "" if drawn else texts("onboarding.no-font"), "warning")
        for row, name in self.names.items():
            name.setText(texts(f"onboarding.row.{row}"))
        if drawn:
            there = str(entries(other)["onboarding.row.windows"])
            self.names["windows"].setText(f"{self.names['windows'].text()} · {there}")
        above = (control_height() - self.names["windows"].fontMetrics().height()) // 2
        for name in self.names.values():  # align with the first line of the control
            name.setContentsMargins(0, above, 0, 0)
        for tag, option in self.options.items():
            option.setText(texts(f"language.{tag}"))
            option.setChecked(tag == texts.language)
        self.spoken.refresh()
        self.microphone.refresh()
