"""Report that the user can give to support.

The user sees its contents before saving it; the app sends nothing.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from app.diagnostics.report.actions import HelpAction, PrepareReport, SaveReport
from app.diagnostics.report.view import ReportPart, ReportState, ReportView, suggested_name
from app.ui.help.line_list import Cell, RowsCard
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import action_button, enable, refresh_with
from app.ui.widgets.file_dialogs import SYSTEM_DIALOGS, Dialogs
from app.ui.widgets.labels import label, tell, worded
from app.ui.widgets.layouts import SPACE, horizontal

PARTS: Final = ("system", "settings", "microphones", "states", "models", "disk", "recordings")
_WORKING: Final = (ReportState.GATHERING, ReportState.SAVING)


class ReportPanel(RowsCard):
    """Panel that prepares, shows and saves a report."""

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[HelpAction], None],
        dialogs: Dialogs = SYSTEM_DIALOGS,
    ) -> None:
        super().__init__(theme, texts, "help.report", rows=10, lines=9)
        self._ask, self._dialogs, self._view = ask, dialogs, ReportView()
        self.prepare, self.told = action_button(lambda: ask(PrepareReport())), label(wraps=True)
        self.save = worded(texts, action_button(self._save, "primary"), "help.report.save")
        self.show_place = worded(texts, action_button(lambda: dialogs.show(self._view.place)), "help.report.show")
        self.lay_out(self.told, horizontal(self.prepare, self.save, self.show_place, SPACE))
        self.list.selectionModel().selectionChanged.connect(self._chosen)
        refresh_with(self._show, texts, theme)

    def show_report(self, view: ReportView) -> None:
        """Show the report's state and contents."""
        self._view = view
        self._show()

    def _show(self) -> None:
        view, texts = self._view, self._texts
        parts = bool(view.parts)
        self.prepare.setText(texts("help.report.again" if parts else "help.report.prepare"))
        enable(self.prepare, view.state not in _WORKING)
        self.save.setVisible(parts)
        enable(self.save, view.state not in _WORKING)
        self.show_place.setVisible(view.state is ReportState.SAVED)
        self.show_rows([(self._cells(part), self._described(part)) for part in view.parts])
        self._tell()
        self._chosen()

    def _tell(self) -> None:
        view, texts = self._view, self._texts
        said = {
            ReportState.GATHERING: texts("help.report.gathering"),
            ReportState.SAVED: texts("help.report.saved", place=view.place),
            ReportState.FAILED: note_text(texts, view.note),
        }.get(view.state, "")
        tell(self.told, said, "warning" if view.state is ReportState.FAILED else "muted")

    def _described(self, part: ReportPart) -> str:
        return f"{part.name}, {self._about(part)}, {self._size(part)}"

    def _cells(self, part: ReportPart) -> tuple[Cell, ...]:
        return (
            Cell(part.name, letters=24),
            Cell(self._about(part), "muted"),
            Cell(self._size(part), "muted", 9, True),
        )

    def _about(self, part: ReportPart) -> str:
        name = part.name.partition(".")[0]
        return self._texts(f"help.part.{name}" if name in PARTS else "help.part.log")

    def _size(self, part: ReportPart) -> str:
        return self._texts("help.report.size", count=max(1, round(part.size / 1000)))

    def _chosen(self) -> None:
        row = self.list.currentIndex().row()
        chosen = self._view.parts[row] if 0 <= row < len(self._view.parts) else None
        self.text.setVisible(chosen is not None)
        if chosen is not None:
            self.text.show_text(chosen.text)

    def _save(self) -> None:
        suggested = str(Path.home() / suggested_name(time.time()))
        if place := self._dialogs.place(self, self._texts("help.report.title"), suggested):
            self._ask(SaveReport(Path(place)))
