"""Log panel: reads only while visible, filters, follows, copies; usable by keyboard, with accessible names."""

from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.diagnostics.report.log_lines import LogFilter, LogLine, parse
from app.diagnostics.report.view import HelpAction, LogLines, WatchLogs
from app.ui.help.log_panel import LogPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from tests.app.diagnostics.report.logs import line
from tests.app.ui.dialogs import FakeDialogs
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import enlarge, kept


def some(count: int) -> tuple[LogLine, ...]:
    lines = (line(at, f"event {at}", "warning", segment=at, names=["麦克风"]) for at in range(count))
    return tuple(parse(each, "desktop", 0.0) for each in lines)


@pytest.fixture
def panel(theme: Theme, texts: Texts, asked: list[HelpAction], dialogs: FakeDialogs, qtbot: QtBot) -> LogPanel:
    return kept(qtbot, LogPanel(theme, texts, asked.append, Path("logs"), dialogs), 700, 700)


def test_logs_are_requested_only_while_panel_is_visible(panel: LogPanel, asked: list[HelpAction]) -> None:
    assert asked == []
    panel.show()
    assert asked == [WatchLogs(True, LogFilter())]
    panel.hide()
    assert asked[1:] == [WatchLogs(False)]


def test_log_panel_shows_only_lines_of_current_filter(panel: LogPanel, asked: list[HelpAction]) -> None:
    panel.show()
    panel.show_lines(LogLines(LogFilter(), some(3), ("desktop", "worker")))
    QTest.keyClicks(panel.search, "x")
    panel.level.setCurrentIndex(2)
    panel.level.activated.emit(2)
    panel.program.setCurrentIndex(panel.program.findData("worker"))
    panel.program.activated.emit(2)
    wanted = LogFilter("warning", "worker", "x")
    assert asked[-1] == WatchLogs(True, wanted)
    panel.show_lines(LogLines(LogFilter(), some(9)))
    assert len(panel.model.lines) == 3, "lines of another filter are ignored"
    panel.show_lines(LogLines(wanted, (), ("desktop", "worker")))
    assert not panel.list.isVisible() and panel.nothing.isVisible()
    assert panel.program.currentData() == "worker"


def test_log_panel_reports_loading_empty_and_count(panel: LogPanel, texts: Texts) -> None:
    panel.show()
    assert panel.nothing.text() == texts("help.logs.loading")
    panel.show_lines(LogLines())
    assert panel.nothing.text() == texts("help.logs.empty") and not panel.copy.isEnabled()
    panel.show_lines(LogLines(LogFilter(), some(2)))
    assert panel.count.text() == texts("help.logs.count", count=2) and not panel.nothing.isVisible()
    panel.show_lines(LogLines(LogFilter(), some(2), (), 7))
    assert panel.count.text() == texts("help.logs.older", count=2)


def test_log_panel_follows_newest_line_unless_scrolled_up(panel: LogPanel) -> None:
    panel.show()
    lines = some(200)
    bar = panel.list.verticalScrollBar()
    panel.show_lines(LogLines(LogFilter(), lines[:100]))
    assert bar.value() == bar.maximum() > 0
    panel.show_lines(LogLines(LogFilter(), lines[:150]))
    assert bar.value() == bar.maximum()
    bar.setValue(40)
    panel.show_lines(LogLines(LogFilter(), lines))
    assert bar.value() == 40


def test_selected_log_line_shows_details_and_is_copied(panel: LogPanel) -> None:
    panel.show()
    lines = (*some(3), parse("{damaged", "worker", 3.0))
    panel.show_lines(LogLines(LogFilter(), lines))
    panel.copy.click()
    assert QGuiApplication.clipboard().text() == "".join(f"{one.raw}\n" for one in lines)
    select = QItemSelectionModel.SelectionFlag.ClearAndSelect
    panel.list.selectionModel().select(panel.model.index(1), select)
    assert panel.text.isVisible() and 'segment: 1\nnames: ["麦克风"]' in panel.text.toPlainText()
    QTest.keyClick(panel.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == f"{lines[1].raw}\n"
    panel.list.selectionModel().select(panel.model.index(3), select)
    assert panel.text.toPlainText() == "{damaged"
    panel.grab()


def test_log_folder_can_be_opened(panel: LogPanel, dialogs: FakeDialogs) -> None:
    panel.folder.click()
    assert dialogs.shown == [str(Path("logs") / "desktop.jsonl")]


@in_each_language
def test_log_panel_has_accessible_names_and_fits_large_font(panel: LogPanel) -> None:
    panel.show()
    panel.show_lines(LogLines(LogFilter(), some(3), ("desktop",)))
    for control in (panel.search, panel.level, panel.program, panel.list, panel.text):
        assert control.accessibleName()
    assert all(button.text() for button in (panel.copy, panel.folder))
    described = panel.model.data(panel.model.index(0), Qt.ItemDataRole.AccessibleTextRole)
    assert "event 0" in str(described) and "desktop" in str(described)
    enlarge(2)
    panel.refresh()
    panel.resize(900, panel.sizeHint().height())
    for button in (panel.copy, panel.folder):
        assert button.width() >= button.sizeHint().width()
