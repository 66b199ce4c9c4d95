"""Sections of the settings page: tabs, rows, groups and added panels, and the reset of a whole section."""

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QLayout, QSizePolicy, QWidget

from app.settings.schema import Setting
from app.settings.sections import Settings
from app.ui.settings.controls import SettingControl, SwitchControl, Wording
from app.ui.settings.wording import (
    PANELS_FIRST,
    PLACES,
    description,
    marked_html,
    matches,
    search_words_of,
    section_of,
    title,
)
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, Theme, font, letter_width
from app.ui.widgets.basic import action_button, card, keep_room, paint_text, refresh_with
from app.ui.widgets.controls import BAR, NavigationButton
from app.ui.widgets.panels import FlowRow, LinedRow, hides_itself, order_focus, update_above, widgets_in
from app.ui.widgets.parts import (
    SPACE,
    horizontal,
    label,
    lay_beside,
    remark,
    room,
    set_caption,
    set_role,
    show_text,
    stretched,
    vertical,
    worded,
)

_WORDS_LETTERS = 34
"""Minimum width of the explanation, in letters, if the control is to its right."""


class SettingRow(LinedRow):
    """Row of one setting; it shows a change when that comes back as ``Settings`` or is refused."""

    def __init__(self, setting: Setting, control: SettingControl, theme: Theme, texts: Texts) -> None:
        super().__init__(theme)
        self.setting, self.control = setting, control
        self._texts = texts
        self._value = setting.default
        self._wanted: tuple[str, ...] = ()
        self._refused: Wording | None = None
        self._found_by = ""  # search words of all languages, loaded at the first search
        self.setObjectName(f"row.{setting.name}")
        control.target.setObjectName(f"setting.{setting.name}")
        control.refuse = self.refuse
        self.name, self.description = label(), remark()
        self.warning = remark("warning")
        self.refusal = remark("warning")
        reset = action_button(self.back, "quiet", f"reset.{setting.name}")
        self.reset = worded(texts, reset, "settings.reset")
        head = horizontal(self.name, self.reset, SPACE)
        keep_room(self.reset)
        for shown in (self.warning, self.refusal):
            shown.setContentsMargins(0, SPACING.hair, 0, 0)
        words = vertical(SPACE, head, self.description, self.warning, self.refusal, SPACE, gap=0)
        parts = stretched(words), room(SPACING.medium), self.control
        self._sides = horizontal(*parts, within=self, margins=(0, SPACING.medium))
        self._sides.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        control.discarded.connect(lambda: self.refuse(None))
        refresh_with(self.refresh, theme)

    @property
    def changed(self) -> bool:
        """True if the value differs from the default."""
        return bool(self._value != self.setting.default)

    def show_settings(self, settings: Settings) -> None:
        """Show the value in effect."""
        self._value = self.setting.of_settings(settings)
        self.control.show_value(self._value)
        self._show()

    def refuse(self, text: Wording | None) -> None:
        """Show why a requested value was refused; ``None`` removes the message."""
        self._refused = text
        if text is not None:
            self.control.note_refusal()
        self._show()

    def back(self) -> None:
        """Request the default value."""
        self.control.discard()
        self.refuse(None)
        self.control.request_default(self.setting.default)

    def search(self, wanted: tuple[str, ...]) -> bool:
        """Mark the search terms in the texts, and return whether all terms match."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._show_marked_texts()
        if wanted and not self._found_by:
            self._found_by = search_words_of(self.setting)
        return matches(wanted, self._found_by)

    def refresh(self) -> None:
        """Update all texts to the current language and colours."""
        texts, name = self._texts, title(self._texts, self.setting.name)
        self.control.refresh()
        self.control.show_value(self._value)
        self.reset.setAccessibleName(texts("settings.reset-of", name=name))
        self._show_marked_texts()
        self._show()
        self._arrange()

    def _show_marked_texts(self) -> None:
        style = mark_style(self._theme)
        for shown, text in ((self.name, title), (self.description, description)):
            plain = text(self._texts, self.setting.name)
            shown.setTextFormat(Qt.TextFormat.RichText if self._wanted else Qt.TextFormat.PlainText)
            shown.setText(marked_html(plain, self._wanted, style) if self._wanted else plain)

    def _show(self) -> None:
        warning, refused = self.control.warning, self._refused() if self._refused else ""
        before = (self.warning.text(), self.refusal.text())
        for shown, text in ((self.warning, warning), (self.refusal, refused)):
            show_text(shown, text)
        self.reset.setVisible(self.changed)
        about = " ".join(filter(None, (description(self._texts, self.setting.name), warning, refused)))
        self.control.describe(title(self._texts, self.setting.name), about)
        if (warning, refused) != before:
            update_above(self)

    # -- layout --------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """Return the size with the control below the texts."""
        across = max(self.control.minimumSizeHint().width(), self._head_width())
        return QSize(across, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the control to the right of the texts if both fit, otherwise below."""
        self._arrange()

    def _head_width(self) -> int:
        return self.name.sizeHint().width() + SPACING.small + self.reset.sizeHint().width()

    def _arrange(self) -> None:
        words = letter_width(QFontMetrics(font())) * _WORDS_LETTERS
        least = self._head_width() if isinstance(self.control, SwitchControl) else max(words, self._head_width())
        room, before = self.width() - self.control.across - SPACING.wide, self._sides.direction()
        lay_beside(self._sides, room >= least and not self.control.stands_below)
        if self._sides.direction() is not before:
            update_above(self)


