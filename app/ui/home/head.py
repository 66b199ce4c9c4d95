"""Upper part of the home page: dictation, the newest text to paste, and the search."""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLayout, QSizePolicy, QWidget

from app.core.states import State
from app.dictation.actions import HeldAction, SettleHeld
from app.dictation.view import TakeView, View
from app.history.view import HistoryList, HistoryMessage, StopExporting
from app.messages.kinds import Action
from app.ui.home.hero import Hero
from app.ui.home.timeline_model import percent_text, program_text, when_text
from app.ui.settings.choices import DICTATE, PASTE_HELD, Choices
from app.ui.shell.tray import MENU_CLOSES_MS
from app.ui.strings.texts import Texts, key_text, note_text, state_text
from app.ui.theme.theme import SCALE, SPACING, Theme, letter_width
from app.ui.widgets.basic import Shape, action_button, refresh_with
from app.ui.widgets.controls import OptionButtons, SearchField
from app.ui.widgets.panels import FlowRow
from app.ui.widgets.parts import (
    CARD,
    SPACE,
    Elided,
    horizontal,
    label,
    lay_beside,
    set_visible,
    show_text,
    stretched,
    vertical,
    worded,
)


class PasteBar(QFrame):
    """Bar with the newest recording that has text to paste; hidden if there is none."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self._held: tuple[TakeView, ...] = ()
        self._key, self._by_key = "", False
        self.setProperty("role", "notice")
        self.shape, self.name, self.text = Shape(theme, State.HELD), label(bold=True, wraps=True), Elided(1)
        self.more = label(role="muted")
        self.paste = action_button(lambda: self._settle_held(HeldAction.PASTE))
        self.copy = action_button(lambda: self._settle_held(HeldAction.COPY))
        self.dismiss = action_button(lambda: self._settle_held(HeldAction.DISMISS))
        self.buttons = FlowRow((self.paste, self.copy, self.dismiss))
        head = horizontal(self.shape, stretched(self.name), self.more)
        vertical(head, self.text, self.buttons, within=self, margins=CARD)
        self.refresh()

    def show_takes(self, takes: Sequence[TakeView]) -> None:
        """Show the recordings among ``takes``, newest first, that have text to paste."""
        held = tuple(take for take in takes if take.held)
        if held != self._held:
            self._held = held
            self.refresh()

    def show_key(self, key: str) -> None:
        """Show the name of the key that pastes; empty if no key works."""
        self._key = key
        self.refresh()

    def show_view(self, view: View) -> None:
        """Show the key only if it pastes the newest held text; it never pastes texts of an earlier start."""
        if self._by_key != bool(view.held):
            self._by_key = not self._by_key
            self.refresh()

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        texts = self._texts
        self.setVisible(bool(self._held))
        for button, key in ((self.paste, "paste"), (self.copy, "copy"), (self.dismiss, "dismiss")):
            button.setText(texts(f"action.{key}"))
            if self._held:
                when = when_text(texts, self._held[0])
                button.setAccessibleName(texts(f"take.{key}-name", when=when))
        self.shape.show_state(State.HELD, state_text(texts, State.HELD))
        self.name.setText(self._title())
        self.text.show_text(self._held[0].text if self._held else "")
        others = len(self._held) - 1
        self.more.setText(texts("home.more-to-paste", count=others) if others > 0 else "")
        self.buttons.arrange()

    def _title(self) -> str:
        if self._held and self._held[0].doubted:
            name = program_text(self._texts, next(filter(None, self._held[0].doubted), ""))
            return self._texts("home.perhaps-inserted-in" if name else "home.perhaps-inserted", program=name)
        by_key = self._key and self._by_key
        return self._texts("home.paste-here", key=self._key) if by_key else self._texts("home.to-paste")

    def _settle_held(self, how: HeldAction) -> None:
        if not self._held:
            return
        action = SettleHeld(self._held[0].session, how)  # by the time of a paste, the bar may show a newer text
        if how is HeldAction.PASTE:
            paste_elsewhere(self, lambda: self._ask(action))
        else:
            self._ask(action)


def paste_elsewhere(widget: QWidget, paste: Callable[[], None]) -> None:
    """Minimise the window, so that the previous window gets the focus, then call ``paste``."""
    widget.window().showMinimized()
    QTimer.singleShot(MENU_CLOSES_MS, paste)


class SearchRow(QWidget):
    """The search with ``side`` beside it, or below it where that leaves the search too little room."""

    def __init__(self, search: SearchField, side: QWidget) -> None:
        super().__init__(sizePolicy=QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed))
        self._search, self._side = search, side
        self._box = horizontal(stretched(search), side, within=self, gap=SPACING.medium)
        self._box.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)

    def minimumSizeHint(self) -> QSize:
        """Return the width of the wider part."""
        across = max(part.minimumSizeHint().width() for part in (self._search, self._side))
        return QSize(across, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the parts for the new width."""
        self.arrange()

    def arrange(self) -> None:
        """Place the parts for the current width and texts."""
        letters = _FEWEST_LETTERS * letter_width(self._search.fontMetrics())
        across = self._search.minimumSizeHint().width() + letters + SPACING.medium + self._side.sizeHint().width()
        lay_beside(self._box, across <= self.width())


_LONGEST_QUERY = 200
_FEWEST_LETTERS: Final = 12
"""Letters that the search shows, besides the few of its smallest width."""
_ALL: Final = "all"
_UNFINISHED: Final = "unfinished"
_NOTHING: Final = {
    (False, True): "history.nothing-found",
    (True, False): "history.nothing-unfinished",
    (True, True): "history.nothing-unfinished-found",
}
"""Key of the text for an empty list, by (filtered, searched)."""


