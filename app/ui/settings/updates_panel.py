"""Card in the settings about newer versions: what is known, and how this installation is updated."""

from collections.abc import Callable, Iterable
from datetime import datetime

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.core.sentences import LANGUAGES, entries
from app.ui.help.line_list import ReadOnlyText
from app.ui.home.wording import day_text
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import action_button, label
from app.ui.widgets.flow_layout import FlowRow
from app.updates.actions import CheckForUpdates
from app.updates.view import UpdateState, UpdatesView

_COMMAND_LINES = 2


class UpdatesPanel(QFrame):
    """Panel with the state of the notice, the command to run, and a button that asks now."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[CheckForUpdates], None]) -> None:
        super().__init__()
        self._texts, self._view = texts, UpdatesView()
        self.setProperty("role", "card")
        self.setObjectName("settings.updates")
        self.state = label(bold=True)
        self.news, self.how, self.place, self.checked = (label(size=SCALE.caption, role="muted") for _ in range(4))
        self.problem = label(size=SCALE.caption, role="warning")
        self.command = ReadOnlyText(_COMMAND_LINES)
        self.check = action_button(lambda: ask(CheckForUpdates()))
        self.copy = action_button(lambda: QGuiApplication.clipboard().setText(self._view.command))
        self.page = action_button(self._open_page)
        self.buttons = FlowRow((self.copy, self.page, self.check))
        self._lay_out()
        texts.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self.refresh()

    def words(self) -> Iterable[str]:
        """Yield the words by which the settings search finds this panel, in all languages."""
        for language in LANGUAGES:
            for key in ("settings.group.updates", "settings.updates.check", "settings.updates.find"):
                yield str(entries(language)[key])

    def show_updates(self, view: UpdatesView) -> None:
        """Show what is known of newer versions."""
        self._view = view
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts, view = self._texts, self._view
        new, newer = view.release, view.release is not None
        said = {"version": view.installed, "new": new.version if new else ""}
        state = view.state if new is None or view.state is UpdateState.ASKING else UpdateState.NEWER
        if state is UpdateState.FAILED:
            state = UpdateState.UNKNOWN
        self.state.setText(texts(f"settings.updates.{state}", **said) if view.installed else "")
        self.news.setText(self._news())
        how = "settings.updates.run-file" if view.needs_file else "settings.updates.run"
        self.how.setText(texts(how if view.command else "settings.updates.get") if newer else "")
        self.command.show_text(view.command)
        self.place.setText("" if view.place_known else texts("settings.updates.no-place"))
        day = datetime.fromtimestamp(view.asked_s).date() if view.asked_s else None
        self.checked.setText(texts("settings.updates.checked", day=day_text(texts, day)) if day else "")
        self.problem.setText(note_text(texts, view.note) if view.note else "")
        for words in (self.state, self.news, self.how, self.place, self.checked, self.problem):
            words.setVisible(bool(words.text()))
        self.command.setVisible(newer and bool(view.command))
        self.command.setAccessibleName(texts("settings.updates.command"))
        self.command.refresh()
        self._show_buttons(newer)
        self.setAccessibleName(" ".join(filter(None, (self.state.text(), self.news.text(), self.problem.text()))))

    def _show_buttons(self, newer: bool) -> None:
        texts, view = self._texts, self._view
        named = (
            (self.copy, "settings.updates.copy", newer and bool(view.command)),
            (self.page, "settings.updates.page", view.release is not None and bool(view.release.page)),
            (self.check, "settings.updates.check", view.place_known),
        )
        for button, key, visible in named:
            button.setText(texts(key))
            button.setVisible(visible)
        self.copy.setProperty("role", "primary")
        self.check.setEnabled(view.state is not UpdateState.ASKING)
        self.buttons.arrange()
        self.buttons.setVisible(any(visible for _, _, visible in named))

    def _news(self) -> str:
        """Return what is new in the version, in the language of the windows, or else in English."""
        says = self._view.release.says if self._view.release else {}
        return says.get(self._texts.language) or says.get(LANGUAGES[0], "")

    def _open_page(self) -> None:
        if self._view.release is not None:
            QDesktopServices.openUrl(QUrl(self._view.release.page))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.large, SPACING.medium, SPACING.large, SPACING.medium)
        column.setSpacing(SPACING.small)
        for part in (self.state, self.news, self.how, self.command, self.problem, self.place, self.checked):
            column.addWidget(part)
        column.addWidget(self.buttons)
        for words in (self.state, self.news, self.how, self.place, self.checked, self.problem):
            words.setWordWrap(True)
