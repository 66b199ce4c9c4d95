"""Live view of the logs of all programs of this app."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from PySide6.QtCore import QAbstractListModel, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView

from app.diagnostics.report.log_lines import LEVELS, LogFilter, LogLine, as_object, value_text
from app.diagnostics.report.view import HelpAction, LogLines, WatchLogs
from app.ui.help.line_list import ROOT, Cell, Index, ListCard, RowDelegate
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import action_button, refresh_with
from app.ui.widgets.controls import DropDown, SearchField
from app.ui.widgets.dialogs import SYSTEM_DIALOGS, Dialogs
from app.ui.widgets.panels import follow_visibility
from app.ui.widgets.parts import SPACE, horizontal, label, show_text, stretched, worded


class LogModel(QAbstractListModel):
    """Model of log lines.

    ``describe``: returns the text that a screen reader reads for a line.
    """

    def __init__(self, describe: Callable[[LogLine], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._describe = describe
        self.lines: tuple[LogLine, ...] = ()

    def show_lines(self, lines: tuple[LogLine, ...]) -> None:
        """Show these log lines; keep the selection if they continue the previous lines."""
        gone = self._gone(lines)
        if gone is None:
            self.beginResetModel()
            self.lines = lines
            self.endResetModel()
            return
        if gone:
            self.beginRemoveRows(ROOT, 0, gone - 1)
            self.lines = self.lines[gone:]
            self.endRemoveRows()
        if len(lines) > len(self.lines):
            self.beginInsertRows(ROOT, len(self.lines), len(lines) - 1)
            self.lines = lines
            self.endInsertRows()

    def _gone(self, lines: tuple[LogLine, ...]) -> int | None:
        """Return how many of the oldest lines are gone; ``None`` if ``lines`` do not continue the current ones."""
        if not lines or not self.lines:
            return None
        gone = next((place for place, line in enumerate(self.lines) if line is lines[0]), None)
        if gone is None or self.lines[gone:] != lines[: len(self.lines) - gone]:
            return None
        return gone

    def rowCount(self, parent: Index = ROOT) -> int:
        """Return the number of lines."""
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the event of a line, or its screen reader text."""
        if not index.isValid() or index.row() >= len(self.lines):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.lines[index.row()].event
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._describe(self.lines[index.row()])
        return None


_SHOWN_LEVELS: Final = LEVELS[:4]
_COLOURS: Final = {"error": "warning", "critical": "warning", "warning": "warning"}
_LONGEST_QUERY: Final = 100


