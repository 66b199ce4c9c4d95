"""The dictionary page and its panel of replacements and hotwords."""

from collections.abc import Callable, Iterable

from PySide6.QtWidgets import QWidget

from app.messages.actions import Action
from app.replacements.rules import Replacement
from app.settings.sections import Settings
from app.ui.replacements.hotwords_panel import HotwordsPanel
from app.ui.replacements.panel import ReplacementsPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import paint_as_page
from app.ui.widgets.labels import label, worded
from app.ui.widgets.layouts import SPACE, vertical


class WordsPanel(QWidget):
    """Panel with replacements and hotwords."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts = texts
        self.replacements = ReplacementsPanel(theme, texts, ask)
        self.hotwords = HotwordsPanel(theme, texts, ask)
        add = self.replacements.model.merge
        self.hotwords.replaces.connect(lambda heard, written: add((Replacement(heard, written),)))
        vertical(self.hotwords, self.replacements, within=self, gap=SPACING.large)
        self.setFocusProxy(self.hotwords.field)

    def words(self) -> Iterable[str]:
        """Yield the words by which the settings search finds this panel."""
        texts = self._texts
        yield from (texts("words.find"), texts("words.replacements"), texts("words.replacements-say"))
        yield from (texts("words.hotwords"), texts("words.hotwords-say"))

    def show_settings(self, settings: Settings) -> None:
        """Show the settings in effect."""
        self.replacements.show_rules(settings.recognition.replacements)
        self.hotwords.show_words(settings.recognition.hotwords)


class DictionaryPage(QWidget):
    """Page with the panel of words below its name."""

    def __init__(self, texts: Texts, words: WordsPanel) -> None:
        super().__init__()
        paint_as_page(self)
        self.name = worded(texts, label(size=SCALE.display, bold=True), "page.dictionary")
        vertical(self.name, words, SPACE, within=self, margins=(0, SPACING.wide), gap=SPACING.medium)
        self.setFocusProxy(words)