def mark_style(theme: Theme) -> str:
    """Return the CSS of marked search terms; they are underlined, so that colour is not the only sign."""
    ground, ink = theme.mark_colours
    return f"background-color: {ground.name()}; color: {ink.name()}; text-decoration: underline"


class SectionTab(NavigationButton):
    """Tab of a section, with a bar below its name while the section is visible."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the size of the name with its margins."""
        metrics = QFontMetrics(font())
        across = metrics.horizontalAdvance(self.text()) + 2 * SPACING.small
        return QSize(across, metrics.height() + 2 * SPACING.small)

    def bar(self) -> QRectF:
        """Return a place below the name."""
        return QRectF(SPACING.small, self.height() - BAR - 1, self.width() - 2 * SPACING.small, BAR)

    def paint_name(self, painter: QPainter) -> None:
        """Paint the name in the middle."""
        ink = self._theme.colour("text" if self.isChecked() or self.underMouse() else "muted")
        paint_text(painter, QRectF(self.rect()), self.text(), font(), ink, Qt.AlignmentFlag.AlignCenter)


class SectionTabs(QWidget):
    """Row of section tabs that calls ``chosen`` with the name of the clicked section."""

    def __init__(self, theme: Theme, texts: Texts, names: Iterable[str], chosen: Callable[[str], None]) -> None:
        super().__init__()
        self.tabs = {name: worded(texts, SectionTab(theme), f"settings.section.{name}") for name in names}
        self._group = QButtonGroup(self)
        for name, tab in self.tabs.items():
            tab.setObjectName(f"section.{name}")
            self._group.addButton(tab)
            tab.clicked.connect(lambda _, name=name: chosen(name))
        self._row = FlowRow(tuple(self.tabs.values()), gap=SPACING.hair)
        vertical(self._row, within=self)

    def choose(self, name: str) -> None:
        """Mark the tab of the visible section; an empty name marks none, during a search."""
        self._group.setExclusive(bool(name))
        for known, tab in self.tabs.items():
            tab.setChecked(known == name)

    def arrange(self) -> None:
        """Arrange the tabs again after their names have changed."""
        self._row.arrange()


Words = Callable[[], Iterable[str]]


class Group(QWidget):
    """Title and card with related settings of a section."""

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
        """Add those of the rows that belong to this group."""
        names = PLACES[section_of(rows[0].setting.name)][self.name]
        self.rows = tuple(row for row in rows if row.setting.name in names)
        for row in self.rows:
            self._inside.addWidget(row)

    def show_rows(self, wanted: Sequence[SettingRow]) -> None:
        """Show the rows that are wanted; hide the group if there are none."""
        shown = [row for row in self.rows if row in wanted]
        for row in self.rows:
            row.setVisible(row in shown)
            row.first = row in shown[:1]
        self.setVisible(bool(shown))


