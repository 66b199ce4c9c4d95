"""Message about a problem with the settings file, with its path and a button that opens the folder."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout

from app.core.notes import Note
from app.settings.path import settings_place
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import SCALE, SPACING
from app.ui.widgets.basic import label
from app.ui.widgets.file_dialogs import Dialogs


class FileTrouble(QFrame):
    """Message at the top of the settings, hidden without a problem."""

    def __init__(self, texts: Texts, dialogs: Dialogs) -> None:
        super().__init__()
        self._texts, self._note = texts, Note("")
        self.setProperty("role", "card")
        self.setObjectName("settings.trouble")
        self.place = settings_place()
        self.says = label(role="warning", bold=True)
        self.where = label(size=SCALE.caption, role="muted")
        self.where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.open = QPushButton()
        self.open.clicked.connect(lambda: dialogs.show(str(self.place)))
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.large, SPACING.medium, SPACING.large, SPACING.medium)
        column.setSpacing(SPACING.small)
        for said in (self.says, self.where):
            said.setWordWrap(True)
            column.addWidget(said)
        column.addWidget(self.open, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_problem(None)

    def show_problem(self, note: Note | None) -> None:
        """Show a problem with the settings file; ``None`` hides the message."""
        self._note = note or Note("")
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        said = note_text(self._texts, self._note)
        self.says.setText(said)
        self.where.setText(str(self.place))
        self.open.setText(self._texts("settings.open-folder"))
        self.setAccessibleName(said)
        self.setVisible(bool(said))
