"""Cards of the settings page: a problem with the file, the first steps, and a link to another part of the app."""

from collections.abc import Callable

from app.core.notes import Note
from app.messages.actions import Action
from app.onboarding.steps import FIRST_STEP, STEPS, WELCOMED, Step
from app.settings.actions import ChangeSetting
from app.settings.path import settings_place
from app.settings.sections import Settings
from app.ui.strings.language_names import listed
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import SPACING
from app.ui.widgets.basic import Card, action_button, refresh_with
from app.ui.widgets.file_dialogs import Dialogs
from app.ui.widgets.labels import caption, label, remark, worded
from app.ui.widgets.layouts import CARD, at_left, horizontal, stretched, vertical


class RestartCard(Card):
    """Card that opens exactly the open steps; all of them if none is open."""

    def __init__(self, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self.open: tuple[Step, ...] = ()
        self.name = worded(texts, label(bold=True), "onboarding.name")
        self.says = remark()
        self.button = action_button(self._again)
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


class FileTrouble(Card):
    """Message at the top of the settings, hidden without a problem."""

    def __init__(self, texts: Texts, dialogs: Dialogs) -> None:
        super().__init__("settings.trouble")
        self._texts = texts
        self._note: Note | None = None
        self.place = settings_place()
        self.says = label(role="warning", bold=True, wraps=True)
        self.where = remark(selectable=True)
        self.open = worded(texts, action_button(lambda: dialogs.show(str(self.place))), "settings.open-folder")
        vertical(self.says, self.where, at_left(self.open), within=self, margins=CARD)
        self.show_problem(None)

    def show_problem(self, note: Note | None) -> None:
        """Show a problem with the settings file; ``None`` hides the message."""
        self._note = note
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        said = note_text(self._texts, self._note)
        self.says.setText(said)
        self.where.setText(str(self.place))
        self.setAccessibleName(said)
        self.setVisible(bool(said))


class LinkCard(Card):
    """Card with a name, an explanation, and a button that calls ``go``.

    ``keys``: the keys of these three texts, and of further words by which the search finds the card.
    """

    def __init__(self, texts: Texts, keys: tuple[str, str, str, *tuple[str, ...]], go: Callable[[], None]) -> None:
        super().__init__()
        self._texts, self._keys = texts, keys
        self.name, self.says = label(bold=True), remark()
        self.button = action_button(go)
        said = vertical(self.name, self.says, gap=SPACING.hair)
        horizontal(stretched(said), self.button, within=self, margins=CARD, gap=SPACING.medium)
        refresh_with(self.refresh, texts)

    def words(self) -> tuple[str, ...]:
        """Return the words by which the settings search finds this card."""
        return tuple(map(self._texts, self._keys))

    def refresh(self) -> None:
        """Update all texts to the current language."""
        name, says, go = map(self._texts, self._keys[:3])
        self.name.setText(name)
        self.says.setText(says)
        caption(self.button, go, f"{name}: {go}")
