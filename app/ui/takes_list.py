"""The last takes: what was said, when, how it ended, and what can be done with it."""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.actions import Action, RecoverTake
from app.states import State
from app.ui import icons
from app.ui.texts import Texts
from app.ui.theme import SCALE, SPACING, Theme
from app.ui.widgets import Elided, Shape, label
from app.ui.wording import state_text, today, when_text
from app.view import TakeView

MOST: Final = 50


class TakeRow(QFrame):
    """One take. A failed one can be recovered; one with a text can be copied."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._theme, self._texts, self._ask = theme, texts, ask
        self._take: TakeView | None = None
        self.setProperty("role", "card")
        self.shape = Shape(theme, State.IDLE)
        self.text, self.when = Elided(), label(size=SCALE.caption, role="muted")
        self.copy = self._button("copy", self._copy)
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
        row.addWidget(self.recover)
        row.addWidget(self.copy)

    def show_take(self, take: TakeView) -> None:
        """Everything of it, in the language and colours of now."""
        texts, self._take = self._texts, take
        word, when = state_text(texts, take.state), when_text(texts, take, today())
        failed = take.state is State.FAILED
        self.shape.show_state(take.state, word)
        self.text.show_text(take.text or texts("take.interrupted" if failed else "take.no-text"))
        self.text.setEnabled(bool(take.text))
        self.when.setText(f"{when} · {word}")
        self.copy.setVisible(bool(take.text))
        self.recover.setVisible(failed)
        for button, name in ((self.copy, "copy"), (self.recover, "recover")):
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

    def _copy(self) -> None:
        if self._take:
            QGuiApplication.clipboard().setText(self._take.text)
            self.copy.setText(self._texts("action.copied"))

    def _recover(self) -> None:
        if self._take:
            self._ask(RecoverTake(self._take.session))


class TakesList(QScrollArea):
    """The newest first, as many as ``MOST``."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._theme, self._texts, self._ask = theme, texts, ask
        self._takes: tuple[TakeView, ...] = ()
        self.rows: list[TakeRow] = []
        self._empty = label(role="muted")
        self._empty.setWordWrap(True)
        inside = QWidget()
        inside.setObjectName("list")
        self._layout = QVBoxLayout(inside)
        self._layout.setContentsMargins(0, 0, SPACING.hair, 0)
        self._layout.setSpacing(SPACING.small)
        self._layout.addWidget(self._empty)
        self._layout.addStretch(1)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.refresh()

    def show_takes(self, takes: Sequence[TakeView]) -> None:
        """These, the newest first."""
        if tuple(takes[:MOST]) != self._takes:
            self._takes = tuple(takes[:MOST])
            self.refresh()

    def refresh(self) -> None:
        """Everything again, in the language and colours of now."""
        self.setAccessibleName(self._texts("window.takes"))
        self._empty.setText(self._texts("window.takes-empty"))
        self._empty.setVisible(not self._takes)
        while len(self.rows) < len(self._takes):
            self.rows.append(TakeRow(self._theme, self._texts, self._ask))
            self._layout.insertWidget(self._layout.count() - 1, self.rows[-1])
        for number, row in enumerate(self.rows):
            row.setVisible(number < len(self._takes))
            if number < len(self._takes):
                row.show_take(self._takes[number])
