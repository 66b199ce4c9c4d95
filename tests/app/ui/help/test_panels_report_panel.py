"""Report panel: prepare, read, save; failures are shown."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.errors import Note
from app.diagnostics.report.view import HelpAction, PrepareReport, ReportPart, ReportState, ReportView, SaveReport
from app.ui.help.panels import ReportPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.ui.dialogs import FakeDialogs
from tests.app.ui.showing import displayed

PARTS = (ReportPart("settings.json", 1_834, "{}"), ReportPart("logs/desktop.jsonl", 412_000, "a line"))


@pytest.fixture
def panel(theme: Theme, texts: Texts, asked: list[HelpAction], dialogs: FakeDialogs, qtbot: QtBot) -> ReportPanel:
    return displayed(qtbot, ReportPanel(theme, texts, asked.append, dialogs), 700, 600)


def test_report_is_shown_before_saving(panel: ReportPanel, asked: list[HelpAction], dialogs: FakeDialogs) -> None:
    assert not panel.save.isVisible() and not panel.list.isVisible()
    panel.prepare.click()
    assert asked == [PrepareReport()]
    panel.show_report(ReportView(ReportState.GATHERING))
    assert not panel.prepare.isEnabled() and panel.result.isVisible()
    panel.show_report(ReportView(ReportState.READY, PARTS))
    assert panel.save.isVisible() and panel.model.rowCount() == 2 and not panel.text.isVisible()
    panel.list.setCurrentIndex(panel.model.index(1))
    assert panel.text.isVisible() and panel.text.toPlainText() == "a line"
    dialogs.chosen = ["/tmp/mine.zip"]
    panel.save.click()
    assert Path(dialogs.suggested[0]).name.startswith("kikipounamu-report-")
    assert asked[1:] == [SaveReport(Path("/tmp/mine.zip"))]
    dialogs.chosen = []
    panel.save.click()
    assert len(asked) == 2, "the dialog was cancelled"


def test_folder_of_saved_report_can_be_shown(panel: ReportPanel, dialogs: FakeDialogs, texts: Texts) -> None:
    panel.show_report(ReportView(ReportState.SAVED, PARTS, "/tmp/mine.zip"))
    assert panel.result.text() == texts("help.report.saved", place="/tmp/mine.zip")
    panel.show_place.click()
    assert dialogs.shown == ["/tmp/mine.zip"]


def test_failed_report_shows_reason_and_can_be_saved_again(panel: ReportPanel, texts: Texts) -> None:
    panel.show_report(ReportView(ReportState.FAILED, PARTS, note=Note("report-not-saved")))
    assert panel.result.text() == texts("note.report-not-saved") and panel.result.property("role") == "warning"
    assert panel.save.isEnabled() and not panel.show_place.isVisible()


def test_report_parts_are_described(panel: ReportPanel, texts: Texts) -> None:
    panel.show_report(ReportView(ReportState.READY, PARTS))
    read = [str(panel.model.data(panel.model.index(row))) for row in range(2)]
    assert texts("help.part.settings") in read[0] and texts("help.part.log") in read[1]
    assert panel.list.accessibleName() and panel.text.accessibleName() and list(panel.words())
    panel.grab()


def test_report_button_keeps_the_focus_while_it_works(panel: ReportPanel, qtbot: QtBot) -> None:
    panel.activateWindow()
    panel.prepare.setFocus()
    qtbot.waitUntil(panel.prepare.hasFocus)
    for state in (ReportState.GATHERING, ReportState.READY):
        panel.show_report(ReportView(state, PARTS))
    assert panel.prepare.hasFocus()
    panel.show_report(ReportView(ReportState.GATHERING, PARTS))
    panel.list.setFocus()
    panel.show_report(ReportView(ReportState.READY, PARTS))
    assert panel.list.hasFocus()
