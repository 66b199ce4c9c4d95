"""Check of what works on this computer, run on demand.

The most severe findings come first.
"""

from collections.abc import Callable
from typing import Final

from app.diagnostics.checks.finding import Finding, FindingText, Severity, count, told
from app.diagnostics.report.actions import Examine, HelpAction
from app.diagnostics.report.view import ExaminationView
from app.ui.help.line_list import Cell, RowsCard
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import action_button, enable, refresh_with
from app.ui.widgets.labels import label
from app.ui.widgets.layouts import horizontal, stretched

_ORDER: Final = (Severity.PROBLEM, Severity.ADVICE, Severity.OK)
_COLOURS: Final = {Severity.OK: "muted", Severity.ADVICE: "warning", Severity.PROBLEM: "warning"}
_SEVERITY, _TITLE = 10, 20  # column widths in letters


class ExaminationPanel(RowsCard):
    """Panel that runs the check and lists its findings.

    Without a selection, the text lists every finding that needs attention.
    """

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[HelpAction], None]) -> None:
        super().__init__(theme, texts, "help.examine", rows=12, lines=6)
        self._view: ExaminationView | None = None
        self._found: tuple[Finding, ...] = ()
        self.examine, self.state = action_button(lambda: ask(Examine())), label(role="muted", wraps=True)
        self.lay_out(horizontal(self.examine, stretched(self.state)))
        self.list.selectionModel().selectionChanged.connect(self._tell_all)
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
        self.state.setText(self._said(view) if view else "")
        self._tell_all()

    def _said(self, view: ExaminationView) -> str:
        texts, problems = self._texts, count(view.findings, Severity.PROBLEM)
        if view.waits_for is not None:
            return texts("help.examine.running", area=texts(f"doctor.area.{view.waits_for}"))
        return texts("help.examine.problems", count=problems) if problems else texts("help.examine.well")

    def _row(self, finding: Finding) -> tuple[tuple[Cell, ...], str]:
        title, found, do = told(self._texts, finding)
        severity = self._texts(f"help.examine.severity.{finding.severity}")
        cells = (
            Cell(severity, _COLOURS[finding.severity], _SEVERITY),
            Cell(title, letters=_TITLE),
            Cell(found, "muted"),
        )
        return cells, f"{severity}, {title}, {found} {do}".rstrip()

    def _tell_all(self) -> None:
        chosen = [index.row() for index in self.list.selectedIndexes()]
        found = [self._found[row] for row in chosen if row < len(self._found)]
        shown = found or [one for one in self._found if one.severity is not Severity.OK]
        self.text.setVisible(bool(shown))
        self.text.show_text("\n\n".join(self._paragraph(told(self._texts, one)) for one in shown))

    def _paragraph(self, said: FindingText) -> str:
        found = self._texts("help.examine.paragraph", title=said.title, found=said.found)
        return f"{found}\n{self._texts('help.examine.do', text=said.do)}" if said.do else found
