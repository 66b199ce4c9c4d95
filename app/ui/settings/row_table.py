"""Create the rows of settings, each with its kind of control."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from app.dictation.actions import PauseHotkeys
from app.local_services.worker_limits import tidy_hours
from app.messages.kinds import Action
from app.settings import checks
from app.settings.schema import Setting, all_settings
from app.settings.sections import MICROPHONE, ChangeSetting, Settings
from app.ui.settings.choices import Choices, microphone_entries
from app.ui.settings.controls import (
    ChoiceControl,
    MicrophoneControl,
    NumberControl,
    SegmentedControl,
    SettingControl,
    SetValue,
    SwitchControl,
    TextControl,
    is_key,
)
from app.ui.settings.key_field import KeyControl
from app.ui.settings.pick_controls import PickOneControl, PickSeveralControl
from app.ui.settings.picker_entries import model_entries, own_entries, spoken_entries
from app.ui.settings.section import SettingRow
from app.ui.settings.wording import option_keys, settings_of
from app.ui.strings.texts import Texts, text_or
from app.ui.theme.theme import Theme

ELSEWHERE: Final = frozenset(
    {
        "general.welcomed",  # the first steps write these
        "general.first_step",
        "general.open_steps",
        "recognition.hotwords",  # these have panels of their own
        "recognition.replacements",
        "insertion.programs",
        "worker.model",
        "worker.environment",  # `kikipounamu gpu setup` writes it
        "gateway.chosen",
        "gateway.share",
        "worker.lend_to",
    }
)
"""Settings without a row on the settings page."""

SEGMENTED: Final = frozenset(
    {
        *("general.language", "general.theme", "general.text_size", "general.overlay"),
        *("recognition.script", "insertion.strategy", "insertion.newline", "advanced.log_level"),
    }
)
"""Settings whose few options are short enough for buttons side by side."""

MODEL: Final = "recognition.model"
PICKED: Final = frozenset({"recognition.languages", "recognition.language", MODEL})
"""Settings whose values are selected from a searchable list."""


@dataclass
class ControlValues:
    """Values that controls share: settings in effect and available choices.

    ``installed``: models on this computer. ``loaded``: models that workers have loaded.
    """

    settings: Settings = Settings()
    choices: Choices = Choices()
    installed: tuple[str, ...] = ()
    loaded: tuple[str, ...] = ()

    def models(self) -> tuple[str, ...]:
        """Return the names of the known models, including the one in effect, without duplicates."""
        names = (*self.installed, *self.loaded, self.settings.recognition.model)
        return tuple(dict.fromkeys(filter(None, names)))

    def bindings(self) -> dict[str, str]:
        """Return the hotkeys by the names of their settings."""
        keys = (setting for setting in all_settings().values() if is_key(setting))
        return {setting.name: str(setting.of_settings(self.settings)) for setting in keys}


class SettingRows:
    """Rows by setting name, created section by section, because creating all of them would freeze the window."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None], known: ControlValues) -> None:
        self._theme, self._texts, self._ask, self._known = theme, texts, ask, known
        self.made: dict[str, SettingRow] = {}

    def of(self, section: str) -> list[SettingRow]:
        """Return the rows of a section, in order; the first call creates them."""
        for name in settings_of(section):
            if name not in self.made:
                setting = all_settings()[name]
                self.made[name] = SettingRow(setting, self._control(setting), self._theme, self._texts)
        return [self.made[name] for name in settings_of(section)]

    def _control(self, setting: Setting) -> SettingControl:
        texts, theme, name = self._texts, self._theme, setting.name
        set_value = self._setter(name)
        if name == MICROPHONE:
            return MicrophoneControl(
                theme, texts, lambda: microphone_entries(texts, self._known.choices), set_value, self._ask
            )
        if is_key(setting):
            key = KeyControl(theme, texts, name, self._known.bindings, set_value)
            key.field.recording_changed.connect(lambda on: self._ask(PauseHotkeys(on)))
            return key
        if name in PICKED:
            return self._picker(name, set_value)
        if setting.choices:
            keys = option_keys(setting)
            made = SegmentedControl if name in SEGMENTED else ChoiceControl
            return made(theme, lambda: [(value, texts(key)) for value, key in keys.items()], set_value)
        if setting.type is bool:
            return SwitchControl(theme, set_value)
        if setting.type is int:
            return NumberControl(set_value, partial(text_or, texts, f"settings.unit.{name}"))
        if setting.type is str:
            meant = tidy_hours if setting.check is checks.hours else str
            return TextControl(set_value, partial(text_or, texts, f"settings.empty.{name}"), meant)
        raise TypeError(f"{name}: give it a control, or write it down as shown elsewhere")

    def _picker(self, name: str, set_value: SetValue) -> SettingControl:
        texts, theme = self._texts, self._theme
        if name == "recognition.languages":
            empty = partial(texts, "settings.empty.recognition.languages")
            return PickSeveralControl(theme, texts, lambda: own_entries(texts), set_value, empty)
        if name == "recognition.language":
            return PickOneControl(theme, texts, lambda: spoken_entries(texts), set_value)
        return PickOneControl(theme, texts, lambda: model_entries(texts, self._known.models()), set_value)

    def _setter(self, name: str) -> SetValue:
        return lambda value: self._ask(ChangeSetting(name, value))
