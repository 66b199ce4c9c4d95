"""Card in the settings that opens another part of the app."""

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING
from app.ui.widgets.basic import label


class LinkCard(QFrame):
    """Card with a name, an explanation, and a button that calls ``go``.

    ``keys``: the keys of these three texts, and of further words by which the search finds the card.
    """

    def __init__(self, texts: Texts, keys: tuple[str, str, str, *tuple[str, ...]], go: Callable[[], None]) -> None:
        super().__init__()
        self._texts, self._keys = texts, keys
        self.setProperty("role", "card")
        self.name, self.says = label(bold=True), label(size=SCALE.caption, role="muted")
        self.says.setWordWrap(True)
        self.button = QPushButton()
        self.button.clicked.connect(go)
        said = QVBoxLayout()
        said.setSpacing(SPACING.hair)
        said.addWidget(self.name)
        said.addWidget(self.says)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACING.large, SPACING.medium, SPACING.large, SPACING.medium)
        row.setSpacing(SPACING.medium)
        row.addLayout(said, 1)
        row.addWidget(self.button)
        texts.changed.connect(self.refresh)
        self.refresh()

    def words(self) -> tuple[str, ...]:
        """Return the words by which the settings search finds this card."""
        return tuple(map(self._texts, self._keys))

    def refresh(self) -> None:
        """Update all texts to the current language."""
        name, says, go = map(self._texts, self._keys[:3])
        self.name.setText(name)
        self.says.setText(says)
        self.button.setText(go)
        self.button.setAccessibleName(f"{name}: {go}")
