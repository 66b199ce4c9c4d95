"""Settings page: all settings by section, with a search; changes take effect while the app runs."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QWidget

from app.core.errors import Note
from app.dictation.hotkey_test import KeysSeen
from app.dictation.view import View
from app.history.view import HistoryModels, ModelsWanted
from app.messages.kinds import Action, Devices, Problem, Registry
from app.models.view import ModelsView
from app.onboarding.steps import MicrophoneTrial
from app.settings.sections import MICROPHONE, Settings
from app.ui.settings.cards import FileTrouble
from app.ui.settings.controls import MicrophoneControl
from app.ui.settings.hotkey_panels import KEYS, PressTest
from app.ui.settings.key_field import KeyControl
from app.ui.settings.row_table import ELSEWHERE, MODEL, ControlValues, SettingRows
from app.ui.settings.section import Section, SectionTabs, SettingRow, Words
from app.ui.settings.wording import (
    INPUT,
    MODELS,
    SECTIONS,
    in_all_languages,
    is_of_file,
    is_of_value,
    refusal_text,
    search_terms,
    section_of,
)
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import control_height, paint_as_page, refresh_with, timer
from app.ui.widgets.controls import SearchField
from app.ui.widgets.dialogs import SYSTEM_DIALOGS
from app.ui.widgets.panels import centred, lay_out_now, scrolling
from app.ui.widgets.parts import SPACE, horizontal, label, show_text, stretched, vertical, worded

_LONGEST_QUERY: Final = 100
_SEARCH_WIDE: Final = 8
"""Minimum width of the search field, as a multiple of its height."""


class SettingsPage(QWidget):
    """Page that shows settings and requests changes.

    Other parts of the window ``add`` their panels to a section. ``handlers`` accepts the published values.
    """

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self._known = ControlValues()
        paint_as_page(self)
        self.name = worded(texts, label(size=SCALE.display, bold=True), "settings.name")
        self.search = SearchField(theme, texts, "settings.search", clear="settings.clear", most=_LONGEST_QUERY)
        self.search.setObjectName("settings.search")
        self.count = label(role="muted", wraps=True)
        self.trouble = FileTrouble(texts, SYSTEM_DIALOGS)
        self.tabs = SectionTabs(theme, texts, SECTIONS, self.choose)
        self.sections = {name: Section(name, texts) for name in SECTIONS}
        self.section = SECTIONS[0]
        self._made = SettingRows(theme, texts, ask, self._known)
        self._built = False
        self._idle = timer(self, 0, self._fill_next, once=False)
        self.press_test = PressTest(theme, texts, ask)
        self._keys, self._problems = KeysSeen(), dict[str, Problem]()
        self._lay_out()
        self.search.textChanged.connect(self._search)
        QShortcut(QKeySequence.StandardKey.Find, self, self.start_search)
        refresh_with(self.refresh, texts, theme)
        words = partial(in_all_languages, "settings.press.name", "settings.press.says")
        self.add(INPUT, self.press_test, words)
        self.handlers = (
            Registry()
            .add(self.show_view)
            .add(self.show_devices)
            .add(self.show_keys)
            .add(self.show_trial)
            .add(self.show_installed)
            .add(self.show_loaded)
        )

    def add(self, section: str, panel: QWidget, words: Words, group: str = "") -> None:
        """Add a panel to a section, or directly below one of its groups.

        ``words()`` returns the texts by which the search finds the panel, unless the panel is hidden.
        """
        self.sections[section].add(panel, words, group)
        if self._built:
            self.refresh()

    @property
    def rows(self) -> dict[str, SettingRow]:
        """All rows by setting name; creates the missing ones."""
        for name in SECTIONS:
            self._fill(name)
        return self._made.made

    def build(self) -> None:
        """On the first call, create the visible section, then the others when the event loop is idle."""
        if self._built:
            return
        self._built = True
        self.refresh()  # fills the section
        self.press_test.show_bindings(self._known.bindings())
        self.press_test.show_keys(self._keys)
        self._idle.start()

    def _fill_next(self) -> None:
        missing = [name for name in SECTIONS if self._lacks_rows(name)]
        if missing:
            self._fill(missing[0])
        else:
            self._idle.stop()

    def _lacks_rows(self, section: str) -> bool:
        return not self.sections[section].rows

    def _fill(self, name: str) -> None:
        if not self._lacks_rows(name):
            return
        section = self.sections[name]
        section.fill(self._made.of(name))
        section.show_settings(self._known.settings)
        for row in section.rows:
            if isinstance(row.control, KeyControl):
                row.control.show_problem(self._keys.problem)
                row.refresh()
        for problem in tuple(self._problems.values()):
            self.show_problem(problem)

    # -- values --------------------------------------------------------------------------------------------

    def show_settings(self, settings: Settings) -> None:
        """Show the settings in effect."""
        known = self._known
        known.settings = settings
        known.choices = replace(known.choices, microphone=settings.audio.microphone)
        if self._built:
            for section in self.sections.values():
                section.show_settings(settings)
            self.press_test.show_bindings(known.bindings())

    def show_devices(self, devices: Devices) -> None:
        """Show the available microphones."""
        choices = self._known.choices
        self._known.choices = replace(choices, microphones=devices.microphones, default_microphone=devices.default)
        self._refresh_control(MICROPHONE)

    def _refresh_control(self, name: str) -> None:
        if row := self._made.made.get(name):
            row.control.refresh()

    def show_installed(self, models: ModelsView) -> None:
        """Offer the models of this computer for recognition."""
        self._known.installed = tuple(model.name for model in models.models if model.can_be_chosen)
        self._refresh_control(MODEL)

    def show_loaded(self, models: HistoryModels) -> None:
        """Offer the models that workers have loaded for recognition."""
        self._known.loaded = models.names
        self._refresh_control(MODEL)

    def show_view(self, view: View) -> None:
        """Show the microphone level of a take; cheap enough to call twenty times a second."""
        if (microphone := self._microphone) and microphone.isVisible():
            microphone.show_level(view.level_dbfs)

    def show_trial(self, trial: MicrophoneTrial) -> None:
        """Show the microphone level during a test."""
        if microphone := self._microphone:
            microphone.show_trial(trial)

    @property
    def _microphone(self) -> MicrophoneControl | None:
        row = self._made.made.get(MICROPHONE)
        return row.control if row and isinstance(row.control, MicrophoneControl) else None

    def show_keys(self, seen: KeysSeen) -> None:
        """Show the hotkeys that arrived and those that could not be bound."""
        self._keys = seen
        self.press_test.show_keys(seen)
        assigned = {KEYS.get(action, ""): key for action, key in seen.assigned.items()}
        for name, row in self._made.made.items():
            if isinstance(row.control, KeyControl):
                row.control.show_problem(seen.problem)
                row.control.show_assigned(assigned.get(name, ""))
                row.refresh()
        self._lay_out_if_visible()

    def _lay_out_if_visible(self) -> None:
        if self.isVisible():
            lay_out_now()

    def show_problem(self, problem: Problem) -> None:
        """Show a refused value at its row, and a problem with the settings file at the top."""
        self._problems[problem.about] = problem
        if problem.about == "hotkeys":
            self.press_test.show_problem(problem.note)
        if problem.about != "settings" or not self._built:
            return
        note = problem.note
        if section := section_of(problem.setting):
            self._fill(section)
        refused = self._made.made.get(problem.setting) if note else None
        why = partial(refusal_text, self._texts, problem.setting, note or Note(""))
        for row in self._made.made.values():
            if row is refused or not row.control.shows_request:  # else it shows what was refused earlier
                row.refuse(why if row is refused else None)
            row.show_settings(self._known.settings)
        elsewhere = problem.setting in ELSEWHERE
        if note is None or not (refused or elsewhere):
            self.trouble.show_problem(note)
        elif is_of_value(note) and is_of_file(note):  # the file is readable again
            self.trouble.show_problem(note if elsewhere else None)
        elif not is_of_value(note) and self.trouble.isHidden():  # a visible message already names the file
            self.trouble.show_problem(note)

    def choose(self, section: str) -> None:
        """Show this section and clear the search."""
        self.section = section
        if section == MODELS:
            self._ask(ModelsWanted())
        self.build()
        self.search.clear()
        self._search()
        self.area.verticalScrollBar().setValue(0)

    def refresh(self) -> None:
        """Update all texts to the current language and colours."""
        if not self._built:
            return
        self.search.setMinimumWidth(control_height() * _SEARCH_WIDE)
        for section in self.sections.values():
            section.refresh()
        self.trouble.refresh()
        self.tabs.arrange()
        self._search()

    # -- user actions --------------------------------------------------------------------------------------

    def start_search(self) -> None:
        """Move the focus to the search field and select its text."""
        self.search.setFocus()
        self.search.selectAll()

    def minimumSizeHint(self) -> QSize:
        """Return the width of the visible content, because the page scrolls only vertically."""
        inside, bar = self.area.widget(), self.area.verticalScrollBar().sizeHint().width()
        across = (self._head.minimumSizeHint().width(), inside.minimumSizeHint().width() if inside else 0)
        return QSize(max(across) + bar, super().minimumSizeHint().height())

    def showEvent(self, event: QShowEvent) -> None:
        """Create the rows when the page is shown for the first time."""
        self.build()

    def hideEvent(self, event: QHideEvent) -> None:
        """Request typed values when the page is hidden."""
        for section in self.sections.values():
            section.submit()

    def _search(self) -> None:
        wanted = search_terms(self.search.text())
        for name in self.sections if wanted else (self.section,):
            self._fill(name)
        searched = self.sections if wanted else {self.section: self.sections[self.section]}
        hits = {name: section.search(wanted) for name, section in searched.items()}
        for name, section in self.sections.items():
            section.setVisible(bool(hits[name]) if wanted else name == self.section)
        self.tabs.choose("" if wanted else self.section)
        count = sum(hits.values())
        found = self._texts("settings.found", count=count) if count else self._texts("settings.nothing-found")
        show_text(self.count, found if wanted else "")
        self.updateGeometry()
        self._lay_out_if_visible()

    def _lay_out(self) -> None:
        inside = QWidget()
        vertical(
            self.trouble,
            *self.sections.values(),
            SPACE,
            within=inside,
            margins=(0, SPACING.hair, 0, SPACING.wide),
            gap=SPACING.wide,
        )
        self.area = scrolling(centred(inside))
        top = QWidget()
        head = horizontal(self.name, SPACE, self.search, gap=None)
        vertical(head, self.tabs, self.count, within=top, gap=SPACING.medium)
        self._head = centred(top)
        self.area.verticalScrollBar().rangeChanged.connect(self._align)
        vertical(
            self._head, stretched(self.area), within=self, margins=(0, SPACING.wide, 0, 0), gap=SPACING.medium
        )

    def _align(self, least: int, most: int) -> None:
        """Align the head with the content, which the scroll bar makes narrower."""
        bar = self.area.verticalScrollBar().sizeHint().width() if most > least else 0
        self._head.setContentsMargins(0, 0, bar, 0)
