"""Main window: dictation state, live text, recent takes and the most used settings."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import (
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.core.live_text import TextSpan
from app.core.states import RECORDING, State
from app.dictation.actions import Verb
from app.dictation.view import TakeView, View
from app.local_services.worker_view import WorkerView
from app.messages.actions import Action
from app.ui.dictation.live_lines import LiveLines
from app.ui.dictation.takes_list import TakesList
from app.ui.settings.choices import DICTATE, PASTE_HELD, Choices
from app.ui.settings.quick_settings import SettingsPanel
from app.ui.strings.texts import Texts
from app.ui.strings.wording import beside_text, clock, key_text, note_text, state_text
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import Shape, card, label

_LINES = 3
_LETTERS = 60
"""Minimum width of the live text, in average letters, while the settings stand to its right."""
_WIDEST = 16_777_215  # Qt: no limit


def usual_size() -> QSize:
    """Return the default window size: two columns with several takes visible.

    Lines and letters both count, because some fonts have wide letters and low lines.
    """
    metrics = QFontMetrics(font())
    line, letter = metrics.height(), metrics.averageCharWidth()
    return QSize(max(line * 57, letter * 150), max(line * 38, letter * 96))


class LiveTextView(QWidget):
    """Newest lines of the text that is being recognised."""

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self.spans: tuple[TextSpan, ...] = ()
        self.setFixedHeight(QFontMetrics(font(SCALE.heading)).lineSpacing() * _LINES)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_spans(self, spans: tuple[TextSpan, ...]) -> None:
        """Show these spans; repaint only if they changed."""
        if spans != self.spans:
            self.spans = spans
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the live text, or a hint while there is no text."""
        painter = QPainter(self)
        text, muted = self._theme.colour("text"), self._theme.colour("muted")
        spans = self.spans or (TextSpan(self._texts("window.live-empty"), False),)
        lines = LiveLines(spans, font(SCALE.heading), self.width(), _LINES)
        lines.draw(painter, QPointF(0, 0), text, muted)


