"""One section of the settings: its name, and what belongs to it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.ui.texts import Texts
from app.ui.theme import SCALE, SPACING
from app.ui.widgets import label

Words = Callable[[], Iterable[str]]


@dataclass(frozen=True)
class Added:
    """A panel that somebody put there, and what it is found by, in the language of now."""

    panel: QWidget
    words: Words


class Section(QWidget):
    """Shown one at a time, or as far as it matches while somebody searches."""

    def __init__(self, name: str, texts: Texts) -> None:
        super().__init__()
        self.name, self._texts = name, texts
        self.heading = label(size=SCALE.heading, bold=True)
        self.panels: list[Added] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACING.medium)
        self._column.addWidget(self.heading)

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it to show."""
        return not self.panels

    @property
    def title(self) -> str:
        """In the language of now."""
        return self._texts(f"settings.section.{self.name}")

    def add(self, panel: QWidget, words: Words) -> None:
        """Below what is there."""
        self.panels.append(Added(panel, words))
        self._column.addWidget(panel)

    def refresh(self) -> None:
        """In the language of now."""
        self.heading.setText(self.title)