class FirstUse(QWidget):
    """Three lines that explain how to dictate, shown while there is no recording."""

    def __init__(self, texts: Texts, tries: Callable[[], None]) -> None:
        super().__init__()
        self._texts = texts
        self.name = worded(texts, label(size=SCALE.heading, bold=True, wraps=True), "home.empty")
        self.lines = tuple(label(wraps=True) for _ in range(3))
        self.try_it = worded(texts, action_button(tries), "home.try")
        row = horizontal(self.try_it, SPACE, gap=None)
        vertical(self.name, *self.lines, row, within=self, margins=(SPACING.wide, SPACING.medium))

    def show_key(self, key: str) -> None:
        """Show the name of the key to press; empty if no key works."""
        texts = self._texts
        first = texts("home.empty-press", key=key) if key else texts("home.empty-start")
        steps = (first, texts("home.empty-speak"), texts("home.empty-appears" if key else "home.empty-kept"))
        for number, (shown, step) in enumerate(zip(self.lines, steps, strict=True), 1):
            shown.setText(f"{number}.  {step}")


class Head(QWidget):
    """Upper part of the page, which scrolls with the timeline.

    ``try_wanted``: emitted when the user wants to try dictation. ``replace_wanted``: emitted when the user wants
    an export to replace existing files. ``search_wanted``: emitted when the user searches or filters.
    """

    try_wanted, replace_wanted, search_wanted = Signal(), Signal(), Signal()

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts = texts
        self._listed: HistoryList | None = None
        self._message: HistoryMessage | None = None
        self._choices = Choices()
        self.hero, self.paste = Hero(theme, texts, ask), PasteBar(theme, texts, ask)
        self.search = SearchField(
            theme, texts, "history.search", clear="history.clear", most=_LONGEST_QUERY, marked=True
        )
        self.filter, self.unfinished = OptionButtons(theme), False
        self.count = label(role="muted")
        self.reading, self.problem, self.note = (
            label(role="muted", wraps=True),
            label(role="warning", wraps=True),
            label(wraps=True),
        )
        self.replace = worded(texts, action_button(self.replace_wanted.emit), "history.replace")
        self.stop = worded(texts, action_button(lambda: ask(StopExporting())), "history.stop-export")
        self.nothing, self.first_use = label(role="muted", wraps=True), FirstUse(texts, self.try_wanted.emit)
        side = QWidget(sizePolicy=QSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed))
        horizontal(self.count, self.filter, within=side, gap=SPACING.medium)
        self.row = SearchRow(self.search, side)
        notes = horizontal(stretched(self.note), self.replace, self.stop, gap=None)
        vertical(
            self.hero,
            self.paste,
            self.first_use,
            self.row,
            self.reading,
            self.problem,
            notes,
            self.nothing,
            within=self,
            margins=(0, SPACING.wide, 0, 0),
            gap=SPACING.medium,
        )
        self.search.textChanged.connect(self.search_wanted)
        self.filter.chosen.connect(self._choose)
        refresh_with(self.refresh, texts, theme)

    def show_choices(self, choices: Choices) -> None:
        """Show the keys in effect."""
        self._choices = choices
        self.hero.show_choices(choices)
        self.refresh()

    def show_view(self, view: View) -> None:
        """Show the newest take; cheap enough to call twenty times a second."""
        self.hero.show_view(view)
        self.paste.show_view(view)

    def show_list(self, listed: HistoryList) -> None:
        """Show the result of a search."""
        self._listed = listed
        self.show_texts()

    def show_message(self, message: HistoryMessage | None) -> None:
        """Show the progress or the outcome of a user action."""
        self._message = message
        self.show_texts()

    def _choose(self, wanted: str) -> None:
        self.unfinished = wanted == _UNFINISHED
        self.search_wanted.emit()

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        texts, paste_key = self._texts, key_text(self._texts, self._choices.works(PASTE_HELD))
        entries = (_ALL, texts("history.show.all")), (_UNFINISHED, texts("history.show.unfinished"))
        self.filter.show_entries(entries, _UNFINISHED if self.unfinished else _ALL)
        self.filter.describe(texts("history.name"), "")
        self.paste.show_key(paste_key)
        self.first_use.show_key(key_text(texts, self._choices.works(DICTATE)))
        self.show_texts()

    def show_texts(self) -> None:
        """Update the texts about the search and the last action."""
        texts, listed = self._texts, self._listed or HistoryList()
        reading = percent_text(texts, listed)
        problem = note_text(texts, listed.problem)
        message = note_text(texts, self._message.note) if self._message else ""
        query = self.search.text().strip()
        none = self._listed is not None and not listed.count and not reading
        narrowed = bool(query) or self.unfinished
        nothing = texts(_NOTHING[self.unfinished, bool(query)], query=query) if none and narrowed else ""
        for shown, text in (
            (self.reading, reading),
            (self.problem, texts("history.problem", problem=problem) if problem else ""),
            (self.note, message),
            (self.nothing, nothing if self._listed else texts("history.loading")),
            (self.count, texts("history.count", count=listed.count) if narrowed and listed.count else ""),
        ):
            show_text(shown, text)
        key = self._message.note.key if self._message else ""
        self.replace.setVisible(key == "history.note.exist")
        self.stop.setVisible(key == "history.note.exporting")
        self.first_use.setVisible(none and not narrowed)
        set_visible(not none or narrowed, self.search, self.filter)
        self.row.arrange()