class MainWindow(QWidget):
    """Main window that shows values and passes actions to ``ask``."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self._view, self._choices = View(), Choices()
        self._problem = ""
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.shape = Shape(theme, State.IDLE, SCALE.display)
        self.state = label(size=SCALE.display, bold=True)
        self.elapsed = label(size=SCALE.display, role="muted")
        self.start = QPushButton()
        self.start.setProperty("role", "primary")
        self.hint, self.beside = label(role="muted"), label(size=SCALE.caption, role="muted")
        self.note = label(role="warning")
        self.copy_held, self.dismiss = QPushButton(), QPushButton()
        self.dismiss.setProperty("role", "quiet")
        self.live = LiveTextView(theme, texts)
        self.takes_name = label(size=SCALE.heading, bold=True)
        self.takes = TakesList(theme, texts, ask)
        self.settings = SettingsPanel(theme, texts, ask)
        self._lay_out()
        self.start.clicked.connect(lambda: ask(Verb.STOP if self._view.state in RECORDING else Verb.START))
        self.copy_held.clicked.connect(lambda: ask(Verb.COPY_HELD))
        self.dismiss.clicked.connect(lambda: ask(Verb.DISMISS_HELD))
        theme.changed.connect(self.refresh)
        texts.changed.connect(self.refresh)
        self.refresh()

    def show_view(self, view: View) -> None:
        """Show the newest take; cheap enough to call twenty times a second."""
        self._view = view
        texts, word = self._texts, state_text(self._texts, view.state)
        self.shape.show_state(view.state, word)
        self.state.setText(word)
        self.elapsed.setText("" if view.state is State.IDLE else clock(view.seconds))
        self.start.setText(texts("action.stop" if view.state in RECORDING else "action.start"))
        self.live.show_spans(view.spans)
        self.live.setAccessibleDescription("".join(span.text for span in view.spans))
        paste_key = key_text(texts, self._choices.works(PASTE_HELD))
        self.beside.setText(beside_text(texts, view, paste_key))
        said = note_text(texts, view.note, paste_key) if view.note else self._problem
        self.note.setText(said)
        self.note.setVisible(bool(said))
        self.copy_held.setVisible(bool(view.held))
        self.dismiss.setVisible(bool(view.held))
        self.settings.meter.show_level(view.level_dbfs)

    def show_problem(self, text: str) -> None:
        """Show a problem and its remedy; an empty text removes the message."""
        self._problem = text
        self.settings.refresh()  # the last choice may have been refused
        self.show_view(self._view)

    def show_takes(self, takes: Sequence[TakeView]) -> None:
        """Show the last takes, newest first."""
        self.takes.show_takes(takes)

    def show_worker(self, worker: WorkerView) -> None:
        """Show the state of this computer's worker."""
        self.settings.show_worker(worker)

    def show_choices(self, choices: Choices) -> None:
        """Show the settings in effect."""
        self._choices = choices
        self.settings.show_choices(choices)
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language and colours."""
        texts = self._texts
        key = key_text(texts, self._choices.works(DICTATE))
        self.hint.setText(texts("window.hint", key=key) if key else texts("window.hint-without-key"))
        self.takes_name.setText(texts("window.takes"))
        self.copy_held.setText(texts("action.copy-held"))
        self.dismiss.setText(texts("action.dismiss"))
        self.live.setAccessibleName(texts("window.live"))
        self.elapsed.setAccessibleName(texts("window.elapsed"))
        self.takes.refresh()
        self.settings.refresh()
        self._arrange()
        self.show_view(self._view)

    def sizeHint(self) -> QSize:
        """Return the default size, limited by the screen but never below the minimum."""
        return usual_size().boundedTo(self.screen().availableSize()).expandedTo(self.minimumSizeHint())

    def minimumSizeHint(self) -> QSize:
        """Return the size of one column: in a narrow window the settings move below the text."""
        parts = (self._left, self.settings)
        across = max(part.minimumSizeHint().width() for part in parts) + 2 * SPACING.wide
        return QSize(across, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use two columns where the window is wide enough for both."""
        self._arrange()

    def _arrange(self) -> None:
        side = max(QFontMetrics(font()).height() * 19, self.settings.minimumSizeHint().width())
        least = max(self._left.minimumSizeHint().width(), QFontMetrics(font()).averageCharWidth() * _LETTERS)
        beside = self.width() - 3 * SPACING.wide >= side + least
        direction = QBoxLayout.Direction
        self._sides.setDirection(direction.LeftToRight if beside else direction.TopToBottom)
        self.settings.setMinimumWidth(side if beside else 0)
        self.settings.setMaximumWidth(side if beside else _WIDEST)

    def _lay_out(self) -> None:
        self._left = QWidget()
        left = QVBoxLayout(self._left)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(SPACING.large)
        left.addWidget(self._head())
        left.addWidget(self.takes_name)
        left.addWidget(self.takes, 1)
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._sides.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self._sides.setContentsMargins(SPACING.wide, SPACING.wide, SPACING.wide, SPACING.wide)
        self._sides.setSpacing(SPACING.wide)
        self._sides.addWidget(self._left, 1)
        self._sides.addWidget(
            self.settings, 0, Qt.AlignmentFlag.AlignTop
        )  # keeps Quit near the top when there are many takes

    def _head(self) -> QWidget:
        frame, column = card()
        row = QHBoxLayout()
        row.setSpacing(SPACING.medium)
        for widget in (self.shape, self.state, self.elapsed):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.start)
        column.addLayout(row)
        for said in (self.hint, self.note, self.beside):
            said.setWordWrap(True)
        column.addWidget(self.hint)
        column.addWidget(self.live)
        column.addWidget(self.note)
        column.addWidget(self.beside)
        held = QHBoxLayout()
        held.addWidget(self.copy_held)
        held.addWidget(self.dismiss)
        held.addStretch(1)
        column.addLayout(held)
        return frame
