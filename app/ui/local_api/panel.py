"""Card in the settings about the local port: whether it is open, where, and why it is not."""

from collections.abc import Iterable

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.core.sentences import LANGUAGES, entries
from app.local_api.view import LocalApiState, LocalApiView
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import action_button, label
from app.ui.widgets.flow_layout import FlowRow


class LocalApiPanel(QFrame):
    """Panel that is visible while the port is wanted."""

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__()
        self._texts, self._view = texts, LocalApiView()
        self.setProperty("role", "card")
        self.setObjectName("settings.api")
        self.state = label(bold=True)
        self.how = label(size=SCALE.caption, role="muted")
        self.problem = label(size=SCALE.caption, role="warning")
        self.copy = action_button(lambda: QGuiApplication.clipboard().setText(self._view.url))
        self.buttons = FlowRow((self.copy,))
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.large, SPACING.medium, SPACING.large, SPACING.medium)
        column.setSpacing(SPACING.small)
        for words in (self.state, self.how, self.problem):
            words.setWordWrap(True)
            column.addWidget(words)
        column.addWidget(self.buttons)
        texts.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self.refresh()

    def words(self) -> Iterable[str]:
        """Yield the words by which the settings search finds this panel, in all languages."""
        if self._view.state is not LocalApiState.OFF:
            for language in LANGUAGES:
                for key in ("settings.group.api", "settings.api.find"):
                    yield str(entries(language)[key])

    def show_api(self, view: LocalApiView) -> None:
        """Show the state of the port."""
        self._view = view
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts, view = self._texts, self._view
        is_open = view.state is LocalApiState.OPEN
        self.state.setText(texts(f"settings.api.{view.state}", url=view.url))
        self.how.setText(texts("settings.api.how"))
        self.problem.setText(note_text(texts, view.note) if view.note else "")
        self.copy.setText(texts("settings.api.copy"))
        for part in (self.how, self.buttons):
            part.setVisible(is_open)
        self.problem.setVisible(view.note is not None)
        self.buttons.arrange()
        self.setVisible(view.state is not LocalApiState.OFF)
        self.setAccessibleName(" ".join(filter(None, (self.state.text(), self.problem.text()))))