class LogPanel(ListCard):
    """Panel of log lines, updated while it is visible.

    While it is scrolled to the newest line, it follows new lines; otherwise it keeps its position.
    """

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[HelpAction], None],
        logs: Path,
        dialogs: Dialogs = SYSTEM_DIALOGS,
    ) -> None:
        super().__init__(theme, texts, "help.logs", rows=14, lines=6)
        self._ask = ask
        self._view: LogLines | None = None
        self.count = label(size=SCALE.caption, role="muted")
        self.search = SearchField(theme, texts, "help.logs.search", most=_LONGEST_QUERY)
        self.level = worded(texts, DropDown(theme), accessibleName="help.logs.level")
        self.program = worded(texts, DropDown(theme), accessibleName="help.logs.program")
        self.nothing = label(role="muted")
        self.model = LogModel(self._describe, self)
        self.list.draw(self.model, RowDelegate(theme, self._cells))
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        folder = action_button(lambda: dialogs.show(str(logs / "desktop.jsonl")))
        self.copy, self.folder = action_button(self._copy), worded(texts, folder, "help.logs.folder")
        head = horizontal(stretched(self.heading), self.count, gap=None)
        wanted = horizontal(stretched(self.level), stretched(self.program))
        buttons = horizontal(self.copy, self.folder, SPACE)
        below = (wanted, self.nothing, self.list, self.text, buttons)
        self.lay_out(head, self.description, self.search, *below)
        self.search.textChanged.connect(self._request_lines)
        self.level.activated.connect(self._request_lines)
        self.program.activated.connect(self._request_lines)
        self.list.selectionModel().selectionChanged.connect(self._chosen)
        refresh_with(self.refresh, texts, theme)
        follow_visibility(self, lambda on: self._request_lines() if on else ask(WatchLogs(False)))

    def show_lines(self, view: LogLines) -> None:
        """Show the lines, unless the filter has changed since they were requested."""
        if view.wanted != self._current_filter():
            return
        self._view = view
        bar = self.list.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - SPACING.medium
        self.model.show_lines(view.lines)
        if follows:
            self.list.scrollToBottom()
        self._show()

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        texts = self._texts
        levels = [(level, texts(f"help.logs.level-{level}")) for level in _SHOWN_LEVELS]
        self.level.show_entries(levels, self.level.currentData() or LEVELS[0])
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy the selected lines on the system's copy shortcut."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        else:
            super().keyPressEvent(event)

    # -- display -------------------------------------------------------------------------------------------

    def _show(self) -> None:
        texts, view = self._texts, self._view
        names = view.programs if view else ()
        programs = [("", texts("help.logs.every")), *((name, name) for name in names)]
        self.program.show_entries(programs, self.program.currentData() or "")
        lines = len(self.model.lines)
        self.list.setVisible(bool(lines))
        filtered = self._current_filter() != LogFilter()
        key = "loading" if view is None else "nothing-found" if filtered else "empty"
        show_text(self.nothing, "" if lines else texts(f"help.logs.{key}"))
        older = view.left_out if view else 0
        shown = "older" if older else "count"
        self.count.setText(texts(f"help.logs.{shown}", count=lines) if lines else "")
        self._chosen()

    def _cells(self, place: int) -> Sequence[Cell]:
        line = self.model.lines[place]
        text = f"{line.event}   {line.details}" if line.details else line.event
        colour = _COLOURS.get(line.level, "muted") if line.level else "warning"
        return (
            Cell(_time(line.at_s) if line.level else "", "muted", 15),
            Cell(self._level(line), colour, 12),
            Cell(line.program, "muted", 11),
            Cell(text, "text" if line.level else "muted"),
        )

    def _level(self, line: LogLine) -> str:
        return self._texts(f"help.level.{line.level}") if line.level else self._texts("help.level.unreadable")

    def _describe(self, line: LogLine) -> str:
        return f"{_time(line.at_s)}, {self._level(line)}, {line.program}: {line.event} {line.details}".rstrip()

    # -- user actions --------------------------------------------------------------------------------------

    def _current_filter(self) -> LogFilter:
        level, program = self.level.currentData(), self.program.currentData()
        return LogFilter(level or LEVELS[0], program or "", self.search.text())

    def _request_lines(self) -> None:
        if self.isVisible():
            self._ask(WatchLogs(True, self._current_filter()))

    def _selected_lines(self) -> list[LogLine]:
        rows = sorted(index.row() for index in self.list.selectionModel().selectedIndexes())
        return [self.model.lines[row] for row in rows if row < len(self.model.lines)]

    def _chosen(self) -> None:
        lines = self._selected_lines()
        self.text.setVisible(len(lines) == 1)
        if len(lines) == 1:
            self.text.show_text(_all_fields(lines[0]))
        self.copy.setEnabled(bool(self.model.lines))
        self.copy.setText(self._texts("help.logs.copy" if lines else "help.logs.copy-all"))

    def _copy(self) -> None:
        lines = self._selected_lines() or self.model.lines
        if lines:
            QGuiApplication.clipboard().setText("".join(f"{line.raw}\n" for line in lines))


def _time(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s):%H:%M:%S.%f}"[:-3] if at_s else ""


def _all_fields(line: LogLine) -> str:
    fields = as_object(line.raw)
    if fields is None:
        return line.raw
    return "\n".join(f"{name}: {value_text(value)}" for name, value in fields.items())
