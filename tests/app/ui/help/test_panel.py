"""The four help panels are in their section and handle all help values."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.diagnostics.report.actions import HelpAction, LicencesWanted, LookAtLogs
from app.diagnostics.report.view import HelpValue, LogLines
from app.ui.help.panel import SECTION, HelpPanels
from app.ui.settings.section import Words
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme


class Page:
    def __init__(self) -> None:
        self.added: list[tuple[str, QWidget, Words]] = []

    def add(self, section: str, panel: QWidget, words: Words) -> None:
        self.added.append((section, panel, words))


def test_help_panels_are_in_section_and_show_all_values(theme: Theme, qtbot: QtBot) -> None:
    asked: list[HelpAction] = []
    texts = Texts("en")
    panels = HelpPanels(theme, texts, asked.append, Path("logs"))
    page = Page()
    panels.add_to(page)
    assert [section for section, _, _ in page.added] == [SECTION] * 4
    assert all(list(words()) for _, _, words in page.added)
    shows: Callable[[HelpValue], None] = panels.shows
    for _, panel, _ in page.added:
        qtbot.addWidget(panel)
        panel.show()
    assert [type(action) for action in asked] == [LookAtLogs, LicencesWanted]
    shows(LogLines())
    texts.choose("zh")
    assert panels.logs.heading.text() == texts("help.logs.name") and panels.report.heading.text() == "求助报告"
