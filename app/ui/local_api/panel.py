"""Card in the settings about the local port: whether it is open, where, and why it is not."""

from collections.abc import Iterable

from PySide6.QtGui import QGuiApplication

from app.local_api.view import LocalApiState, LocalApiView
from app.ui.settings.wording import in_all_languages
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import Card, action_button, refresh_with
from app.ui.widgets.flow_layout import FlowRow
from app.ui.widgets.labels import label, remark, say, set_visible, worded
from app.ui.widgets.layouts import CARD, vertical


class LocalApiPanel(Card):
    """Panel that is visible while the port is wanted."""

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__("settings.api")
        self._texts, self._view = texts, LocalApiView()
        self.state = label(bold=True, wraps=True)
        self.how = worded(texts, remark(), "settings.api.how")
        self.problem = remark("warning")
        self.copy = worded(
            texts, action_button(lambda: QGuiApplication.clipboard().setText(self._view.url)), "settings.api.copy"
        )
        self.buttons = FlowRow((self.copy,))
        vertical(self.state, self.how, self.problem, self.buttons, within=self, margins=CARD)
        refresh_with(self.refresh, texts, theme)

    def words(self) -> Iterable[str]:
        """Return the words by which the settings search finds this panel, in all languages."""
        is_off = self._view.state is LocalApiState.OFF
        return [] if is_off else in_all_languages("settings.group.api", "settings.api.find")

    def show_api(self, view: LocalApiView) -> None:
        """Show the state of the port."""
        self._view = view
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts, view = self._texts, self._view
        is_open = view.state is LocalApiState.OPEN
        self.state.setText(texts(f"settings.api.{view.state}", url=view.url))
        say(self.problem, note_text(texts, view.note))
        set_visible(is_open, self.how, self.buttons)
        self.buttons.arrange()
        self.setVisible(view.state is not LocalApiState.OFF)
        self.setAccessibleName(" ".join(filter(None, (self.state.text(), self.problem.text()))))
