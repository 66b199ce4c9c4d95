"""Version of the app and licences of its parts: a searchable list, and licence texts on demand."""

from collections.abc import Callable, Iterable
from typing import Final

from PySide6.QtGui import QShowEvent

from app.diagnostics.report.actions import HelpAction, LicenceTextWanted, LicencesWanted
from app.diagnostics.report.view import Licence, LicenceText, LicencesView
from app.ui.help.line_list import Cell, ReadOnlyText, RowDelegate, RowListView, RowModel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import Card, refresh_with
from app.ui.widgets.fields import SearchField
from app.ui.widgets.labels import label, say, worded
from app.ui.widgets.layouts import SPACE, vertical

_LONGEST_QUERY: Final = 100
_PLACES: Final = 10


class AboutPanel(Card):
    """Panel of version and licences.

    The list is requested once, when the panel is first shown.
    """

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[HelpAction], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self._view: LicencesView | None = None
        self._found: tuple[Licence, ...] = ()
        self._name = ""
        self.heading = label(size=SCALE.heading, bold=True)
        self.says = worded(texts, label(role="muted", wraps=True), "help.about.says")
        self.search = SearchField(theme, texts, "help.about.search", most=_LONGEST_QUERY)
        self.list = worded(texts, RowListView(theme, _PLACES), accessibleName="help.about.list")
        self.nothing = label(role="muted")
        self.model = RowModel(self)
        self.list.draw(self.model, RowDelegate(theme, self.model.cells))
        self.text = worded(texts, ReadOnlyText(theme, 12), accessibleName="help.about.text")
        self.text.hide()
        vertical(
            self.heading,
            self.says,
            self.search,
            self.nothing,
            self.list,
            self.text,
            SPACE,
            within=self,
            margins=(SPACING.wide, SPACING.large),
            gap=SPACING.medium,
        )
        self.search.textChanged.connect(self._search)
        self.list.selectionModel().currentChanged.connect(self._chosen)
        refresh_with(self.refresh, texts, theme)

    def words(self) -> Iterable[str]:
        """Return the words by which the settings search finds this panel."""
        names = (licence.name for licence in self._view.licences) if self._view else ()
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

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        texts, view = self._texts, self._view
        name = texts("app.name")
        self.heading.setText(texts("help.about.version", name=name, version=view.version) if view else name)
        self._search()

    def showEvent(self, event: QShowEvent) -> None:
        """Request the list when the panel is first shown."""
        super().showEvent(event)
        if self._view is None:
            self._ask(LicencesWanted())

    def _search(self) -> None:
        wanted = self.search.text().casefold()
        every = self._view.licences if self._view else ()
        self._found = tuple(one for one in every if wanted in f"{one.name} {one.licence}".casefold())
        self.model.show_rows([(self._cells(one), self._described(one)) for one in self._found])
        self.list.setVisible(bool(self._found))
        self.list.fit(len(self._found))
        nothing = self._texts("help.about.nothing-found" if self._view else "help.about.loading")
        say(self.nothing, "" if self._found else nothing)
        if self._name not in {one.name for one in self._found}:
            self._name = ""
            self.list.setCurrentIndex(self.model.index(-1))
        self.text.setVisible(bool(self._name) and bool(self.text.toPlainText()))

    def _cells(self, one: Licence) -> tuple[Cell, ...]:
        kind = self._texts(f"help.kind.{one.kind.value}")
        return (
            Cell(f"{one.name} {one.version}".rstrip()),
            Cell(kind, "muted", 14),
            Cell(one.licence, "muted", 30),
        )

    def _described(self, one: Licence) -> str:
        return f"{one.name} {one.version}, {self._texts(f'help.kind.{one.kind.value}')}, {one.licence}"

    def _chosen(self) -> None:
        row = self.list.currentIndex().row()
        name = self._found[row].name if 0 <= row < len(self._found) else ""
        if name and name != self._name:
            self._name = name
            self._ask(LicenceTextWanted(name))
