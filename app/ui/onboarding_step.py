"""One of the first steps: a heading, a sentence, and room for what it sets or tries."""

from collections.abc import Sequence

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.onboarding.steps import Step
from app.ui.texts import Texts
from app.ui.theme import SCALE, SPACING, Theme
from app.ui.widgets import card, label


class StepPage(QWidget):
    """Only one is seen at a time. ``begin``: from now on it is; ``end``: no more."""

    step: Step

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self.seen = False
        self.heading, self.says = label(size=SCALE.display, bold=True), label(role="muted")
        self.frame, self.column = card()
        wrapping([self.heading, self.says])
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(SPACING.medium)
        page.addWidget(self.heading)
        page.addWidget(self.says)
        page.addSpacing(SPACING.small)
        page.addWidget(self.frame)

    @property
    def first(self) -> QWidget:
        """What has the focus at first."""
        raise NotImplementedError

    def show_seen(self, seen: bool) -> None:
        """Whether somebody sees it. Safe to say twice."""
        if seen != self.seen:
            self.seen = seen
            self.begin() if seen else self.end()

    def begin(self) -> None:
        """It is seen."""

    def end(self) -> None:
        """It is not."""

    def refresh(self) -> None:
        """Everything again, in the language of now."""
        self.heading.setText(self._texts(f"onboarding.heading.{self.step.value}"))
        self.says.setText(self._sentence())
        self.setAccessibleName(self.heading.text())
        self.setAccessibleDescription(self.says.text())

    def _sentence(self) -> str:
        return self._texts(f"onboarding.says.{self.step.value}")


def wrapping(labels: Sequence[QLabel]) -> None:
    """As many lines as they need."""
    for one in labels:
        one.setWordWrap(True)


def paint_role(shown: QLabel, role: str) -> None:
    """In the colour of this role."""
    if shown.property("role") != role:
        shown.setProperty("role", role)
        shown.style().polish(shown)


def tell(shown: QLabel, text: str, role: str = "muted") -> None:
    """This text in this role; without one it takes no room."""
    paint_role(shown, role)
    shown.setText(text)
    shown.setVisible(bool(text))
