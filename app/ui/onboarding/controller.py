"""Control of the first steps: when they cover the window, and the values they need at the start."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout

from app.dictation.hotkey_test import KeysSeen
from app.dictation.view import View
from app.gateways.view import GatewaysView
from app.local_services.worker_view import WorkerView
from app.messages.actions import Action
from app.messages.notifications import Problem
from app.messages.registry import Registry
from app.models.view import ModelsView
from app.onboarding.steps import FIRST_STEP, STEPS, WELCOMED, Step
from app.onboarding.view import GatewayTrial, MicrophoneTrial
from app.settings.actions import ChangeSetting
from app.settings.sections import Settings
from app.ui.onboarding.pages import Onboarding
from app.ui.settings.choices import HOTKEYS, Choices
from app.ui.shell.shell import Shell
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import label

Wanted = (
    Settings
    | Choices
    | Problem
    | View
    | WorkerView
    | KeysSeen
    | ModelsView
    | MicrophoneTrial
    | GatewayTrial
    | GatewaysView
)


class FirstSteps:
    """Owner of the first steps page.

    The page appears with the first settings that do not say ``welcomed``, and again whenever ``welcomed`` is
    reset. It is created on first use, so that the window of a returning user opens sooner.
    """

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[Action], None],
        shell: Shell,
    ) -> None:
        self._theme, self._texts, self._shell = theme, texts, shell
        self._ask = ask
        self._welcomed = True
        self._begun = False
        self._known: dict[type, Wanted] = {}
        self._pass_on: Callable[[Wanted], None] = lambda news: None
        self.page: Onboarding | None = None

    def open(self, step: Step = Step.LANGUAGE) -> None:
        """Cover the window with the first steps, starting at ``step``."""
        if self.page is None:
            self.page = page = Onboarding(self._theme, self._texts, self._ask, self._ask)
            page.over.connect(self._shell.uncover)
            self._pass_on = (
                Registry()
                .add(page.show_settings)
                .add(page.show_choices)
                .add(page.show_problem)
                .add(page.show_view)
                .add(page.show_worker)
                .add(page.show_keys)
                .add(page.show_models)
                .add(page.show_microphone)
                .add(page.show_gateway)
                .add(page.show_gateways)
            )
            for news in tuple(self._known.values()):
                self._pass_on(news)
        if not self._shell.covered:
            self.page.begin_at(step)
            self._shell.cover(self.page)

    def show(self, news: Wanted) -> None:
        """Pass a value to the page.

        The newest value of each kind is kept for a page created later.
        """
        if isinstance(news, Problem) and news.about != HOTKEYS:
            return
        self._known[type(news)] = news
        if isinstance(news, Settings):
            self._show_settings(news)
        self._pass_on(news)

    def _show_settings(self, settings: Settings) -> None:
        first, self._begun = not self._begun, True
        before, self._welcomed = self._welcomed, settings.general.welcomed
        if before and not self._welcomed:
            self.open(Step(settings.general.first_step))
        elif self._welcomed and (first or not before):
            self._shell.uncover()


class RestartCard(QFrame):
    """Card in the settings that starts the first steps again."""

    def __init__(self, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self.setProperty("role", "card")
        self.name, self.says, self.button = (
            label(bold=True),
            label(size=SCALE.caption, role="muted"),
            QPushButton(),
        )
        self.says.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.large, SPACING.medium, SPACING.large, SPACING.medium)
        column.setSpacing(SPACING.small)
        for widget in (self.name, self.says):
            column.addWidget(widget)
        column.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignLeft)
        self.button.clicked.connect(self._again)
        texts.changed.connect(self.refresh)
        self.refresh()

    def words(self) -> tuple[str, ...]:
        """Return the words by which the settings search finds this card."""
        return self.name.text(), self.says.text(), self.button.text()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        self.name.setText(self._texts("onboarding.name"))
        self.says.setText(self._texts("onboarding.again-says"))
        self.button.setText(self._texts("onboarding.again"))

    def _again(self) -> None:
        self._ask(ChangeSetting(FIRST_STEP, STEPS[0].value))
        self._ask(ChangeSetting(WELCOMED, False))
