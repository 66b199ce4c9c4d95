"""Report that the user can give to support.

The user sees its contents before saving it; the app sends nothing.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QPushButton

from app.diagnostics.report.actions import HelpAction, PrepareReport, SaveReport
from app.diagnostics.report.view import ReportPart, ReportState, ReportView, suggested_name
from app.ui.help.line_list import Cell, ReadOnlyText, RowDelegate, RowListView, RowModel
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import Card
from app.ui.widgets.file_dialogs import SYSTEM_DIALOGS, Dialogs
from app.ui.widgets.labels import label, say, set_role
from app.ui.widgets.layouts import SPACE, horizontal, vertical

PARTS: Final = ("system", "settings", "microphones", "states", "models", "disk", "recordings")
_WORKING: Final = (ReportState.GATHERING, ReportState.SAVING)
_PLACES: Final = 10


class ReportPanel(Card):
    """Panel that prepares, shows and saves a report."""

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[HelpAction], None],
        dialogs: Dialogs = SYSTEM_DIALOGS,
    ) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self._dialogs = dialogs
        self._view = ReportView()
        self.heading, self.says = label(size=SCALE.heading, bold=True), label(role="muted", wraps=True)
        self.prepare, self.save, self.show_place = QPushButton(), QPushButton(), QPushButton()
        self.save.setProperty("role", "primary")
        self.list = RowListView(_PLACES)
        self.model = RowModel(self)
        self.list.draw(self.model, RowDelegate(theme, self.model.cells))
        self.text, self.told = ReadOnlyText(9), label(wraps=True)
        self._lay_out()
        self.prepare.clicked.connect(lambda: ask(PrepareReport()))
        self.save.clicked.connect(self._save)
        self.show_place.clicked.connect(lambda: self._dialogs.show(self._view.place))
        self.list.selectionModel().selectionChanged.connect(self._chosen)
        self.refresh()

    def words(self) -> Iterable[str]:
        """Return the words by which the settings search finds this panel."""
        return (self._texts("help.report.name"), self._texts("help.report.says"))

    def show_report(self, view: ReportView) -> None:
        """Show the report's state and contents."""
        self._view = view
        self._show()

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        texts = self._texts
        self.heading.setText(texts("help.report.name"))
        self.says.setText(texts("help.report.says"))
        self.save.setText(texts("help.report.save"))
        self.show_place.setText(texts("help.report.show"))
        self.list.setAccessibleName(texts("help.report.list"))
        self.text.setAccessibleName(texts("help.report.text"))
        self.list.refresh()
        self.text.refresh()
        self._show()

    def _show(self) -> None:
        view, texts = self._view, self._texts
        parts = bool(view.parts)
        self.prepare.setText(texts("help.report.again" if parts else "help.report.prepare"))
        self.prepare.setEnabled(view.state not in _WORKING)
        self.save.setVisible(parts)
        self.save.setEnabled(view.state not in _WORKING)
        self.show_place.setVisible(view.state is ReportState.SAVED)
        self.model.show_rows([(self._cells(part), self._described(part)) for part in view.parts])
        self.list.setVisible(parts)
        self.list.fit(len(view.parts))
        self._tell()
        self._chosen()

    def _tell(self) -> None:
        view, texts = self._view, self._texts
        said = {
            ReportState.GATHERING: lambda: texts("help.report.gathering"),
            ReportState.SAVED: lambda: texts("help.report.saved", place=view.place),
            ReportState.FAILED: lambda: note_text(texts, view.note) if view.note else "",
        }.get(view.state, lambda: "")()
        say(self.told, said)
        set_role(self.told, "warning" if view.state is ReportState.FAILED else "muted")

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

    def _lay_out(self) -> None:
        buttons = horizontal(self.prepare, self.save, self.show_place, SPACE)
        vertical(
            self.heading,
            self.says,
            self.list,
            self.text,
            self.told,
            buttons,
            SPACE,
            within=self,
            margins=(SPACING.wide, SPACING.large),
            gap=SPACING.medium,
        )
