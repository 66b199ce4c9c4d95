"""Editor of hotwords, one per line, that marks invalid lines."""

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtGui import QFontMetrics, QHideEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QTextEdit, QVBoxLayout

from app.messages.actions import Action
from app.messages.notifications import Problem
from app.settings import checks
from app.settings.actions import ChangeSetting
from app.ui.settings.controls import LinesControl
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import label

NAME: Final = "recognition.hotwords"
_LINES: Final = 8


class HotwordsPanel(QFrame):
    """Panel that shows the hotwords in force and asks to change them when the user leaves it."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._theme, self._texts, self._ask = theme, texts, ask
        self._refused: Callable[[], str] = str
        self.setProperty("role", "card")
        self.heading = label(bold=True)
        self.count = label(size=SCALE.caption, role="muted")
        self.says = label(size=SCALE.caption, role="muted")
        self.problem = label(size=SCALE.caption, role="warning")
        self.lines = _Words(self._asks)
        self.field = self.lines.field
        self.field.textChanged.connect(self._show)
        self._lay_out()
        texts.changed.connect(self.refresh)
        theme.changed.connect(self.refresh)
        self.refresh()

    def show_words(self, words: tuple[str, ...]) -> None:
        """Show the hotwords in force."""
        self.lines.show_value(words)

    def show_problem(self, problem: Problem) -> None:
        """Show why the requested hotwords are not in force."""
        if problem.setting == NAME and problem.note is not None:
            note = problem.note
            self._refused = lambda: note_text(self._texts, note)
            self._show()

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        texts = self._texts
        self.heading.setText(texts("words.hotwords"))
        self.says.setText(texts("words.hotwords-say"))
        self.field.setAccessibleName(texts("words.hotwords"))
        self.field.setPlaceholderText(texts("words.hotwords-empty"))
        self.lines.refresh()
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask to save the typed hotwords."""
        self.lines.keep()

    def _asks(self, value: str | bool | int) -> None:
        self._refused = str
        self._ask(ChangeSetting(NAME, value))
        self._show()

    def _show(self) -> None:
        texts, words = self._texts, self.lines.lines
        self.count.setText(texts("words.hotwords-count", count=len(words), most=checks.MOST_HOTWORDS))
        bad = self.lines.bad
        said = self._refused()
        if len(words) > checks.MOST_HOTWORDS:
            said = texts("words.too-many-hotwords", most=checks.MOST_HOTWORDS)
        elif bad:
            said = texts("words.long-hotword", line=bad[0] + 1, most=checks.LONGEST_HOTWORD)
        self.problem.setText(said)
        self.problem.setVisible(bool(said))
        self.field.setExtraSelections([self._marked(line) for line in bad])

    def _marked(self, line: int) -> QTextEdit.ExtraSelection:
        """Return the mark of an invalid line: underlined, not by colour alone."""
        made = QTextEdit.ExtraSelection()
        cursor = QTextCursor(self.field.document().findBlockByNumber(line))
        cursor.select(QTextCursor.SelectionType.LineUnderCursor)
        look = QTextCharFormat()
        look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        look.setUnderlineColor(self._theme.colour("warning"))
        look.setForeground(self._theme.colour("warning"))
        made.cursor, made.format = cursor, look
        return made

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING.large, SPACING.large, SPACING.large, SPACING.large)
        column.setSpacing(SPACING.medium)
        for said in (self.says, self.problem, self.heading):
            said.setWordWrap(True)
        head = QHBoxLayout()
        head.addWidget(self.heading, 1)
        head.addWidget(self.count)
        column.addLayout(head)
        column.addWidget(self.says)
        column.addWidget(self.lines)
        column.addWidget(self.problem)


class _Words(LinesControl):
    """Editor of hotwords that never asks to save invalid ones."""

    _asked: tuple[str, ...] | None = None

    @property
    def bad(self) -> list[int]:
        """Numbers of lines that are too long, from 0."""
        lines = self.field.toPlainText().split("\n")
        return [number for number, line in enumerate(lines) if len(line.strip()) > checks.LONGEST_HOTWORD]

    def show_value(self, value: Any) -> None:
        """Show the hotwords in force."""
        super().show_value(value)
        self._asked = None

    def keep(self) -> None:
        """Ask once to save the typed hotwords, if they are valid."""
        if not checks.words(self.lines) and self.lines != self._asked:
            self._asked = self.lines
            super().keep()

    def refresh(self) -> None:
        """Update font and height; leave room for several lines."""
        super().refresh()
        self.field.setFixedHeight(QFontMetrics(font()).lineSpacing() * _LINES + 2 * SPACING.medium)
