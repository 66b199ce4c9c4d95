"""Controls for settings by type: each shows the value in effect and requests another one."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFontMetrics, QHideEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from app.messages.kinds import Action
from app.onboarding.steps import MicrophoneActivity, MicrophoneTrial, TryMicrophone
from app.settings import checks
from app.settings.schema import Setting
from app.ui.strings.texts import Texts, note_text
from app.ui.theme.theme import Theme, font
from app.ui.widgets.basic import LevelBar, action_button, control_height
from app.ui.widgets.controls import DropDown, OptionButtons, Switch
from app.ui.widgets.parts import (
    at_left,
    describe,
    fill,
    horizontal,
    label,
    set_caption,
    vertical,
    worded,
)

SetValue = Callable[[str | bool | int | None], None]
"""Requests a value for the setting; ``None``: its default."""

Options = Callable[[], Sequence[tuple[str, str]]]
"""Returns the values with their texts in the current language."""

Wording = Callable[[], str]
"""Returns a sentence in the current language."""

LONGEST: Final = 1_000


class SettingControl(QWidget):
    """Base class of all controls for a setting.

    ``target``: the widget with the focus and the accessible name. ``stands_below``: place it below its name.

    ``discarded``: emitted when the user discards typed text. ``refuse``: shows why input is invalid; set by the
    row.
    """

    discarded = Signal()
    stands_below = False

    def __init__(self, target: QWidget, set_value: SetValue) -> None:
        super().__init__()
        self.target, self.set_value = target, set_value
        self._value: Any = ""
        self.refuse: Callable[[Wording | None], None] = lambda text: None
        self.column = vertical(within=self)

    @property
    def across(self) -> int:
        """Width that the control needs beside its name."""
        return self.minimumSizeHint().width()

    def show_value(self, value: Any) -> None:
        """Show the value in effect."""
        self._value = value
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""

    def describe(self, name: str, about: str) -> None:
        """Set the name and the description of the setting for screen readers."""
        describe(self.target, name, about)

    @property
    def warning(self) -> str:
        """Warning about the value in effect; empty if there is none."""
        return ""

    @property
    def shows_request(self) -> bool:
        """True while a requested text is shown that is not in effect."""
        return False

    def submit(self) -> None:
        """Request typed text as the value, unless it was requested already."""

    def discard(self) -> None:
        """Discard typed text that was not requested."""

    def note_refusal(self) -> None:
        """Handle the refusal of a requested value."""

    def request_default(self, default: Any) -> None:
        """Request the default; ``default``: its value in this version."""
        self.set_value(None)


class SwitchControl(SettingControl):
    """Switch for a setting that is on or off."""

    def __init__(self, theme: Theme, set_value: SetValue) -> None:
        self.switch = Switch(theme)
        super().__init__(self.switch, set_value)
        self.column.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignLeft)
        self.switch.clicked.connect(lambda on: set_value(on))

    def show_value(self, value: Any) -> None:
        """Set the switch to the value in effect; a click alone does not move it."""
        self.switch.setChecked(bool(value))


class ChoiceControl(SettingControl):
    """List for a setting with several values."""

    def __init__(self, theme: Theme, options: Options, set_value: SetValue) -> None:
        self.choice = DropDown(theme)
        super().__init__(self.choice, set_value)
        self._options = options
        self.column.addWidget(self.choice)
        self.choice.activated.connect(lambda _: set_value(str(self.choice.currentData())))

    def refresh(self) -> None:
        """Update the texts of the list to the current language, and select the value in effect."""
        self.choice.show_entries(self._options(), str(self._value))
        self.choice.setMinimumWidth(max(usual_width(), self.choice.minimumSizeHint().width()))


class MicrophoneControl(ChoiceControl):
    """List of microphones with a level test, during which the microphone is open."""

    def __init__(
        self, theme: Theme, texts: Texts, options: Options, set_value: SetValue, ask: Callable[[Action], None]
    ) -> None:
        self.meter = worded(texts, LevelBar(theme), accessibleName="microphone.level")
        self.listen = action_button(lambda: self._switch_trial(not self._wanted), "quiet", "microphone.try")
        super().__init__(theme, options, set_value)
        self._texts, self._ask = texts, ask
        self._wanted = False
        fill(self.column, self.meter, at_left(self.listen))

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
        text = self._texts("settings.microphone.stop" if self._wanted else "settings.microphone.try")
        set_caption(self.listen, text, text)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop the test when the control is hidden."""
        if self._wanted:
            self._switch_trial(False)

    def _switch_trial(self, on: bool) -> None:
        self._wanted = on
        self.meter.show_level(MicrophoneTrial().level_dbfs)
        self._ask(TryMicrophone(on))
        self.refresh()


