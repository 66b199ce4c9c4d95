"""Panels of help: a check of this computer, a report for support, and the licences.

The user sees the report before saving it; the app sends nothing.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from PySide6.QtGui import QShowEvent

from app.diagnostics.checks.finding import Finding, FindingText, Severity, count, finding_text
from app.diagnostics.report.view import (
    ComponentKind,
    ExaminationView,
    Examine,
    HelpAction,
    Licence,
    LicencesView,
    LicencesWanted,
    LicenceText,
    LicenceTextWanted,
    PrepareReport,
    ReportPart,
    ReportState,
    ReportView,
    SaveReport,
    suggested_name,
)
from app.ui.help.line_list import Cell, RowsCard
from app.ui.strings.texts import Texts, note_text
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import action_button, enable, refresh_with
from app.ui.widgets.controls import SearchField
from app.ui.widgets.dialogs import SYSTEM_DIALOGS, Dialogs
from app.ui.widgets.panels import bring_into_sight, lay_out_now
from app.ui.widgets.parts import SPACE, horizontal, label, show_text, stretched, worded

_ORDER: Final = (Severity.PROBLEM, Severity.ADVICE, Severity.OK)
_COLOURS: Final = {Severity.OK: "muted", Severity.ADVICE: "warning", Severity.PROBLEM: "warning"}
_SEVERITY, _TITLE = 10, 20  # column widths in letters


class ExaminationPanel(RowsCard):
    """Panel that runs the checks and lists their findings.

    The text shows the selected findings; without a selection, all findings that need attention.
    """

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[HelpAction], None]) -> None:
        super().__init__(theme, texts, "help.examine", rows=12, lines=6)
        self._view: ExaminationView | None = None
        self._found: tuple[Finding, ...] = ()
        self.examine, self.state = action_button(lambda: ask(Examine())), label(role="muted", wraps=True)
        row = horizontal(self.examine, stretched(self.state))
        self.lay_out(self.heading, self.description, self.list, self.text, row)
        self.list.selectionModel().selectionChanged.connect(self._show_chosen_findings)
        refresh_with(self._show, texts, theme)

    def show_examination(self, view: ExaminationView) -> None:
        """Show the findings so far and the area being checked."""
        self._view = view
        self._show()

    def _show(self) -> None:
        view, texts = self._view, self._texts
        self._found = tuple(sorted(view.findings, key=lambda one: _ORDER.index(one.severity))) if view else ()
        self.examine.setText(texts("help.examine.again" if view else "help.examine.start"))
        enable(self.examine, view is None or view.waits_for is None)
        self.show_rows([self._row(finding) for finding in self._found])
        self.state.setText(self._sentence(view) if view else "")
        self._show_chosen_findings()

    def _sentence(self, view: ExaminationView) -> str:
        texts, problems = self._texts, count(view.findings, Severity.PROBLEM)
        if view.waits_for is not None:
            return texts("help.examine.running", area=texts(f"doctor.area.{view.waits_for}"))
        return texts("help.examine.problems", count=problems) if problems else texts("help.examine.well")

    def _row(self, finding: Finding) -> tuple[tuple[Cell, ...], str]:
        title, found, do = finding_text(self._texts, finding)
        severity = self._texts(f"help.examine.severity.{finding.severity}")
        cells = (
            Cell(severity, _COLOURS[finding.severity], _SEVERITY),
            Cell(title, letters=_TITLE),
            Cell(found, "muted"),
        )
        return cells, f"{severity}, {title}, {found} {do}".rstrip()

    def _show_chosen_findings(self) -> None:
        chosen = [index.row() for index in self.list.selectedIndexes()]
        found = [self._found[row] for row in chosen if row < len(self._found)]
        shown = found or [one for one in self._found if one.severity is not Severity.OK]
        self.text.setVisible(bool(shown))
        self.text.show_text("\n\n".join(self._paragraph(finding_text(self._texts, one)) for one in shown))

    def _paragraph(self, finding: FindingText) -> str:
        found = self._texts("help.examine.paragraph", title=finding.title, found=finding.found)
        return f"{found}\n{self._texts('help.examine.do', text=finding.do)}" if finding.do else found


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
        self.prepare, self.result = action_button(lambda: ask(PrepareReport())), label(wraps=True)
        self.save = worded(texts, action_button(self._save, "primary"), "help.report.save")
        self.show_place = worded(texts, action_button(lambda: dialogs.show(self._view.place)), "help.report.show")
        row = horizontal(self.prepare, self.save, self.show_place, SPACE)
        self.lay_out(self.heading, self.description, self.list, self.text, self.result, row)
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
        self.show_rows([(self._cells(part), self._part_text(part)) for part in view.parts])
        self._show_result()
        self._chosen()

    def _show_result(self) -> None:
        view, texts = self._view, self._texts
        text = {
            ReportState.GATHERING: texts("help.report.gathering"),
            ReportState.SAVED: texts("help.report.saved", place=view.place),
            ReportState.FAILED: note_text(texts, view.note),
        }.get(view.state, "")
        show_text(self.result, text, "warning" if view.state is ReportState.FAILED else "muted")

    def _part_text(self, part: ReportPart) -> str:
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


_LONGEST_QUERY: Final = 100


class AboutPanel(RowsCard):
    """Panel of the version and the licences; it requests their list when it is first shown."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[HelpAction], None]) -> None:
        super().__init__(theme, texts, "help.about", rows=10, lines=12, heading="app.name")
        self._ask = ask
        self._view: LicencesView | None = None
        self._found: tuple[Licence, ...] = ()
        self._name = ""
        self.search = SearchField(theme, texts, "help.about.search", most=_LONGEST_QUERY)
        self.nothing = label(role="muted")
        self.text.hide()
        self.lay_out(self.heading, self.description, self.search, self.nothing, self.list, self.text)
        self.search.textChanged.connect(self._search)
        self.list.selectionModel().currentChanged.connect(self._chosen)
        refresh_with(self.refresh, texts, theme)

    def words(self) -> Iterable[str]:
        """Return the texts by which the search of the settings finds this panel."""
        names = map(self._licence_name, self._view.licences if self._view else ())
        return (self._texts("help.about.find"), self._texts("help.about.says"), *names)

    def show_licences(self, view: LicencesView) -> None:
        """Show the version and the list of licences."""
        self._view = view
        self.refresh()

    def show_text(self, text: LicenceText) -> None:
        """Show a licence text, if its entry is still selected."""
        if text.name == self._name:
            self.text.show_text(text.text or self._texts("help.about.no-text"))
            self.text.setVisible(True)
            lay_out_now()
            bring_into_sight(self.text)

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        texts, view = self._texts, self._view
        if view is not None:
            self.heading.setText(texts("help.about.version", name=texts("app.name"), version=view.version))
        self._search()

    def showEvent(self, event: QShowEvent) -> None:
        """Request the list when the panel is first shown."""
        if self._view is None:
            self._ask(LicencesWanted())

    def _search(self) -> None:
        wanted = self.search.text().casefold()
        every = self._view.licences if self._view else ()
        self._found = tuple(
            one for one in every if wanted in f"{self._licence_name(one)} {one.licence}".casefold()
        )
        self.show_rows([(self._cells(one), self._licence_text(one)) for one in self._found])
        nothing = self._texts("help.about.nothing-found" if self._view else "help.about.loading")
        show_text(self.nothing, "" if self._found else nothing)
        names = [one.name for one in self._found]
        if self._name not in names:
            self._name = ""
        self.list.setCurrentIndex(self.model.index(names.index(self._name) if self._name else -1))
        self.text.setVisible(bool(self._name) and bool(self.text.toPlainText()))

    def _cells(self, one: Licence) -> tuple[Cell, ...]:
        kind = self._texts(f"help.kind.{one.kind.value}")
        return (
            Cell(self._licence_title(one)),
            Cell(kind, "muted", 14),
            Cell(one.licence, "muted", 30),
        )

    def _licence_name(self, one: Licence) -> str:
        return self._texts("help.about.own-files") if one.kind is ComponentKind.FILES else one.name

    def _licence_title(self, one: Licence) -> str:
        return f"{self._licence_name(one)} {one.version}".rstrip()

    def _licence_text(self, one: Licence) -> str:
        return f"{self._licence_title(one)}, {self._texts(f'help.kind.{one.kind.value}')}, {one.licence}"

    def _chosen(self) -> None:
        row = self.list.currentIndex().row()
        name = self._found[row].name if 0 <= row < len(self._found) else ""
        if name and name != self._name:
            self._name = name
            self._ask(LicenceTextWanted(name))
