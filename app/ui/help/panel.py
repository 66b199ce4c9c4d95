"""Help panels of the settings: examination, logs, report and licences."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtWidgets import QWidget

from app.diagnostics.report.actions import HelpAction
from app.messages.registry import Registry
from app.ui.help.about_panel import AboutPanel
from app.ui.help.examination_panel import ExaminationPanel
from app.ui.help.log_panel import LogPanel
from app.ui.help.report_panel import ReportPanel
from app.ui.settings.section import Words
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.ui.widgets.file_dialogs import Dialogs

SECTION = "advanced"


class PanelHost(Protocol):
    """Settings page, such as ``app.ui.settings.page.SettingsPage``."""

    def add(self, section: str, panel: QWidget, words: Words) -> None: ...


class HelpPanels:
    """The four panels of help.

    ``logs``: folder of the log files.
    """

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[HelpAction], None],
        logs: Path,
        dialogs: Dialogs | None = None,
    ) -> None:
        self.examination = ExaminationPanel(theme, texts, ask)
        self.logs = LogPanel(theme, texts, ask, logs, dialogs)
        self.report = ReportPanel(theme, texts, ask, dialogs)
        self.about = AboutPanel(theme, texts, ask)
        shows = (
            Registry()
            .add(self.examination.show_examination)
            .add(self.logs.show_lines)
            .add(self.report.show_report)
            .add(self.about.show_licences)
            .add(self.about.show_text)
        )
        self.shows = shows
        self._panels = (self.examination, self.logs, self.report, self.about)
        for panel in self._panels:
            theme.changed.connect(panel.refresh)
            texts.changed.connect(panel.refresh)

    def add_to(self, page: PanelHost) -> None:
        """Add the panels to the advanced section of ``page``."""
        for panel in self._panels:
            page.add(SECTION, panel, panel.words)