class SegmentedControl(SettingControl):
    """Row of buttons for a setting with a few short values."""

    def __init__(self, theme: Theme, options: Options, set_value: SetValue) -> None:
        self.choice = OptionButtons(theme)
        super().__init__(self.choice, set_value)
        self._options = options
        self.column.addWidget(self.choice)
        self.choice.chosen.connect(set_value)

    @property
    def across(self) -> int:
        """Width of all buttons in one row."""
        return self.choice.across

    def refresh(self) -> None:
        """Update the texts of the buttons to the current language, and select the value in effect."""
        self.choice.show_entries(self._options(), str(self._value))

    def describe(self, name: str, about: str) -> None:
        """Name the setting and each button for screen readers."""
        self.choice.describe(name, about)


class TextControl(SettingControl):
    """Text field that requests its value on Enter or when it loses focus; Esc restores the value in effect.

    ``meant``: converts typed text to a value; it returns invalid text unchanged, which the settings then refuse.
    """

    def __init__(
        self,
        set_value: SetValue,
        placeholder: Callable[[], str] = str,
        meant: Callable[[str], str | int] = str,
    ) -> None:
        self.field = QLineEdit(maxLength=LONGEST)
        super().__init__(self.field, set_value)
        self._placeholder, self._meant = placeholder, meant
        self._typed, self._asked = False, ""
        self.column.addWidget(self.field)
        self.field.editingFinished.connect(self.submit)
        self.field.textEdited.connect(self._text_edited)
        self.field.installEventFilter(self)

    def show_value(self, value: Any) -> None:
        """Show the value in effect, but keep text that is being typed or was refused, for correction."""
        self._value = str(value)
        if not self._typed or self._asked == self._value:
            self.discard()

    def refresh(self) -> None:
        """Update placeholder and font."""
        self.field.setFont(font())
        self.field.setMinimumSize(self.least_width(), control_height())
        self.field.setPlaceholderText(self._placeholder())

    def least_width(self) -> int:
        """Return the minimum width of the field, in pixels."""
        return usual_width()

    @property
    def shows_request(self) -> bool:
        """True while a requested text is shown that is not in effect."""
        return bool(self._asked)

    def submit(self) -> None:
        """Request the typed value, once per text."""
        meant = self._meant(self.field.text().strip())
        if str(meant) == self._value:
            self.discard()
        elif str(meant) != self._asked:
            self._asked = str(meant)
            self.set_value(meant)

    def discard(self) -> None:
        """Restore the value in effect."""
        self._typed, self._asked = False, ""
        self.field.setText(self._value)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Restore the value in effect on Esc if text was typed; otherwise leave Esc to the page."""
        escapes = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escapes and self._typed:
            if event.type() == QEvent.Type.KeyPress:
                self.discard()
                self.discarded.emit()
            return True
        return super().eventFilter(watched, event)

    def _text_edited(self) -> None:
        self._typed, self._asked = True, ""


class NumberControl(TextControl):
    """Field for a whole number, followed by its unit."""

    def __init__(self, set_value: SetValue, unit: Callable[[], str]) -> None:
        super().__init__(set_value, meant=lambda text: int(text) if text.isdecimal() else text)
        self._unit = unit
        self.unit = label(role="muted")
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.column.addLayout(horizontal(self.field, self.unit))

    def refresh(self) -> None:
        """Update placeholder, font and unit."""
        super().refresh()
        self.unit.setText(self._unit())  # reserved even without a unit, so that all fields have the same width
        self.unit.setMinimumWidth(QFontMetrics(font()).height() * 7 // 2)

    def least_width(self) -> int:
        """Return the width for a long number, in pixels."""
        return QFontMetrics(font()).height() * 6


def usual_width() -> int:
    """Return the usual width of fields, in pixels."""
    return QFontMetrics(font()).height() * 14


def is_key(setting: Setting) -> bool:
    """Return whether the setting is a hotkey."""
    return setting.check is checks.key
