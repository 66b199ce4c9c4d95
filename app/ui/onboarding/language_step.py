"""First step: choose the language of the windows, with the question in every language."""

from collections.abc import Callable
from typing import Final

from app.core.sentences import LANGUAGES, entries
from app.messages.actions import Action
from app.onboarding.steps import Step
from app.settings.actions import ChangeSetting
from app.ui.onboarding.step_page import StepPage, tell, wrapping
from app.ui.onboarding.widgets import Option
from app.ui.settings.choices import LANGUAGE, Choices
from app.ui.strings.drawable import language_is_drawn
from app.ui.strings.texts import SYSTEM, Texts
from app.ui.theme.theme import SCALE, Theme
from app.ui.widgets.basic import label

_ROLES: Final = {"heading": "", "says": "muted"}


class LanguageStep(StepPage):
    """Step that shows its heading and sentence in every language, independent of the system's language."""

    step = Step.LANGUAGE

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__(theme, texts)
        self._ask, self._chosen = ask, SYSTEM
        self.other_heading, self.other_says = label(size=SCALE.heading, bold=True), label(role="muted")
        self.lacking = label(role="warning")
        wrapping([self.other_heading, self.other_says, self.lacking])
        layout = self.layout()
        assert layout is not None
        layout.removeWidget(self.frame)
        for widget in (self.other_heading, self.other_says, self.frame):
            layout.addWidget(widget)
        self.options = {tag: Option(theme) for tag in (SYSTEM, *LANGUAGES)}
        for tag, option in self.options.items():
            self.column.addWidget(option)
            option.clicked.connect(lambda _, tag=tag: ask(ChangeSetting(LANGUAGE, tag)))
        self.column.addWidget(self.lacking)
        self.refresh()

    @property
    def first(self) -> Option:
        """Option of the chosen language."""
        return self.options[self._chosen]

    def show_choices(self, choices: Choices) -> None:
        """Check the option of the chosen language."""
        self._chosen = choices.language if choices.language in self.options else SYSTEM
        self.refresh()

    def refresh(self) -> None:
        """Update the texts of the current language and of the other one."""
        super().refresh()
        other = next(tag for tag in LANGUAGES if tag != self._texts.language)
        drawn = language_is_drawn(other)
        for said, key in ((self.other_heading, "heading"), (self.other_says, "says")):
            tell(said, _in(other, f"onboarding.{key}.{self.step.value}") if drawn else "", _ROLES[key])
        tell(self.lacking, "" if drawn else self._texts("onboarding.no-font"), "warning")
        for tag, option in self.options.items():
            here = self._texts(f"language.{tag}")
            there = _in(other, f"language.{tag}") if drawn else here
            option.show_option(here if here == there else f"{here} · {there}")
        self.options[self._chosen].setChecked(True)


def _in(language: str, key: str) -> str:
    """Return a text in the given language."""
    return str(entries(language)[key])
