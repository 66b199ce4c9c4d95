"""List of the last takes: text, time, state and possible actions."""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.core.states import State
from app.dictation.actions import HeldAction, RecoverTake, SettleHeld
from app.dictation.view import TakeView
from app.messages.actions import Action
from app.ui.shell.tray import MENU_CLOSES_MS
from app.ui.strings.texts import Texts
from app.ui.strings.wording import ended_text, state_text, textless, today, when_text
from app.ui.theme import icons
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import Elided, Shape, label

MOST: Final = 50


class TakeRow(QFrame):
    """Row of one take: held text can be pasted, copied or dismissed, a take without text recovered."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._theme, self._texts, self._ask = theme, texts, ask
        self._take: TakeView | None = None
        self._when = ""
        self.setProperty("role", "card")
        self.shape = Shape(theme, State.IDLE)
        self.text, self.when = Elided(), label(size=SCALE.caption, role="muted")
        self.paste = self._button("paste", self._paste)
        self.copy = self._button("copy", self._copy)
        self.dismiss = self._button("dismiss", lambda: self._settle(HeldAction.DISMISS))
        self.recover = self._button("recover", self._recover)
        words = QVBoxLayout()
        words.setSpacing(SPACING.hair)
        words.addWidget(self.text)
        words.addWidget(self.when)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACING.large, SPACING.medium, SPACING.small, SPACING.medium)
        row.setSpacing(SPACING.medium)
        row.addWidget(self.shape)
        row.addLayout(words, 1)
        for button in (self.recover, self.paste, self.copy, self.dismiss):
            row.addWidget(button)

    def shows(self, take: TakeView) -> bool:
        """Return True if the row already shows this take as it is now."""
        return take == self._take and self._when == when_text(self._texts, take, today())

    def keep(self) -> None:
        """Keep the row, but reset the label of the copy button."""
        self.copy.setText(self._texts("action.copy"))

    def show_take(self, take: TakeView) -> None:
        """Show a take in the current language and colours."""
        texts, self._take = self._texts, take
        when = when_text(texts, take, today())
        self._when = when
        self.shape.show_state(take.state, state_text(texts, take.state))
        self.text.show_text(take.text or textless(texts, take.state))
        self.text.setEnabled(bool(take.text))
        self.when.setText(f"{when} · {ended_text(texts, take.state, partly=take.partly)}")
        self.copy.setVisible(bool(take.text))
        self.recover.setVisible(take.recovers)
        for button in (self.paste, self.dismiss):
            button.setVisible(bool(take.held))
        for button in (self.paste, self.copy, self.dismiss, self.recover):
            name = button.objectName()
            button.setText(texts(f"action.{name}"))
            button.setAccessibleName(texts(f"take.{name}-name", when=when))
            side = button.fontMetrics().ascent()
            button.setIconSize(QSize(side, side))
            button.setIcon(icons.icon(name, self._theme.colour("accent")))

    def _button(self, name: str, do: Callable[[], None]) -> QPushButton:
        made = QPushButton()
        made.setObjectName(name)
        made.setProperty("role", "quiet")
        made.setCursor(Qt.CursorShape.PointingHandCursor)
        made.clicked.connect(do)
        return made

    def _paste(self) -> None:
        """Minimise the window, so that the previous window gets the focus, and paste there."""
        self.window().showMinimized()
        QTimer.singleShot(MENU_CLOSES_MS, lambda: self._settle(HeldAction.PASTE))

    def _settle(self, deed: HeldAction) -> None:
        if self._take:
            self._ask(SettleHeld(self._take.session, deed))

    def _copy(self) -> None:
        if self._take and self._take.held:
            self._settle(HeldAction.COPY)
        elif self._take:
            QGuiApplication.clipboard().setText(self._take.text)
            self.copy.setText(self._texts("action.copied"))

    def _recover(self) -> None:
        if self._take:
            self._ask(RecoverTake(self._take.session))


class TakesList(QWidget):
    """List of at most ``MOST`` takes, newest first; the surrounding page scrolls."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._theme, self._texts, self._ask = theme, texts, ask
        self._takes: tuple[TakeView, ...] = ()
        self.rows: list[TakeRow] = []
        self._empty = label(role="muted")
        self._empty.setWordWrap(True)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(SPACING.small)
        self._layout.addWidget(self._empty)
        self._layout.addStretch(1)
        self.refresh()

    def show_takes(self, takes: Sequence[TakeView]) -> None:
        """Show these takes, newest first; unchanged rows cost nothing, because every key press calls this."""
        before, self._takes = self._takes, tuple(takes[:MOST])
        self._empty.setVisible(not self._takes)
        while len(self.rows) < len(self._takes):
            self.rows.append(TakeRow(self._theme, self._texts, self._ask))
            self._layout.insertWidget(self._layout.count() - 1, self.rows[-1])
        for _ in range(_newer(self._takes, before)):
            self.rows.insert(0, self.rows.pop())
            self._layout.insertWidget(1, self.rows[0])
        for number, row in enumerate(self.rows):
            row.setVisible(number < len(self._takes))
            if number < len(self._takes):
                take = self._takes[number]
                row.keep() if row.shows(take) else row.show_take(take)

    def refresh(self) -> None:
        """Update all texts to the current language and colours."""
        self.setAccessibleName(self._texts("window.takes"))
        self._empty.setText(self._texts("window.takes-empty"))
        self._empty.setVisible(not self._takes)
        for row, take in zip(self.rows, self._takes, strict=False):
            row.show_take(take)


def _newer(takes: Sequence[TakeView], before: Sequence[TakeView]) -> int:
    """Return the number of takes above the one that was newest before."""
    newest = before[0].session if before else ""
    return next((number for number, take in enumerate(takes) if take.session == newest), 0)
