"""Sections of the settings page: the tabs, rows, added panels, and the reset of all settings of a section."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QWidget

from app.settings.sections import Settings
from app.ui.settings.placement import PANELS_FIRST, PLACES, section_of
from app.ui.settings.row import SettingRow
from app.ui.settings.wording import found
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import action_button, card, keep_place, paint_text
from app.ui.widgets.flow_layout import FlowRow
from app.ui.widgets.option_buttons import BAR, NavigationButton
from app.ui.widgets.parts import caption, horizontal, label, set_role, stretched, vertical, worded

class SectionTab(NavigationButton):
    """Name of a section, with a bar below it while the section is shown."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the size of the name with its margins."""
        metrics = QFontMetrics(font())
        across = metrics.horizontalAdvance(self.text()) + 2 * SPACING.medium
        return QSize(across, metrics.height() + 2 * SPACING.small)

    def minimumSizeHint(self) -> QSize:
        """Return the whole size, because a cut name would be unreadable."""
        return self.sizeHint()

    def bar(self) -> QRectF:
        """Return a place below the name."""
        return QRectF(SPACING.medium, self.height() - BAR - 1, self.width() - 2 * SPACING.medium, BAR)

    def paint_name(self, painter: QPainter) -> None:
        """Paint the name in the middle."""
        ink = self._theme.colour("text" if self.isChecked() or self.underMouse() else "muted")
        paint_text(painter, QRectF(self.rect()), self.text(), font(), ink, Qt.AlignmentFlag.AlignCenter)


class SectionTabs(QWidget):
    """Row of section tabs that calls ``chosen`` with the name of the clicked section."""

    def __init__(self, theme: Theme, names: Iterable[str], chosen: Callable[[str], None]) -> None:
        super().__init__()
        self.tabs = {name: SectionTab(theme) for name in names}
        self._group = QButtonGroup(self)
        for name, tab in self.tabs.items():
            tab.setObjectName(f"section.{name}")
            self._group.addButton(tab)
            tab.clicked.connect(lambda _, name=name: chosen(name))
        self._row = FlowRow(tuple(self.tabs.values()), gap=SPACING.hair)
        vertical(self._row, within=self)

    def choose(self, name: str) -> None:
        """Mark the shown section; an empty name clears the mark during a search."""
        self._group.setExclusive(bool(name))
        for known, tab in self.tabs.items():
            tab.setChecked(known == name)

    def arrange(self) -> None:
        """Place the tabs again after their names changed."""
        for tab in self.tabs.values():
            tab.updateGeometry()
        self._row.arrange()


Words = Callable[[], Iterable[str]]


@dataclass(frozen=True)
class Added:
    """Panel added to a section, its wrapper ``around``, and the words by which a search finds it."""

    panel: QWidget
    around: QWidget
    words: Words


class Group(QWidget):
    """Card with related settings of a section, below its title."""

    def __init__(self, name: str, texts: Texts) -> None:
        super().__init__()
        self.name = name
        self.rows: tuple[SettingRow, ...] = ()
        self.title = worded(texts, label(bold=True), f"settings.group.{name}")
        self.card, self._inside = card()
        self._inside.setSpacing(0)
        self._inside.setContentsMargins(SPACING.large, SPACING.hair, SPACING.large, SPACING.hair)
        self.head = horizontal(stretched(self.title), gap=None)
        vertical(self.head, self.card, within=self)

    def fill(self, rows: Sequence[SettingRow]) -> None:
        """Add the rows that belong here."""
        names = PLACES[section_of(rows[0].setting.name)][self.name]
        self.rows = tuple(row for row in rows if row.setting.name in names)
        for row in self.rows:
            self._inside.addWidget(row)

    def show_rows(self, wanted: Sequence[SettingRow]) -> None:
        """Show the wanted ones of the rows, and nothing without any."""
        shown = [row for row in self.rows if row in wanted]
        for row in self.rows:
            row.setVisible(row in shown)
            row.first = row in shown[:1]
        self.setVisible(bool(shown))


