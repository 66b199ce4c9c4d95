"""Help panels of the settings: examination, logs, report and licences."""

from collections.abc import Callable
from pathlib import Path

from app.diagnostics.report.actions import HelpAction
from app.messages.registry import Registry
from app.ui.help.about_panel import AboutPanel
from app.ui.help.examination_panel import ExaminationPanel
from app.ui.help.log_panel import LogPanel
from app.ui.help.report_panel import ReportPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme


class HelpPanels:
    """The four panels of help. ``logs``: folder of the log files."""

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
        self.shows = (
            Registry()
            .add(self.examination.show_examination)
            .add(self.logs.show_lines)
            .add(self.report.show_report)
            .add(self.about.show_licences)
            .add(self.about.show_text)
        )
        self.all = (self.examination, self.logs, self.report, self.about)
