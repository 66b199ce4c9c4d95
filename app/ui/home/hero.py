"""Card at the top of the page: the key to press, and during dictation the level and the live text."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.core.live_text import TextSpan
from app.core.states import ENDS, RECORDING, State
from app.dictation.actions import Verb
from app.dictation.view import View
from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.kinds import Action
from app.ui.dictation.live_lines import LiveLines
from app.ui.dictation.pill import Levels, Pill
from app.ui.settings.choices import DICTATE, PASTE_HELD, Choices
from app.ui.strings.texts import (
    Texts,
    clock,
    joined,
    key_caps,
    key_text,
    note_text,
    state_text,
    worker_text,
)
from app.ui.theme.theme import SCALE, SPACING, Theme, font, letter_width
from app.ui.widgets.basic import Card, FileProgressBar, Shape, action_button, refresh_with, smooth_painter, timer
from app.ui.widgets.key_caps import KeyCaps
from app.ui.widgets.parts import (
    aligned,
    horizontal,
    label,
    lay_beside,
    remark,
    set_caption,
    set_role,
    show_text,
    stretched,
    vertical,
    worded,
)

FINAL_MS: Final = 6_000
"""Display time of the final words."""
_SHOWN_ENDS: Final = ENDS - {State.HELD}
_FRAME_MS: Final = 50
_MOST_LEVELS: Final = 200
_LINES: Final = 3
_LETTERS: Final = 24
"""Minimum width of the sentence beside the key, in average letters."""


class LiveTextView(QWidget):
    """Newest lines of the text that is being recognised."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(sizePolicy=QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed))
        self._theme = theme
        self.spans: tuple[TextSpan, ...] = ()

    def sizeHint(self) -> QSize:
        """Return the height of the maximum number of lines."""
        return QSize(SPACING.huge, round(LiveLines(_FULL, font(SCALE.heading), 1.0, _LINES).height))

    def show_spans(self, spans: tuple[TextSpan, ...]) -> None:
        """Show these spans; repaint only if they changed."""
        if spans != self.spans:
            self.spans = spans
            self.setAccessibleDescription("".join(span.text for span in spans))
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the live text."""
        painter = QPainter(self)
        lines = LiveLines(self.spans, font(SCALE.heading), self.width(), _LINES)
        lines.draw(painter, QPointF(0, 0), self._theme.colour("text"), self._theme.colour("muted"))


class Waveform(QWidget):
    """Level of the microphone during the last seconds."""

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__(sizePolicy=QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed))
        self._pill, self.levels, self._level = Pill(theme, texts), Levels(_MOST_LEVELS), 0.0
        self._frames = timer(self, _FRAME_MS, self._frame, once=False)

    def sizeHint(self) -> QSize:
        """Return the height of a large line."""
        return QSize(SPACING.huge * 4, QFontMetrics(font(SCALE.display)).height())

    def show_level(self, view: View) -> None:
        """Show the level while the app listens; otherwise stop and clear the waveform."""
        self._level = view.level_dbfs
        if view.state is not State.LISTENING:
            self._frames.stop()
            self.levels.clear()
        elif not self._frames.isActive():
            self._frames.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the levels, newest on the right."""
        painter = smooth_painter(self)
        self._pill.paint_meter(painter, self.levels, QRectF(self.rect()), active=self._frames.isActive())

    def _frame(self) -> None:
        self.levels.append(self._level)
        self.update()


