"""Bar for texts that were not inserted: paste, copy or dismiss the newest."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QWidget

from app.core.states import State
from app.dictation.actions import HeldAction, SettleHeld
from app.dictation.view import TakeView, View
from app.messages.actions import Action
from app.ui.shell.tray import MENU_CLOSES_MS
from app.ui.strings.texts import Texts
from app.ui.strings.wording import state_text, today, when_text
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import Shape, action_button
from app.ui.widgets.flow_layout import FlowRow
from app.ui.widgets.labels import Elided, label
from app.ui.widgets.layouts import CARD, horizontal, stretched, vertical


class PasteBar(QFrame):
    """Bar with the newest recording that has text to paste; hidden if there is none."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self._held: tuple[TakeView, ...] = ()
        self._key, self._by_key = "", False
        self.setProperty("role", "notice")
        self.shape, self.name, self.text = Shape(theme, State.HELD), label(bold=True, wraps=True), Elided(1)
        self.more = label(role="muted")
        self.paste = action_button(self._paste)
        self.copy = action_button(lambda: self._settle(HeldAction.COPY))
        self.dismiss = action_button(lambda: self._settle(HeldAction.DISMISS))
        self.buttons = FlowRow((self.paste, self.copy, self.dismiss))
        head = horizontal(self.shape, stretched(self.name), self.more)
        vertical(head, self.text, self.buttons, within=self, margins=CARD)
        self.refresh()

    def show_takes(self, takes: Sequence[TakeView]) -> None:
        """Show which recordings have text to paste, newest first."""
        held = tuple(take for take in takes if take.held)
        if held != self._held:
            self._held = held
            self.refresh()

    def show_key(self, key: str) -> None:
        """Name the key that pastes; an empty text if none works."""
        self._key = key
        self.refresh()

    def show_view(self, view: View) -> None:
        """Show whether the key pastes the newest recording: it never pastes earlier ones."""
        if self._by_key != bool(view.held):
            self._by_key = not self._by_key
            self.refresh()

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        texts = self._texts
        self.setVisible(bool(self._held))
        for button, key in ((self.paste, "paste"), (self.copy, "copy"), (self.dismiss, "dismiss")):
            button.setText(texts(f"action.{key}"))
            if self._held:
                when = when_text(texts, self._held[0], today())
                button.setAccessibleName(texts(f"take.{key}-name", when=when))
        self.shape.show_state(State.HELD, state_text(texts, State.HELD))
        by_key = self._key and self._by_key
        self.name.setText(texts("home.paste-here", key=self._key) if by_key else texts("home.to-paste"))
        self.text.show_text(self._held[0].text if self._held else "")
        others = len(self._held) - 1
        self.more.setText(texts("home.more-to-paste", count=others) if others > 0 else "")
        self.buttons.arrange()

    def _paste(self) -> None:
        paste_elsewhere(self, lambda: self._settle(HeldAction.PASTE))

    def _settle(self, how: HeldAction) -> None:
        if self._held:
            self._ask(SettleHeld(self._held[0].session, how))


def paste_elsewhere(widget: QWidget, paste: Callable[[], None]) -> None:
    """Minimise the window, so that the previous window gets the focus, and paste there."""
    widget.window().showMinimized()
    QTimer.singleShot(MENU_CLOSES_MS, paste)
