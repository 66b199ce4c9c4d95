"""Card of a large choice: an icon, a heading, one sentence and one button."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from app.ui.computers.computer_row import RowIcon
from app.ui.onboarding.step_page import tell, wrapping
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import action_button, label


class ChoiceCard(QFrame):
    """Card that calls ``do`` when its button is pressed."""

    def __init__(self, theme: Theme, icon: str, do: Callable[[], None]) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.icon, self.says = RowIcon(theme, SCALE.display), label()
        self.heading = label(size=SCALE.heading, bold=True)
        self.icon.show_icon((icon, "accent"))
        self.button = action_button(do)
        wrapping([self.heading, self.says])
        head, column = QHBoxLayout(), QVBoxLayout(self)
        head.setSpacing(SPACING.small)
        head.addWidget(self.icon)
        head.addWidget(self.heading, 1)
        column.setContentsMargins(SPACING.large, SPACING.large, SPACING.large, SPACING.large)
        column.setSpacing(SPACING.small)
        column.addLayout(head)
        column.addWidget(self.says)
        column.addStretch(1)
        column.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignLeft)

    def show_choice(self, heading: str, says: str, button: str, role: str = "muted") -> None:
        """Show these texts; the sentence has a role that colours it."""
        self.heading.setText(heading)
        tell(self.says, says, role)
        self.button.setText(button)
        self.button.setAccessibleName(f"{heading}: {button}")
        self.button.setAccessibleDescription(says)