class Hero(Card):
    """Card that explains how to dictate, and shows the current recording."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts = texts
        self._view, self._final, self._choices, self._worker = View(), View(), Choices(), WorkerView()
        self._problem, self._known = "", False
        self.caps, self.wave = worded(texts, KeyCaps(theme), toolTip="home.change-key"), Waveform(theme, texts)
        self.shape, self.state = Shape(theme, State.IDLE, SCALE.heading), label(size=SCALE.heading, bold=True)
        self.hint, self.then = label(size=SCALE.display, bold=True, wraps=True), label(role="muted", wraps=True)
        self.elapsed = worded(texts, label(size=SCALE.heading, role="muted"), accessibleName="window.elapsed")
        self.start = action_button(lambda: ask(Verb.STOP if self._view.state in RECORDING else Verb.START))
        self.live = worded(texts, LiveTextView(theme), accessibleName="window.live")
        self.note = label(role="warning", wraps=True)
        self.again = action_button(lambda: ask(SwitchWorker(True)))
        self.remarks, self.loading = remark(), remark("")
        self.progress = FileProgressBar(theme)
        self._final_timer = timer(self, FINAL_MS, self._show)
        self.caps.setCursor(Qt.CursorShape.PointingHandCursor)
        self._how, self._gap = (
            QWidget(),
            QWidget(sizePolicy=QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)),
        )
        vertical(self.hint, self.then, within=self._how, gap=SPACING.hair)
        speaking = horizontal(self.shape, self.state, self.wave, self._gap, self.elapsed, gap=SPACING.medium)
        middle, left = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignLeft
        key, start = aligned(self.caps, middle), aligned(self.start, middle | left)
        self._row = horizontal(key, stretched(self._how), speaking, start, gap=SPACING.large)
        vertical(
            self._row,
            self.live,
            horizontal(stretched(self.note), aligned(self.again, middle)),
            self.remarks,
            self.loading,
            self.progress,
            within=self,
            margins=(SPACING.wide, SPACING.large),
            gap=SPACING.medium,
        )
        refresh_with(self.refresh, texts, theme)

    def show_view(self, view: View) -> None:
        """Show the newest take, and its final words for some seconds; cheap enough for twenty calls a second.

        The bar below shows a text to paste. If the card showed it too, the bar's buttons would move when it goes.
        """
        ended = view.state in _SHOWN_ENDS
        if ended and view.state is not self._view.state:
            self._final_timer.start()
        elif not ended and view.state is not State.IDLE:
            self._final_timer.stop()
        if ended:
            self._final = view
        self._view = view
        self._show()

    def show_problem(self, text: str) -> None:
        """Show a problem and its remedy; an empty text removes it."""
        self._problem = text
        self._show()

    def show_worker(self, worker: WorkerView) -> None:
        """Show the download of the model, or why recognition on this computer failed."""
        self._worker = worker
        self._show()

    def show_choices(self, choices: Choices) -> None:
        """Show the key in effect."""
        self._choices, self._known = choices, True
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language and colours."""
        texts, binding = self._texts, self._choices.works(DICTATE)
        self.caps.show_caps(key_caps(texts, binding), name=texts("home.change-key"))
        mode = self._choices.mode_here.value if binding else "without-key"
        # Until the keys are known, show nothing, because "no key" may be wrong.
        self.hint.setText(texts(f"home.press.{mode}", key=key_text(texts, binding)) if self._known else "")
        self.then.setText(texts(f"home.then.{mode}") if self._known else "")
        set_caption(self.again, texts("onboarding.foot.again"), texts("onboarding.foot.again-name"))
        set_role(self.start, "" if binding or not self._known else "primary")
        self._show()

    def _view_to_show(self) -> View:
        """Return the current recording, the final words of the last one for some seconds, or none."""
        if self._view.state in {State.IDLE, *ENDS}:
            shows_final = self._final_timer.isActive() and _has_text(self._final)
            return self._final if shows_final else View(note=self._view.note)
        return self._view

    def _show(self) -> None:
        view, texts = self._view_to_show(), self._texts
        word, busy, records = state_text(texts, view.state), view.state is not State.IDLE, view.state in RECORDING
        speaks = busy and view.state not in ENDS  # reserve the live text's height, so that the list does not move
        self.shape.show_state(view.state, word)
        self.state.setText(word)
        self.elapsed.setText(clock(view.seconds) if busy else "")
        for widget, shown in (
            (self.caps, not busy),
            (self._how, not busy),
            (self.shape, busy),
            (self.state, busy),
            (self.wave, records),
            (self._gap, busy and not records),
            (self.elapsed, busy),
            (self.live, speaks or any(span.text.strip() for span in view.spans)),
        ):
            widget.setVisible(shown)
        self.wave.show_level(view)
        self.live.show_spans(view.spans)
        if self.start.text() != (name := texts("home.stop" if records else "home.start")):
            set_caption(self.start, name, texts("action.stop" if records else "action.start"))
        paste_key, failure = key_text(texts, self._choices.works(PASTE_HELD)), self._failure()
        show_text(self.note, note_text(texts, view.note, paste_key) or self._problem or failure)
        self.again.setVisible(bool(failure))
        show_text(self.remarks, remarks(texts, self._view))
        self._show_loading()
        self._arrange()

    def _failure(self) -> str:
        """Return why recognition on this computer failed; empty if another computer recognises."""
        if self._worker.state is not LocalWorkerState.FAILED or self._view.destination:
            return ""
        return self._texts("worker.stated", state=worker_text(self._texts, self._worker))

    def _show_loading(self) -> None:
        percent = self._worker.percent or 0
        loads = self._worker.state is LocalWorkerState.DOWNLOADING
        text = self._texts("home.downloading", percent=percent) if loads else ""
        show_text(self.loading, text)
        self.progress.setVisible(loads)
        if loads:
            self.progress.show_percent(percent, text, moving=True)

    # -- layout --------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the sentence beside the key if there is room."""
        self._arrange()

    def _arrange(self) -> None:
        room = self.width() - 2 * SPACING.wide - self.start.sizeHint().width() - 2 * SPACING.large
        letters = letter_width(QFontMetrics(font(SCALE.heading))) * _LETTERS
        beside = self.caps.isHidden() or self.caps.sizeHint().width() + letters <= room
        lay_beside(self._row, beside)

    def minimumSizeHint(self) -> QSize:
        """Return the width of the keys or of the level, whichever is wider."""
        speaking = (self.shape, self.state, self.elapsed, self.start)
        across = sum(one.minimumSizeHint().width() + SPACING.medium for one in speaking)
        across = max(across, self.caps.sizeHint().width()) + 2 * SPACING.wide
        return QSize(across, super().minimumSizeHint().height())


_FULL: Final = (TextSpan("骨" * _LINES, stable=True),)  # wraps at each letter


def _has_text(final: View) -> bool:
    """Return whether to show a recording that has ended; one without speech has only a note."""
    return final.state is not State.DONE or not final.note or any(span.text.strip() for span in final.spans)


def remarks(texts: Texts, view: View) -> str:
    """Return remarks on a take: its destination unless that is this computer, unsent audio, waiting takes."""
    return joined(
        texts("place.to", destination=view.destination) if view.destination else "",
        texts("overlay.unsent", seconds=round(view.unsent_s)) if view.unsent_s >= 1 else "",
        texts("overlay.waiting", count=view.waiting) if view.waiting else "",
    )
