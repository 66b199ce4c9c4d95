"""Create the pages of the main window, and the registry that passes values to them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QWidget

from app.diagnostics.report.view import HelpAction
from app.messages.kinds import News, Registry, WindowWanted
from app.monitoring.view import WatchMonitor
from app.settings.sections import Settings
from app.ui.computers.panel import ComputersPanel
from app.ui.files.page import FilesPage
from app.ui.help.log_panel import LogPanel
from app.ui.help.panels import AboutPanel, ExaminationPanel, ReportPanel
from app.ui.models.panel import ModelsPanel
from app.ui.monitor.page import MonitorPage
from app.ui.programs.panel import ProgramsPanel
from app.ui.replacements.page import DictionaryPage, WordsPanel
from app.ui.settings.cards import DesktopPanel, LinkCard, LocalApiPanel, RestartCard, UpdatesPanel
from app.ui.settings.hotkey_panels import KeyLinesPanel
from app.ui.settings.page import SettingsPage
from app.ui.settings.section import Words
from app.ui.settings.wording import in_all_languages
from app.ui.shell.front import DICTIONARY, FILES, SETTINGS, Front
from app.ui.shell.shell import MonitorWindow
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.ui.widgets.panels import follow_visibility
from runtime.folders import folders


class HelpPanels:
    """The four help panels. ``logs``: folder of the log files."""

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[HelpAction], None],
        logs: Path,
    ) -> None:
        self.examination = ExaminationPanel(theme, texts, ask)
        self.logs = LogPanel(theme, texts, ask, logs)
        self.report = ReportPanel(theme, texts, ask)
        self.about = AboutPanel(theme, texts, ask)
        self.handlers = (
            Registry()
            .add(self.examination.show_examination)
            .add(self.logs.show_lines)
            .add(self.report.show_report)
            .add(self.about.show_licences)
            .add(self.about.show_text)
        )
        self.all = (self.examination, self.logs, self.report, self.about)


class Pages:
    """All pages of the main window and their panels, including those of ``front``.

    ``handlers`` accepts the values that the app publishes.
    """

    def __init__(self, front: Front, theme: Theme, texts: Texts) -> None:
        ask = front.ask
        self.shell, self.home = front.shell, front.home
        self.status, self.first_steps = front.status, front.first_steps
        self.files = FilesPage(theme, texts, ask)
        self.monitor = MonitorPage(theme, texts, ask)
        self.settings = SettingsPage(theme, texts, ask)
        self.models = ModelsPanel(theme, texts, ask)
        self.words = WordsPanel(theme, texts, ask)
        self.dictionary = DictionaryPage(texts, self.words)
        self.shell.replace(FILES, self.files)
        self.shell.replace(DICTIONARY, self.dictionary)
        self.shell.replace(SETTINGS, self.settings, scrolls=True)
        self._add_monitor(texts, front)
        self.first_steps.other_computer_wanted.connect(self.show_computers)
        self.first_steps.key_lines_wanted.connect(self.show_key_lines)
        self.restart = RestartCard(texts, ask)
        self.updates = UpdatesPanel(theme, texts, ask)
        self.shell.update_action.triggered.connect(self.show_updates)
        self.desktop, self.key_lines = DesktopPanel(theme, texts, ask), KeyLinesPanel(theme, texts, ask)
        self.help = HelpPanels(theme, texts, ask, folders().logs)
        self.programs, self.api = ProgramsPanel(theme, texts, ask), LocalApiPanel(theme, texts)
        self.computers = ComputersPanel(theme, texts, ask)
        self._add_panels()
        self.handlers = self._registry()

    def _add_panels(self) -> None:
        """Add the panels to the sections of the settings, some below a group."""
        updates = ("settings.group.updates", "settings.updates.check", "settings.updates.find")
        desktop, api = (
            ("settings.desktop.name", "settings.desktop.says"),
            ("settings.group.api", "settings.api.find"),
        )
        panels: tuple[tuple[str, QWidget, Words, str], ...] = (
            ("models", self.models, self.models.words, ""),
            ("advanced", self.monitor_card, self.monitor_card.words, ""),
            ("language", self.dictionary_card, self.dictionary_card.words, ""),
            ("general", self.restart, self.restart.words, ""),
            ("general", self.updates, partial(in_all_languages, *updates), "updates"),
            ("input", self.key_lines, partial(in_all_languages, "settings.key-lines.name"), "keys"),
            ("advanced", self.desktop, partial(in_all_languages, *desktop), ""),
            *(("advanced", panel, panel.words, "") for panel in self.help.all),
            ("advanced", self.programs, self.programs.words, "insertion"),
            ("advanced", self.api, partial(in_all_languages, *api), "api"),
            ("computers", self.computers, self.computers.words, ""),
        )
        for section, panel, words, group in panels:
            self.settings.add(section, panel, words, group)

    def _add_monitor(self, texts: Texts, front: Front) -> None:
        self.monitor_window = MonitorWindow(texts, self.monitor)
        self.shell.monitor.triggered.connect(self.monitor_window.appear)
        self.shell.share.triggered.connect(self.share)
        monitor = ("page.monitor", "shell.monitor-says", "shell.monitor-open")
        self.monitor_card = LinkCard(texts, monitor, self.monitor_window.appear)
        self.status.add_wanted.connect(self.add_gateway)
        follow_visibility(self.monitor_window, lambda on: front.ask(WatchMonitor(on)))
        dictionary = ("page.dictionary", "settings.dictionary.says", "settings.dictionary.open", "words.find")
        self.dictionary_card = LinkCard(texts, dictionary, lambda: self.shell.choose(DICTIONARY))

    def _registry(self) -> Registry[News]:
        return (
            Registry()
            .add(self.first_steps.show)
            .add(self._show_window)
            .add(self.settings.show_settings)
            .add(self.words.show_settings)
            .add(self.computers.show_settings)
            .add(self.restart.show_settings)
            .add(self._show_rules)
            .add(self.settings.show_problem)
            .add(self.words.replacements.show_problem)
            .add(self.words.hotwords.show_problem)
            .add(self.programs.show_problem)
            .add(self.status.show_view)
            .add(self.status.show_worker)
            .add(self.status.show_keys)
            .add(self.status.show_gateways)
            .add(self.monitor.show_worker)
            .add(self.monitor.show_monitor)
            .add(self.files.show_files)
            .add(self.files.show_worker)
            .add(self.files.show_text)
            .add(self.models.show_models)
            .add(self.programs.show_programs)
            .add(self.programs.show_pick)
            .add(self.words.replacements.show_tried)
            .add(self.desktop.show_desktop)
            .add(self.updates.show_updates)
            .add(self.shell.show_updates)
            .add(self.api.show_api)
            .add(self.key_lines.show_desktop)
            .add(self.key_lines.show_keys)
            .join(self.computers.handlers)
            .join(self.home.handlers)
            .join(self.settings.handlers)
            .join(self.help.handlers)
        )

    def add_gateway(self) -> None:
        """Open the form that pairs with another computer."""
        self.show_computers()
        self.computers.pair(None)

    def share(self) -> None:
        """Share this computer and show the code for another."""
        self.show_computers()
        self.computers.share_this()

    def show_computers(self) -> None:
        """Show the settings of other computers."""
        self.shell.appear(SETTINGS)
        self.settings.choose("computers")

    def show_key_lines(self) -> None:
        """Show the settings of keys, scrolled to the lines for the compositor."""
        self.shell.appear(SETTINGS)
        self.settings.choose("input")
        self.settings.area.ensureWidgetVisible(self.key_lines)

    def show_updates(self) -> None:
        """Show the settings, scrolled to the panel of newer versions."""
        self.shell.appear(SETTINGS)
        self.settings.choose("general")
        self.settings.area.ensureWidgetVisible(self.updates)

    def lend(self) -> None:
        """Open the form that lends this computer's recognition to another one."""
        self.show_computers()
        self.computers.lend_this()

    def _show_window(self, wanted: WindowWanted) -> None:
        self.shell.appear()

    def _show_rules(self, settings: Settings) -> None:
        self.programs.show_rules(settings.insertion.programs)
        self.key_lines.show_bindings(settings.hotkeys.bindings)
