"""The first step: the language of the windows, asked in each of them."""

from collections.abc import Callable

from app.actions import Action, ChangeSetting
from app.onboarding.steps import Step
from app.sentences import LANGUAGES, entries
from app.ui.choices import LANGUAGE, Choices
from app.ui.onboarding_parts import Option
from app.ui.onboarding_step import StepPage, wrapping
from app.ui.texts import SYSTEM, Texts
from app.ui.theme import SCALE, Theme
from app.ui.widgets import label


class LanguageStep(StepPage):
    """Shows its heading and its sentence in every language, whatever the system has."""

    step = Step.LANGUAGE

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__(theme, texts)
        self._ask, self._chosen = ask, SYSTEM
        self.other_heading, self.other_says = label(size=SCALE.heading, bold=True), label(role="muted")
        wrapping([self.other_heading, self.other_says])
        layout = self.layout()
        assert layout is not None
        layout.removeWidget(self.frame)
        for widget in (self.other_heading, self.other_says, self.frame):
            layout.addWidget(widget)
        self.options = {tag: Option(theme) for tag in (SYSTEM, *LANGUAGES)}
        for tag, option in self.options.items():
            self.column.addWidget(option)
            option.clicked.connect(lambda _, tag=tag: ask(ChangeSetting(LANGUAGE, tag)))
        self.refresh()

    @property
    def first(self) -> Option:
        """The chosen one."""
        return self.options[self._chosen]

    def show_choices(self, choices: Choices) -> None:
        """What is chosen."""
        self._chosen = choices.language if choices.language in self.options else SYSTEM
        self.refresh()

    def refresh(self) -> None:
        """Everything again, in the language of now, and in the other one."""
        super().refresh()
        other = next(tag for tag in LANGUAGES if tag != self._texts.language)
        self.other_heading.setText(_in(other, f"onboarding.heading.{self.step.value}"))
        self.other_says.setText(_in(other, f"onboarding.says.{self.step.value}"))
        for tag, option in self.options.items():
            here, there = _in(self._texts.language, f"language.{tag}"), _in(other, f"language.{tag}")
            option.show_option(here if here == there else f"{here} · {there}")
        self.options[self._chosen].setChecked(True)


def _in(language: str, key: str) -> str:
    """A text of one language."""
    return str(entries(language)[key])
