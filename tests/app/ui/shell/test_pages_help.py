"""The four help panels are found by the search and handle all help values."""

from collections.abc import Callable
from pathlib import Path

from pytestqt.qtbot import QtBot

from app.diagnostics.report.view import HelpAction, HelpValue, LicencesWanted, LogLines, WatchLogs
from app.ui.shell.pages import HelpPanels
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme


def test_help_panels_are_found_and_show_all_values(theme: Theme, qtbot: QtBot) -> None:
    asked: list[HelpAction] = []
    texts = Texts("en")
    panels = HelpPanels(theme, texts, asked.append, Path("logs"))
    assert all(list(panel.words()) for panel in panels.all)
    shows: Callable[[HelpValue], None] = panels.handlers
    for panel in panels.all:
        qtbot.addWidget(panel)
        panel.show()
    assert [type(action) for action in asked] == [WatchLogs, LicencesWanted]
    shows(LogLines())
    texts.choose("zh")
    assert panels.logs.heading.text() == texts("help.logs.name") and panels.report.heading.text() == "求助报告"
