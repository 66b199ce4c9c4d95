"""Card in the settings that shows which first steps are open, and opens them again."""

from collections.abc import Callable

from app.messages.actions import Action
from app.onboarding.steps import FIRST_STEP, STEPS, WELCOMED, Step
from app.settings.actions import ChangeSetting
from app.settings.sections import Settings
from app.ui.strings.language_names import listed
from app.ui.strings.texts import Texts
from app.ui.widgets.basic import Card, action_button, refresh_with
from app.ui.widgets.labels import label, remark, worded
from app.ui.widgets.layouts import CARD, at_left, vertical


class RestartCard(Card):
    """Card that opens exactly the open steps; all of them if none is open."""

    def __init__(self, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self.open: tuple[Step, ...] = ()
        self.name, self.says, self.button = (
            worded(texts, label(bold=True), "onboarding.name"),
            remark(),
            action_button(self._again),
        )
        vertical(self.name, self.says, at_left(self.button), within=self, margins=CARD)
        refresh_with(self.refresh, texts)

    def words(self) -> tuple[str, ...]:
        """Return the words by which the settings search finds this card."""
        return self.name.text(), self.says.text(), self.button.text()

    def show_settings(self, settings: Settings) -> None:
        """Show which steps are open."""
        self.open = tuple(step for step in STEPS if step.value in settings.general.open_steps)
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts = self._texts
        names = listed(texts, [texts(f"onboarding.step.{step.value}") for step in self.open])
        self.says.setText(texts("onboarding.open", steps=names) if names else texts("onboarding.none-open"))
        self.button.setText(texts("onboarding.continue" if names else "onboarding.again"))

    def _again(self) -> None:
        self._ask(ChangeSetting(FIRST_STEP, (self.open or STEPS)[0].value))
        self._ask(ChangeSetting(WELCOMED, False))
