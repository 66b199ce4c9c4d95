"""Base page of the first steps: a heading, a sentence, and a frame for the controls."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.onboarding.steps import Step
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import card
from app.ui.widgets.labels import describe, label
from app.ui.widgets.layouts import room, vertical


class StepPage(QWidget):
    """Page of one step, of which one is visible at a time.

    ``begin`` is called when the page becomes visible, ``end`` when it is left. ``complete``: nothing is left to
    do. ``changed`` is emitted when that may have changed.
    """

    step: Step
    changed = Signal()

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self.seen = False
        self.heading, self.says = label(size=SCALE.display, bold=True, wraps=True), label(role="muted", wraps=True)
        self.frame, self.column = card()
        vertical(self.heading, self.says, room(SPACING.small), self.frame, within=self, gap=SPACING.medium)

    @property
    def first(self) -> QWidget | None:
        """Widget that gets the focus first; ``None`` for the button that goes on."""
        raise NotImplementedError

    @property
    def complete(self) -> bool:
        """True once nothing is left to do in this step."""
        raise NotImplementedError

    @property
    def result(self) -> str:
        """Text that a screen reader says when the step becomes complete."""
        return ""

    def show_seen(self, seen: bool) -> None:
        """Call ``begin`` or ``end`` when the visibility changes; safe to call twice."""
        if seen != self.seen:
            self.seen = seen
            self.begin() if seen else self.end()

    def begin(self) -> None:
        """Start the step; called when it becomes visible."""

    def end(self) -> None:
        """Stop the step; called when it is no longer visible."""

    def refresh(self) -> None:
        """Update all texts to the current language."""
        self.heading.setText(self._texts(f"onboarding.heading.{self.step.value}"))
        self.says.setText(self._sentence())
        describe(self, self.heading.text(), self.says.text())

    def _sentence(self) -> str:
        return self._texts(f"onboarding.says.{self.step.value}")
