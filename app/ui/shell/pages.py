"""Pages of the main window, and the table that routes news to them."""

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtWidgets import QWidget

from app.core.shown_once import Once
from app.dictation.actions import RecoverTake
from app.dictation.hotkey_test import KeysSeen
from app.files.view import FilesView, FileText
from app.gateways.view import GatewaysView
from app.history.actions import HistoryAction
from app.history.view import (
    HistoryList,
    HistoryModels,
    HistoryRows,
    HistoryTold,
    Playing,
    Rerunning,
    TakeDetails,
)
from app.messages.actions import Action
from app.messages.background_actions import BesideAction, LookAtMonitor
from app.messages.notifications import Problem, Programs
from app.models.view import ModelsView
from app.monitoring.view import MonitorView
from app.onboarding.view import MicrophoneTrial
from app.replacements.view import ReplacementsTried
from app.settings.sections import Settings
from app.sharing.view import InviteView, LendingView, SharingView
from app.ui.dictation.page import MainWindow
from app.ui.files.page import FilesPage
from app.ui.gateways.panel import GatewaysPanel
from app.ui.help.panel import HelpPanels
from app.ui.history.page import HistoryPage
from app.ui.models.panel import ModelsPanel
from app.ui.monitor.page import MonitorPage
from app.ui.onboarding.controller import Again, FirstSteps
from app.ui.replacements.words_panel import WordsPanel
from app.ui.settings.page import SettingsPage
from app.ui.settings.program_rules_panel import ProgramRulesPanel
from app.ui.sharing.lending_panel import LendingPanel
from app.ui.sharing.panel import SharingPanel
from app.ui.shell.shell import Shell
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from runtime.folders import folders

DICTATION: Final = "dictation"
HISTORY: Final = "history"
FILES: Final = "files"
MONITOR: Final = "monitor"
SETTINGS: Final = "settings"
PAGES: Final = (DICTATION, HISTORY, FILES, MONITOR, SETTINGS)


class Pages:
    """All pages of the main window and their panels.

    ``ask`` takes actions for dictation, ``ask_beside`` all others. ``hides`` and ``closing``: see ``Shell``.
    """

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[Action], None],
        ask_beside: Callable[[BesideAction], None],
        *,
        hides: bool,
        closing: Once | None = None,
    ) -> None:
        self._ask, self._ask_beside = ask, ask_beside
        self.window = MainWindow(theme, texts, ask)
        self.history = HistoryPage(theme, texts, self._ask_history)
        self.files = FilesPage(theme, texts, ask_beside)
        self.monitor = MonitorPage(theme, texts, ask)
        self.settings = SettingsPage(theme, texts, ask)
        self.models = ModelsPanel(theme, texts, ask, ask_beside)
        self.settings.add("models", self.models, self.models.words)
        self.shell = Shell(theme, texts, ask, hides=hides, closing=closing)
        for name, page in self._all.items():
            self.shell.add(name, page, scrolls=name in (HISTORY, SETTINGS))
        self.first_steps = FirstSteps(theme, texts, ask, ask_beside, self.shell)
        again = Again(texts, ask)
        self.settings.add("general", again, again.words)
        self.help = HelpPanels(theme, texts, ask_beside, folders().logs)
        self.help.add_to(self.settings)
        self.words = WordsPanel(theme, texts, ask, ask_beside)
        self.settings.add("words", self.words, self.words.words)
        self.programs = ProgramRulesPanel(theme, texts, ask)
        self.settings.add("insertion", self.programs, self.programs.words)
        self.gateways = GatewaysPanel(theme, texts, ask, ask_beside)
        self.settings.add("gateway", self.gateways, self.gateways.words)
        self.sharing = SharingPanel(theme, texts, ask, ask_beside)  # below the choice of the gateway
        self.settings.add("gateway", self.sharing, self.sharing.words)
        self.lending = LendingPanel(theme, texts, ask_beside, ask_beside)
        self.settings.add("worker", self.lending, self.lending.words)
        self.lending.shown.connect(self.window.settings.show_lending)
        self.gateways.shown.connect(self.lending.dialog.show_gateways)
        self.shell.seen.connect(self._seen)
        self._shows = self._table()

    @property
    def _all(self) -> dict[str, QWidget]:
        """Pages by name, in the order of their tabs."""
        pages = (self.window, self.history, self.files, self.monitor, self.settings)
        return dict(zip(PAGES, pages, strict=True))

    def _table(self) -> dict[type, Callable[[Any], None]]:
        """Return the method that shows each type of news."""
        return {
            HistoryList: self.history.show_list,
            HistoryRows: self.history.show_rows,
            HistoryTold: self.history.show_told,
            TakeDetails: self.history.show_details,
            HistoryModels: self.history.show_models,
            Rerunning: self.history.show_rerun,
            Playing: self.history.show_playing,
            FilesView: self.files.show_files,
            FileText: self.files.show_text,
            MonitorView: self.monitor.show_monitor,
            ModelsView: self.models.show_models,
            GatewaysView: self.gateways.show_gateways,
            KeysSeen: self.settings.show_keys,
            MicrophoneTrial: self.settings.show_trial,
            Programs: self.programs.show_programs,
            ReplacementsTried: self.words.show_tried,
            SharingView: self.sharing.show_sharing,
            InviteView: self.sharing.show_invite,
            LendingView: self.lending.show_lending,
            **self.help.shows,
        }

    def begun(self) -> None:
        """Repeat the requests of all visible panels; called once the app can answer."""
        self._seen(self.shell.page if self.shell.isVisible() else "")
        self.history.again()
        self.words.again()
        self.help.again()
        self.sharing.again()
        self.models.again()
        self.gateways.again()
        self.lending.dialog.again()

    def add_gateway(self) -> None:
        """Open the form that pairs with another gateway."""
        self.shell.appear(SETTINGS)
        self.settings.choose("gateway")
        self.gateways.open_form(None)

    def lend(self) -> None:
        """Open the dialog that lends this computer's worker to another gateway."""
        self.shell.appear(SETTINGS)
        self.settings.choose("worker")
        self.lending.dialog.begin()

    def show_settings(self, settings: Settings) -> None:
        """Show the settings in effect."""
        self.settings.show_settings(settings)
        self.words.show_settings(settings)
        self.sharing.show_settings(settings)
        self.programs.show_rules(settings.insertion.programs)

    def show_problem(self, problem: Problem) -> None:
        """Show a refused setting or another problem."""
        self.settings.show_problem(problem)
        self.words.show_problem(problem)
        self.programs.show_problem(problem)

    def show(self, news: object) -> None:
        """Pass news to the page that shows it; ignore unknown types."""
        if show := self._shows.get(type(news)):
            show(news)

    def _seen(self, page: str) -> None:
        self._ask_beside(LookAtMonitor(page == MONITOR))

    def _ask_history(self, action: HistoryAction | RecoverTake) -> None:
        if isinstance(action, RecoverTake):
            self._ask(action)
        else:
            self._ask_beside(action)
