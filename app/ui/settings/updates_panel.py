"""Card in the settings about newer versions: what is known, and how this installation is updated."""

from collections.abc import Callable, Iterable
from datetime import datetime

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication

from app.core.sentences import LANGUAGES
from app.ui.help.line_list import ReadOnlyText
from app.ui.home.wording import day_text
from app.ui.settings.wording import in_all_languages
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import Card, action_button, enable, refresh_with
from app.ui.widgets.flow_layout import FlowRow
from app.ui.widgets.labels import label, remark, say, worded
from app.ui.widgets.layouts import CARD, vertical
from app.updates.actions import CheckForUpdates
from app.updates.view import UpdateState, UpdatesView

_COMMAND_LINES = 2


class UpdatesPanel(Card):
    """Panel with the state of the notice, the command to run, and a button that asks now."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[CheckForUpdates], None]) -> None:
        super().__init__("settings.updates")
        self._texts, self._view = texts, UpdatesView()
        self.state = label(bold=True, wraps=True)
        self.news, self.how, self.place, self.checked = (remark() for _ in range(4))
        self.problem = remark("warning")
        self.command = worded(
            texts, ReadOnlyText(theme, _COMMAND_LINES), accessibleName="settings.updates.command"
        )
        self.check = action_button(lambda: ask(CheckForUpdates()))
        self.copy = action_button(lambda: QGuiApplication.clipboard().setText(self._view.command))
        self.page = action_button(self._open_page)
        self.buttons = FlowRow((self.copy, self.page, self.check))
        vertical(
            self.state,
            self.news,
            self.how,
            self.command,
            self.problem,
            self.place,
            self.checked,
            self.buttons,
            within=self,
            margins=CARD,
        )
        refresh_with(self.refresh, texts, theme)

    def words(self) -> Iterable[str]:
        """Return the words by which the settings search finds this panel, in all languages."""
        return in_all_languages("settings.group.updates", "settings.updates.check", "settings.updates.find")

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
        say(self.state, texts(f"settings.updates.{state}", **said) if view.installed else "")
        say(self.news, self._news())
        how = "settings.updates.run-file" if view.needs_file else "settings.updates.run"
        say(self.how, texts(how if view.command else "settings.updates.get") if newer else "")
        self.command.show_text(view.command)
        say(self.place, "" if view.place_known else texts("settings.updates.no-place"))
        day = datetime.fromtimestamp(view.asked_s).date() if view.asked_s else None
        say(self.checked, texts("settings.updates.checked", day=day_text(texts, day)) if day else "")
        say(self.problem, note_text(texts, view.note))
        self.command.setVisible(newer and bool(view.command))
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
            say(button, texts(key) if visible else "")
        self.copy.setProperty("role", "primary")
        enable(self.check, view.state is not UpdateState.ASKING)
        self.buttons.arrange()
        self.buttons.setVisible(any(visible for _, _, visible in named))

    def _news(self) -> str:
        """Return what is new in the version, in the language of the windows, or else in English."""
        says = self._view.release.says if self._view.release else {}
        return says.get(self._texts.language) or says.get(LANGUAGES[0], "")

    def _open_page(self) -> None:
        if self._view.release is not None:
            QDesktopServices.openUrl(QUrl(self._view.release.page))
