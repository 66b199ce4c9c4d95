"""Table of the desktop's abilities: the means of each, or its replacement and what to do."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app.core.states import State
from app.desktop.abilities import Ability
from app.desktop.actions import DesktopAction, LookAtDesktop
from app.desktop.view import DesktopView
from app.diagnostics.checks.ability_findings import ability_finding
from app.diagnostics.checks.finding import Severity, told
from app.ui.settings.wording import in_all_languages
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import Card, Shape, action_button, refresh_with
from app.ui.widgets.labels import label, remark, worded
from app.ui.widgets.layouts import CARD, at_left, grid, vertical


class AbilityRow(NamedTuple):
    """Row of the table."""

    shape: Shape
    title: QLabel
    found: QLabel
    do: QLabel


class DesktopPanel(Card):
    """Panel with one row for each ability."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[DesktopAction], None]) -> None:
        super().__init__("settings.desktop")
        self._texts = texts
        self._view = DesktopView()
        self.heading, self.says = worded(texts, label(bold=True), "settings.desktop.name"), remark()
        self.rows = {
            ability: AbilityRow(
                Shape(theme, State.IDLE), label(), label(role="muted"), label(size=SCALE.caption, role="warning")
            )
            for ability in Ability
        }
        self.again = worded(texts, action_button(lambda: ask(LookAtDesktop())), "settings.desktop.again")
        table = grid(stretched=2, gaps=(SPACING.small, SPACING.small))
        top = Qt.AlignmentFlag.AlignTop
        for place, row in enumerate(self.rows.values()):
            table.addWidget(row.shape, 2 * place, 0, top)
            table.addWidget(row.title, 2 * place, 1, top)
            table.addWidget(row.found, 2 * place, 2)
            table.addWidget(row.do, 2 * place + 1, 2)
            for words in (row.found, row.do):
                words.setWordWrap(True)
        vertical(self.heading, self.says, table, at_left(self.again), within=self, margins=CARD)
        refresh_with(self.refresh, texts, theme)

    def words(self) -> Iterable[str]:
        """Return the words by which the settings search finds this panel, in all languages."""
        return in_all_languages("settings.desktop.name", "settings.desktop.says")

    def show_desktop(self, view: DesktopView) -> None:
        """Show the support of each ability."""
        self._view = view
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts = self._texts
        self.says.setText(texts("settings.desktop.says" if self._view.supports else "settings.desktop.none"))
        self.again.setAccessibleName(f"{self.heading.text()}: {self.again.text()}")
        supports = {one.ability: one for one in self._view.supports}
        said = [self.heading.text()]
        for ability, row in self.rows.items():
            support = supports.get(ability)
            for part in row:
                part.setVisible(support is not None)
            if support is None:
                continue
            finding = ability_finding(support, self._view.lines)
            worded, works = told(texts, finding), finding.severity is Severity.OK
            said_state = texts("settings.desktop.works" if works else "settings.desktop.replaced")
            row.shape.show_state(State.DONE if works else State.HELD, said_state)
            for part, text in ((row.title, worded.title), (row.found, worded.found), (row.do, worded.do)):
                part.setText(text)
            row.do.setVisible(bool(worded.do))
            said += [f"{worded.title}: {worded.found} {worded.do}".rstrip()]
        self.setAccessibleName(" ".join(said))
