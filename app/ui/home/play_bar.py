"""Playback controls of a take, and its editor, which marks the word that is played."""

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from PySide6.QtCore import QPoint, QRectF, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QFontMetrics, QKeySequence, QMouseEvent, QPaintEvent, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QSlider, QTextEdit, QWidget

from app.core.word_times import TimedRange, range_at, time_of
from app.history.view import PausePlaying, PlayAction, PlaybackView, PlayState, PlayTake, SeekTake, StopPlaying
from app.ui.dictation.live_lines import split_units, units
from app.ui.home.take_delegate import mark_format
from app.ui.strings.texts import Texts, clock, note_text
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import (
    action_button,
    control_height,
    paint_focus,
    paint_round,
    refresh_with,
    show_icon,
    smooth_painter,
)
from app.ui.widgets.parts import horizontal, label, remark, show_text, stretched, vertical, worded

KEY: Final = "Ctrl+P"
_STEP_MS: Final = 1_000
_PAGE_MS: Final = 5_000
_TRACK: Final = 4.0


class SeekBar(QSlider):
    """Slider whose knob jumps to a clicked position."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._theme = theme
        self.setSingleStep(_STEP_MS)
        self.setPageStep(_PAGE_MS)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the height of a button."""
        return QSize(control_height() * 3, control_height())

    def minimumSizeHint(self) -> QSize:
        """Return a size that leaves room for the knob to move."""
        return QSize(control_height(), control_height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start dragging and move the knob to the pointer."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._follow_pointer(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the knob with the pointer while dragging."""
        if self.isSliderDown():
            self._follow_pointer(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End dragging of the knob."""
        self.setSliderDown(False)

    def _follow_pointer(self, event: QMouseEvent) -> None:
        room = max(1.0, self.width() - self._side)
        part = (event.position().x() - self._side / 2) / room
        self.setValue(round(min(1.0, max(0.0, part)) * self.maximum()))

    @property
    def _side(self) -> float:
        return float(QFontMetrics(font()).ascent())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw track and knob; the part before the knob is filled."""
        painter = smooth_painter(self)
        side, middle = self._side, self.height() / 2
        part = self.value() / self.maximum() if self.maximum() else 0.0
        at = part * (self.width() - side)
        track = QRectF(side / 2, middle - _TRACK / 2, self.width() - side, _TRACK)
        paint_round(painter, track, _TRACK / 2, self._theme.colour("edge"))
        filled = self._theme.colour("accent")
        paint_round(painter, QRectF(track.left(), track.top(), at, _TRACK), _TRACK / 2, filled)
        knob = QRectF(at, middle - side / 2, side, side).adjusted(1, 1, -1, -1)
        paint_round(painter, knob, knob.width() / 2, filled, self._theme.colour("surface"), 2)
        paint_focus(painter, self, self._theme, SPACING.hair)


class PlayBar(QWidget):
    """Playback controls of the selected take.

    ``moved``: called with the position in ms and whether to mark the word there.
    """

    def __init__(
        self, theme: Theme, texts: Texts, ask: Callable[[PlayAction], None], moved: Callable[[int, bool], None]
    ) -> None:
        super().__init__()
        self._theme, self._texts, self._ask, self._moved = theme, texts, ask, moved
        self._session: UUID | None = None
        self._state = PlaybackView(UUID(int=0), PlayState.STOPPED)
        self.button = action_button(self.toggle)
        self.bar = worded(texts, SeekBar(theme), accessibleName="history.play.where")
        self.time = label(size=SCALE.caption, role="muted")
        self.note = remark("warning")
        self.button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        row = horizontal(self.button, stretched(self.bar), self.time)
        vertical(row, self.note, within=self, gap=SPACING.hair)
        self.bar.valueChanged.connect(self._seek_to)
        refresh_with(self._show, texts, theme)

    @property
    def playing(self) -> bool:
        """True while the take plays."""
        return self._state.state is PlayState.PLAYING

    def show_take(self, session: UUID | None, of_ms: int = 0) -> None:
        """Use this take from its start, and stop playback of another one; for the same take, set the length."""
        if session != self._session:
            self.stop()
            self._session = session
            self._state = PlaybackView(session or UUID(int=0), PlayState.STOPPED)
            self._move_knob(0, of_ms)
        elif of_ms:
            self._move_knob(self.bar.value(), of_ms)
        self._show()

    def show_playing(self, playing: PlaybackView) -> None:
        """Show the state of playback; ignore that of another take."""
        if playing.session != self._session:
            return
        self._state = playing
        if not self.bar.isSliderDown():
            self._move_knob(playing.ms, playing.of_ms or self.bar.maximum())
        self._show()
        self._moved(self.bar.value(), playing.state is not PlayState.STOPPED)

    def toggle(self) -> None:
        """Play the take, from the beginning if it is at its end, or pause it."""
        if self._session is None:
            return
        if self.playing:
            self._ask(PausePlaying())
        else:
            whole = self.bar.value() >= self.bar.maximum()
            self._ask(PlayTake(self._session, 0 if whole else self.bar.value()))

    def stop(self) -> None:
        """Stop playback if it is running or paused."""
        if self._state.state is not PlayState.STOPPED:
            self._ask(StopPlaying())

    def _move_knob(self, ms: int, of_ms: int) -> None:
        """Show this position and length without seeking."""
        with QSignalBlocker(self.bar):
            self.bar.setMaximum(of_ms)
            self.bar.setValue(ms)

    def _seek_to(self, ms: int) -> None:
        if self._session is not None and self.playing:
            self._ask(SeekTake(self._session, ms))
        self._show()
        self._moved(ms, True)

    def _show(self) -> None:
        texts = self._texts
        name = texts("history.play.pause" if self.playing else "history.play.play")
        if self.button.accessibleName() != name:
            self.button.setAccessibleName(name)
            key = QKeySequence(KEY).toString(QKeySequence.SequenceFormat.NativeText)
            self.button.setToolTip(f"{name} ({key})")
        show_icon(self.button, "pause" if self.playing else "resume", self._theme.colour("text"))
        position, length = clock(self.bar.value() / 1000), clock(self.bar.maximum() / 1000)
        self.time.setText(texts("history.play.time", position=position, length=length))
        show_text(self.note, note_text(texts, self._state.note))


_MOST_BLOCKS: Final = 2_000
_MOST_HEIGHT: Final = 100_000


class Follower:
    """Marker of the spoken word in an editor.

    Nothing is marked once the user has changed the text. ``reveal``: scrolls a marked word into view.
    """

    def __init__(self, theme: Theme, edit: QPlainTextEdit, reveal: Callable[[QTextCursor], None]) -> None:
        self._theme, self._edit, self._reveal = theme, edit, reveal
        self._text = ""
        self._spoken: Sequence[TimedRange] = ()
        self._marked: TimedRange | None = None

    def show(self, text: str, spoken: Sequence[TimedRange]) -> None:
        """Use this text and the times of its words from now on."""
        self._text, self._spoken = text, spoken
        self.mark(None)

    def mark(self, ms: int | None) -> None:
        """Mark the word spoken at ``ms``; ``None`` removes the mark."""
        known = ms is not None and self._edit.toPlainText() == self._text
        one = range_at(self._spoken, ms) if ms is not None and known else None
        if one == self._marked:
            return
        self._marked = one
        self._edit.setExtraSelections([self._selection(one)] if one else [])
        if one and not self._edit.hasFocus():
            self._reveal(self._cursor(one))

    def when(self, point: QPoint) -> int | None:
        """Return when the word at this point of the viewport was spoken, in ms."""
        if not self._spoken or self._edit.toPlainText() != self._text:
            return None
        before, _ = split_units(self._text, self._edit.cursorForPosition(point).position())
        return time_of(self._spoken, len(before))

    def _cursor(self, one: TimedRange) -> QTextCursor:
        made = QTextCursor(self._edit.document())
        first = units(self._text[: one.first])
        made.setPosition(first)
        last = first + units(self._text[one.first : one.last])
        made.setPosition(last, QTextCursor.MoveMode.KeepAnchor)
        return made

    def _selection(self, one: TimedRange) -> QTextEdit.ExtraSelection:
        made = QTextEdit.ExtraSelection()
        made.cursor = self._cursor(one)
        made.format = mark_format(self._theme)
        return made


class GrowingText(QPlainTextEdit):
    """Editor as high as its text, so that the page scrolls instead."""

    def __init__(self) -> None:
        super().__init__(tabChangesFocus=True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.textChanged.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        """Return the height of the whole text, up to limits that no dictation reaches."""
        document, height = self.document(), 0.0
        block, number = document.begin(), 0
        while block.isValid() and number < _MOST_BLOCKS and height < _MOST_HEIGHT:
            height += self.blockBoundingRect(block).height()
            block, number = block.next(), number + 1
        around = 2 * document.documentMargin() + self.height() - self.viewport().height()
        return QSize(super().sizeHint().width(), round(height + around) + 1)

    def minimumSizeHint(self) -> QSize:
        """Return the height of the whole text."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the lines for the new width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()