class Section(QWidget):
    """Section of the page; during a search, it has a heading and shows only its matches."""

    def __init__(self, name: str, texts: Texts) -> None:
        super().__init__()
        self.name, self._texts = name, texts
        self.rows: tuple[SettingRow, ...] = ()
        self._sure = False
        self.setObjectName(f"settings.{name}")
        self.heading = worded(texts, label(size=SCALE.heading, bold=True), f"settings.section.{name}")
        self.heading.hide()
        self.reset = action_button(self._reset, name=f"reset.{name}")
        self.panels: dict[QWidget, tuple[QWidget, Words]] = {}
        self._wanted: tuple[str, ...] = ()
        self.groups = [Group(group, texts) for group in PLACES[name]]
        self.groups[0].head.addWidget(self.reset)
        keep_room(self.reset)
        self._panels, self._settings = vertical(gap=SPACING.large), vertical(*self.groups, gap=SPACING.large)
        self._order = (self._panels, self._settings) if name in PANELS_FIRST else (self._settings, self._panels)
        vertical(self.heading, *self._order, within=self, gap=SPACING.large)
        self.reset.installEventFilter(self)
        self.refresh()

    def fill(self, rows: Sequence[SettingRow]) -> None:
        """Add the rows of this section's settings."""
        self.rows = tuple(rows)
        for group in self.groups:
            group.fill(rows)
        order_focus([part for layout in self._order for part in widgets_in(layout)])

    def add(self, panel: QWidget, words: Words, group: str = "") -> None:
        """Add a panel below the others, or below a group, in a wrapper that is hidden together with it."""
        around = QWidget()
        vertical(panel, within=around)
        self.panels[around] = panel, words
        panel.installEventFilter(self)
        if group:
            self._settings.insertWidget([one.name for one in self.groups].index(group) + 1, around)
        else:
            self._panels.addWidget(around)

    def show_settings(self, settings: Settings) -> None:
        """Show the settings in effect."""
        for row in self.rows:
            row.show_settings(settings)
        self._show()

    def search(self, wanted: tuple[str, ...]) -> int:
        """Show the matching rows and panels, and return their number; without terms, show everything."""
        self._wanted = wanted
        rows = [row for row in self.rows if row.search(wanted)]
        self.heading.setVisible(bool(wanted))
        for group in self.groups:
            group.show_rows(rows)
        self.reset.setEnabled(not wanted)
        self._show()
        return len(rows) + self._show_panels()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        for row in self.rows:
            row.refresh()
        self._show()

    def submit(self) -> None:
        """Request values that were typed but not yet requested."""
        for row in self.rows:
            row.control.submit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow panels that hide themselves; cancel the confirmation when the reset button loses the focus."""
        if watched is not self.reset:
            if event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
                self._show_panels()
            return super().eventFilter(watched, event)
        if event.type() == QEvent.Type.FocusOut and self._sure:
            self._sure = False
            self._show()
        return super().eventFilter(watched, event)

    def _show_panels(self) -> int:
        """Show the wrappers of the matching panels, and return their number."""
        shown = [around for around in self.panels if self._is_wanted(*self.panels[around])]
        for around in self.panels:
            around.setVisible(around in shown)
        return len(shown)

    def _is_wanted(self, panel: QWidget, words: Words) -> bool:
        found = not self._wanted or matches(self._wanted, " ".join((self.heading.text(), *words())).casefold())
        return found and not hides_itself(panel)

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
        text = texts("settings.reset-sure", count=count) if self._sure else texts("settings.reset-section")
        set_caption(self.reset, text, f"{self.heading.text()}: {text}")
        self.reset.setVisible(bool(count) and self.reset.isEnabled())
        set_role(self.reset, "danger" if self._sure else "quiet")
