"""Page of the dictionary: words to listen for, and replacements of recognised words."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.ui.replacements.words_panel import WordsPanel
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING
from app.ui.widgets.basic import label


class DictionaryPage(QWidget):
    """Page with the panel of words below its name."""

    def __init__(self, texts: Texts, words: WordsPanel) -> None:
        super().__init__()
        self._texts = texts
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.name = label(size=SCALE.display, bold=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACING.wide, 0, SPACING.wide)
        column.setSpacing(SPACING.medium)
        column.addWidget(self.name)
        column.addWidget(words)
        column.addStretch(1)
        self.setFocusProxy(words)
        texts.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Update the name to the current language."""
        self.name.setText(self._texts("page.dictionary"))
