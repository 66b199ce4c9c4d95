"""The settings: all of them by section, found by a search, changed while the app runs."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from app.actions import Action
from app.settings.sections import Settings
from app.ui.settings_section import Section, Words
from app.ui.settings_tabs import SectionTabs
from app.ui.texts import Texts
from app.ui.theme import SCALE, SPACING, Theme, font
from app.ui.widgets import control_height, label

SECTIONS: Final = (
    *("general", "audio", "hotkeys", "recognition", "words", "models", "insertion"),
    *("history", "gateway", "worker", "advanced", "help"),
)
"""In this order; their titles are the texts ``settings.section.NAME``."""
_LONGEST_QUERY: Final = 100


class SettingsPage(QWidget):
    """Shows values and asks for others. ``add``: others put panels of theirs below the settings of a section."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._theme, self._texts, self._ask = theme, texts, ask
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.name = label(size=SCALE.display, bold=True)
        self.search = QLineEdit()
        self.search.setMaxLength(_LONGEST_QUERY)
        self.tabs = SectionTabs(theme, self.choose)
        self.sections = {name: Section(name, texts) for name in SECTIONS}
        self.section = SECTIONS[0]
        for place, name in enumerate(SECTIONS):
            self.tabs.add(name, place)
        self._lay_out()
        texts.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self.refresh()

    def add(self, section: str, panel: QWidget, words: Words) -> None:
        """A panel below the settings of a section; ``words()``: what the search finds it by."""
        self.sections[section].add(panel, words)
        self.refresh()

    def show_settings(self, settings: Settings) -> None:
        """What is in force."""

    def choose(self, section: str) -> None:
        """This one is shown."""
        self.section = section
        self.refresh()

    def refresh(self) -> None:
        """Everything again, in the language and colours of now."""
        texts = self._texts
        self.name.setText(texts("settings.name"))
        self.search.setPlaceholderText(texts("settings.search"))
        self.search.setAccessibleName(texts("settings.search"))
        self.search.setFont(font())
        self.search.setMinimumHeight(control_height())
        for name, section in self.sections.items():
            section.refresh()
            tab = self.tabs.tabs[name]
            tab.setText(section.title)
            tab.setAccessibleName(section.title)
            tab.setVisible(not section.empty)
            section.setVisible(name == self.section)
        self.tabs.choose(self.section)

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setObjectName("list")
        column = QVBoxLayout(inside)
        column.setContentsMargins(SPACING.small, 0, SPACING.small, 0)
        column.setSpacing(SPACING.wide)
        for section in self.sections.values():
            column.addWidget(section)
        column.addStretch(1)
        self.area = _scrolling(inside)
        sides = QHBoxLayout()
        sides.setSpacing(SPACING.large)
        self.side = _scrolling(self.tabs)
        sides.addWidget(self.side)
        sides.addWidget(self.area, 1)
        page = QVBoxLayout(self)
        page.setContentsMargins(SPACING.wide, SPACING.wide, SPACING.wide, SPACING.wide)
        page.setSpacing(SPACING.medium)
        page.addWidget(self.name)
        page.addWidget(self.search)
        page.addLayout(sides, 1)


def _scrolling(inside: QWidget) -> QScrollArea:
    scroll = QScrollArea()
    scroll.setWidget(inside)
    scroll.setWidgetResizable(True)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return scroll