class Section(QWidget):
    """Section that is shown alone, or reduced to its matches and headed by its title during a search."""

    def __init__(self, name: str, texts: Texts) -> None:
        super().__init__()
        self.name, self._texts = name, texts
        self.rows: tuple[SettingRow, ...] = ()
        self._sure = False
        self.setObjectName(f"settings.{name}")
        self.heading = label(size=SCALE.heading, bold=True)
        self.heading.hide()
        self.reset = action_button(self._reset)
        self.reset.setObjectName(f"reset.{name}")
        self.panels: list[Added] = []
        self.groups = [Group(group, texts) for group in PLACES[name]]
        self.groups[0].head.addWidget(self.reset)
        keep_place(self.reset)
        self._panels, self._settings = vertical(gap=SPACING.large), vertical(*self.groups, gap=SPACING.large)
        order = (self._panels, self._settings) if name in PANELS_FIRST else (self._settings, self._panels)
        vertical(self.heading, *order, within=self, gap=SPACING.large)
        self.reset.installEventFilter(self)
        self.refresh()

    @property
    def title(self) -> str:
        """Title in the current language."""
        return self._texts(f"settings.section.{self.name}")

    def fill(self, rows: Sequence[SettingRow]) -> None:
        """Add the rows of this section's settings."""
        self.rows = tuple(rows)
        for group in self.groups:
            group.fill(rows)

    def add(self, panel: QWidget, words: Words, group: str = "") -> None:
        """Add a panel below the others, or below a group; it may still hide itself inside its wrapper."""
        around = QWidget()
        vertical(panel, within=around)
        self.panels.append(Added(panel, around, words))
        names = [one.name for one in self.groups]
        if group:
            self._settings.insertWidget(names.index(group) + 1, around)
        else:
            self._panels.addWidget(around)

    def show_settings(self, settings: Settings) -> None:
        """Show the settings in effect."""
        for row in self.rows:
            row.show_settings(settings)
        self._show()

    def search(self, wanted: tuple[str, ...]) -> int:
        """Show the matching rows and panels, and return their number; without terms show everything."""
        rows = [row for row in self.rows if row.search(wanted)]
        self.heading.setVisible(bool(wanted))
        for group in self.groups:
            group.show_rows(rows)
        panels = [added for added in self.panels if not wanted or found(wanted, self._words_of(added))]
        for added in self.panels:
            added.around.setVisible(added in panels)
        self.reset.setEnabled(not wanted)
        self._show()
        return len(rows) + len(panels)

    def refresh(self) -> None:
        """Update all texts to the current language."""
        self.heading.setText(self.title)
        for row in self.rows:
            row.refresh()
        self._show()

    def keep(self) -> None:
        """Request values that were typed but not yet requested."""
        for row in self.rows:
            row.control.keep()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ignore double clicks on the reset button, and cancel its confirmation when the focus leaves."""
        if event.type() == QEvent.Type.MouseButtonDblClick:
            return True
        if event.type() == QEvent.Type.FocusOut and self._sure:
            self._sure = False
            self._show()
        return super().eventFilter(watched, event)

    def _words_of(self, added: Added) -> str:
        return " ".join((self.title, *added.words())).casefold()

    @property
    def _changed(self) -> list[SettingRow]:
        return [row for row in self.rows if row.changed]

    def _reset(self) -> None:
        """Reset all changed settings on the second click; the first asks for confirmation."""
        changed = self._changed
        if self._sure:
            for row in changed:
                row.back()
        self._sure = not self._sure
        self.reset.setFocus()
        self._show()

    def _show(self) -> None:
        texts, count = self._texts, len(self._changed)
        self._sure = self._sure and bool(count)
        said = texts("settings.reset-sure", count=count) if self._sure else texts("settings.reset-section")
        caption(self.reset, said, f"{self.title}: {said}")
        self.reset.setVisible(bool(count) and self.reset.isEnabled())
        set_role(self.reset, "danger" if self._sure else "quiet")
