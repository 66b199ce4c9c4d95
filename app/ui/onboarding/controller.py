"""Control of the first steps: when they cover the window, and the values they need at the start."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.dictation.hotkey_test import KeysSeen
from app.dictation.view import View
from app.local_services.worker_view import WorkerView
from app.messages.actions import Action
from app.messages.notifications import Problem
from app.messages.registry import Registry
from app.models.view import ModelsView
from app.onboarding.steps import StepProgress, begun
from app.onboarding.view import MicrophoneTrial
from app.settings.sections import Settings
from app.ui.onboarding.pages import Onboarding
from app.ui.settings.choices import HOTKEYS, Choices
from app.ui.shell.shell import Shell
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme

Wanted = Settings | Choices | Problem | View | WorkerView | KeysSeen | ModelsView | MicrophoneTrial


class FirstSteps(QObject):
    """Owner of the first steps page.

    The page appears with the first settings that do not say ``welcomed``, and again whenever ``welcomed`` is
    reset. It is created on first use, so that the window of a returning user opens sooner. ``elsewhere``: emitted
    when the user wants the settings of other computers.
    """

    elsewhere = Signal()

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[Action], None],
        shell: Shell,
    ) -> None:
        super().__init__(shell)
        self._theme, self._texts, self._shell = theme, texts, shell
        self._ask = ask
        self._welcomed = True
        self._begun = False
        self._known: dict[type, Wanted] = {}
        self._pass_on: Callable[[Wanted], None] = lambda news: None
        self.page: Onboarding | None = None

    def open(self, progress: StepProgress | None = None) -> None:
        """Cover the window with the first steps."""
        if self.page is None:
            self.page = page = Onboarding(self._theme, self._texts, self._ask)
            page.over.connect(self._shell.uncover)
            page.elsewhere.connect(self.elsewhere)
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
            )
            for news in tuple(self._known.values()):
                self._pass_on(news)
        if not self._shell.covered:
            self.page.begin(progress or StepProgress())
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
            self.open(begun(settings.general.open_steps, settings.general.first_step))
        elif self._welcomed and (first or not before):
            self._shell.uncover()
