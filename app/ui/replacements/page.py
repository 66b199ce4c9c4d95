"""Dictionary page, with the panels of hotwords and replacements."""

import re
from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.messages.kinds import Action, Problem
from app.replacements.rules import Replacement
from app.settings import checks
from app.settings.sections import ChangeSetting, Settings
from app.ui.replacements.panel import ReplacementsPanel
from app.ui.strings.texts import Texts, note_text
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import Card, action_button, paint_as_page, refresh_with
from app.ui.widgets.controls import Field
from app.ui.widgets.panels import ChipRow
from app.ui.widgets.parts import SPACE, horizontal, label, remark, show_text, stretched, vertical, worded

NAME: Final = "recognition.hotwords"
_SHOWN: Final = 100
_SEPARATORS: Final = re.compile(r"[,，、;；\n]")


def parse_rules(text: str) -> tuple[list[Replacement], str]:
    """Return the rules in lines of the form "heard = written", and the other lines."""
    rules, others = list[Replacement](), list[str]()
    for line in text.split("\n"):
        heard, equals, written = (part.strip() for part in line.partition("="))
        if equals and heard:
            rules.append(Replacement(heard, written))
        else:
            others.append(line)
    return rules, "\n".join(others)


class HotwordsPanel(Card):
    """Panel that shows the hotwords in effect and requests changes at once.

    ``replacements_wanted``: emitted with a list of rules if the user enters lines with "=".
    """

    replacements_wanted = Signal(list)

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self._known: tuple[str, ...] = ()
        self._problem: Callable[[], str] = str
        self._all, self._removed = False, ""
        self.heading = worded(texts, label(bold=True, wraps=True), "words.hotwords")
        self.count = label(size=SCALE.caption, role="muted")
        self.description = worded(texts, remark(), "words.hotwords-say")
        self.problem = remark("warning")
        self.field = worded(
            texts, Field(theme), accessibleName="words.new-hotword", placeholderText="words.new-hotword-hint"
        )
        self.field.returnPressed.connect(self._add)
        self.field.textChanged.connect(self._fill)
        self.add = worded(texts, action_button(self._add), "words.add", accessibleName="words.add-hotword")
        self.more = action_button(self._show_all_words, "quiet")
        self.row = ChipRow(theme, self._remove, (self.more,))
        head = horizontal(stretched(self.heading), self.count, gap=None)
        new = horizontal(stretched(self.field), self.add)
        parts = (head, self.description, new, self.problem, self.row)
        vertical(*parts, within=self, margins=SPACING.large, gap=SPACING.medium)
        refresh_with(self._fill, texts, theme)

    def show_words(self, words: tuple[str, ...]) -> None:
        """Show the hotwords in effect."""
        if words != self._known:
            self._known, self._problem = words, str
            self._fill()

    def show_problem(self, problem: Problem) -> None:
        """Show why the requested hotwords were refused."""
        if problem.setting == NAME and problem.note is not None:
            note = problem.note
            self._problem = lambda: note_text(self._texts, note)
            self._show()

    # -- user actions --------------------------------------------------------------------------------------

    def _add(self) -> None:
        """Request the entered replacements, one per line, and the hotwords, separated by commas or line breaks."""
        rules, rest = parse_rules(self.field.text())
        if rules:
            self.replacements_wanted.emit(rules)
            self.field.setText(rest)
        typed = [word for part in _SEPARATORS.split(rest) if (word := part.strip())]
        wanted = tuple(dict.fromkeys((*typed, *self._known)))
        if any(len(word) > checks.LONGEST_HOTWORD for word in typed):
            self._refuse("words.long-hotword", most=checks.LONGEST_HOTWORD)
        elif len(wanted) > checks.MOST_HOTWORDS:
            self._refuse("words.too-many-hotwords", most=checks.MOST_HOTWORDS)
        elif typed:
            self.field.clear()
            self._change(wanted)

    def _remove(self, word: str) -> None:
        """Remove a hotword; put it into the field, unless that has other text, so that Return restores it."""
        if self.field.text() in ("", self._removed):
            self._removed = word
            self.field.setText(word)
            self.field.selectAll()
        self.field.setFocus()
        self._change(tuple(known for known in self._known if known != word))

    def _change(self, wanted: tuple[str, ...]) -> None:
        """Request these hotwords, and show them until the answer comes."""
        self._known, self._problem = wanted, str
        self._ask(ChangeSetting(NAME, "\n".join(wanted)))
        self._fill()

    def _refuse(self, key: str, **values: int) -> None:
        self._problem = partial(self._texts, key, **values)
        self._show()

    def _show_all_words(self) -> None:
        self._all = True
        self._fill()
        self.field.setFocus()

    # -- display -------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Show the hotwords that contain the typed text, or all if there are none; at first at most ``_SHOWN``."""
        typed = self.field.text().strip().casefold()
        found = tuple(word for word in self._known if typed in word.casefold()) or self._known
        shown = found if self._all else found[:_SHOWN]
        left = len(found) - len(shown)
        show_text(self.more, self._texts("words.more", count=left) if left else "")
        self.row.setVisible(bool(self._known))
        self.row.show_values(
            {word: word for word in shown}, lambda word: self._texts("words.remove-hotword", word=word)
        )
        self._show()

    def _show(self) -> None:
        count, most = len(self._known), checks.MOST_HOTWORDS
        self.count.setText(self._texts("words.hotwords-count", count=count, most=most) if count else "")
        show_text(self.problem, self._problem())


class WordsPanel(QWidget):
    """Panel with replacements and hotwords."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self.replacements = ReplacementsPanel(theme, texts, ask)
        self.hotwords = HotwordsPanel(theme, texts, ask)
        self.hotwords.replacements_wanted.connect(self.replacements.model.merge)
        vertical(self.hotwords, self.replacements, within=self, gap=SPACING.large)
        self.setFocusProxy(self.hotwords.field)

    def show_settings(self, settings: Settings) -> None:
        """Show the settings in effect."""
        self.replacements.show_rules(settings.recognition.replacements)
        self.hotwords.show_words(settings.recognition.hotwords)


class DictionaryPage(QWidget):
    """Page with its name above the panel of words."""

    def __init__(self, texts: Texts, words: WordsPanel) -> None:
        super().__init__()
        paint_as_page(self)
        self.name = worded(texts, label(size=SCALE.display, bold=True), "page.dictionary")
        vertical(self.name, words, SPACE, within=self, margins=(0, SPACING.wide), gap=SPACING.medium)
        self.setFocusProxy(words)
