"""Panel of a take that is recognised again: progress, and a comparison of the new text with the old."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Final
from uuid import UUID

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextEdit, QWidget

from app.core.difference import DifferenceKind, TextPiece
from app.history.index import IndexRow
from app.history.view import (
    Comparison,
    FollowTake,
    HistoryAction,
    RecogniseAgain,
    Rerun,
    RerunOptions,
    RerunState,
    RerunView,
    StopRecognising,
    TakeDetails,
)
from app.ui.strings.texts import Texts, joined, model_name, moment_text, note_text
from app.ui.theme.theme import SPACING, Theme, font
from app.ui.widgets.basic import FileProgressBar, action_button, refresh_with, reveal
from app.ui.widgets.controls import DropDown
from app.ui.widgets.panels import FlowRow
from app.ui.widgets.parts import describe, label, remark, room, stretched, vertical, worded

ROWS: Final = 5
MOST_SHOWN: Final = 2_000
MOST_SPOKEN: Final = 50
LONGEST_SAME: Final = 400
_GAP: Final = " … "


class DifferenceView(QTextEdit):
    """Read-only view of a difference; screen readers read the removed and added words."""

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__(readOnly=True, tabChangesFocus=True)
        self._theme, self._texts = theme, texts
        self._pieces: Sequence[TextPiece] = ()
        refresh_with(self.refresh, texts, theme)

    def sizeHint(self) -> QSize:
        """Return the height of a few lines; layouts may make the view higher."""
        height = ROWS * self.fontMetrics().lineSpacing() + 2 * SPACING.medium
        return QSize(super().sizeHint().width(), height)

    def minimumSizeHint(self) -> QSize:
        """Return the same height as a minimum."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def show_pieces(self, pieces: Sequence[TextPiece]) -> None:
        """Show the pieces of a difference."""
        if pieces != self._pieces:
            self._pieces = pieces
            self.refresh()

    def refresh(self) -> None:
        """Update everything to the current language, font and colours."""
        self.setFont(font())
        describe(self, self._texts("history.again.difference"), difference_text(self._texts, self._pieces))
        self.clear()
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for piece in self._pieces[:MOST_SHOWN]:
            cursor.insertText(shortened(piece), self._format(piece.change))
        if len(self._pieces) > MOST_SHOWN:
            cursor.insertText(_GAP, self._format(DifferenceKind.SAME))
        cursor.endEditBlock()
        self.moveCursor(QTextCursor.MoveOperation.Start)
        self.verticalScrollBar().setValue(0)
        self.updateGeometry()

    def _format(self, change: DifferenceKind) -> QTextCharFormat:
        made = QTextCharFormat()
        if change is DifferenceKind.SAME:
            made.setForeground(self._theme.colour("text"))
        elif change is DifferenceKind.REMOVED:
            made.setForeground(self._theme.colour("danger"))
            made.setFontStrikeOut(True)
        else:
            made.setForeground(self._theme.colour("accent_strong"))
            made.setBackground(self._theme.colour("accent_soft"))
            made.setFontUnderline(True)
        return made


def shortened(piece: TextPiece) -> str:
    """Return the text of a piece, without the middle of long unchanged text."""
    if piece.change is not DifferenceKind.SAME or len(piece.text) <= LONGEST_SAME:
        return piece.text
    return piece.text[: LONGEST_SAME // 2] + _GAP + piece.text[-LONGEST_SAME // 2 :]


def difference_text(texts: Texts, pieces: Sequence[TextPiece]) -> str:
    """Return the removed and added words as a sentence."""
    keys = {DifferenceKind.REMOVED: "history.again.removed", DifferenceKind.ADDED: "history.again.added"}
    changes = [piece for piece in pieces if piece.change in keys]
    parts = [texts(keys[piece.change], text=piece.text.strip()) for piece in changes[:MOST_SPOKEN]]
    if len(changes) > MOST_SPOKEN:
        parts.append("…")
    return " ".join(parts) or texts("history.again.same")


MOST_KNOWN: Final = 100
_AT_WORK: Final = frozenset({RerunState.WAITING, RerunState.RUNNING})


class PanelPart(Enum):
    """Part of the panel that is visible."""

    CLOSED = auto()
    WORKING = auto()
    FAILED = auto()
    COMPARING = auto()


class RerecognitionPanel(QFrame):
    """Panel that shows the progress of a repeated recognition, and compares its result with the text.

    ``use``: called with the new text if the user accepts it. ``back``: called if the user undoes that.
    ``closed``: emitted when the user closes the panel.
    """

    closed = Signal()

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[HistoryAction], None],
        use: Callable[[str], None],
        back: Callable[[], None],
    ) -> None:
        super().__init__()
        self._texts, self._ask, self._use, self._back = texts, ask, use, back
        self._row: IndexRow | None = None
        self._details: TakeDetails | None = None
        self._reruns: OrderedDict[UUID, RerunView] = OrderedDict()
        self._opened, self._used = False, False
        self.heading = worded(texts, label(bold=True), "history.again.name")
        self.runs = worded(texts, DropDown(theme), accessibleName="history.again.runs")
        self.note, self.how = remark("warning"), remark()
        self.progress, self.difference = FileProgressBar(theme), DifferenceView(theme, texts)
        self.stop = worded(texts, action_button(self._stop), "history.again.stop")
        self.accept = worded(texts, action_button(self._use_text, "primary"), "history.again.use")
        self.undo = worded(texts, action_button(self._undo), "history.again.back")
        self.keep = action_button(self.fold)
        self.buttons = FlowRow([self.stop, self.accept, self.undo, self.keep])
        vertical(
            self.heading,
            self.runs,
            self.how,
            self.progress,
            self.note,
            stretched(self.difference),
            room(SPACING.hair),
            self.buttons,
            within=self,
            margins=(0, SPACING.small, 0, 0),
            gap=SPACING.hair,
        )
        self.runs.activated.connect(self._choose_run)
        refresh_with(self._show, texts, theme)

    # -- display -------------------------------------------------------------------------------------------

    @property
    def stage(self) -> PanelPart:
        """The part that is visible now."""
        if self._row is None:
            return PanelPart.CLOSED
        rerun = self._reruns.get(self._row.session)
        if rerun is not None and rerun.state in _AT_WORK:
            return PanelPart.WORKING
        if rerun is not None and rerun.note:
            return PanelPart.FAILED
        return PanelPart.COMPARING if self._opened and self.compared else PanelPart.CLOSED

    @property
    def compared(self) -> Comparison | None:
        """The comparison with a repeated recognition of the take, if there is one."""
        details, row = self._details, self._row
        return details.compared if details and row and details.session == row.session else None

    def show_take(self, row: IndexRow | None) -> None:
        """Show the selected take; open the panel if its recognition is running or its outcome was not seen yet."""
        before, self._row = self._row, row
        if (row and row.session) != (before and before.session):
            self._opened = row is not None and row.session in self._reruns
            self._used, self._details = False, None
        self._show()

    def show_details(self, details: TakeDetails) -> None:
        """Show the details of a take; ignore details of another take."""
        self._details = details
        self._show()

    def show_rerun(self, rerun: RerunView) -> None:
        """Store the state of a repeated recognition, and show it if its take is selected."""
        self._reruns.pop(rerun.session, None)
        ours = self._row is not None and self._row.session == rerun.session
        done = rerun.state is RerunState.DONE
        if rerun.state in _AT_WORK or rerun.note or (done and not ours):
            self._reruns[rerun.session] = rerun
        while len(self._reruns) > MOST_KNOWN:
            self._reruns.popitem(last=False)
        if ours:
            self._opened, self._used = done, False
        self._show()

    def unfold(self) -> None:
        """Open the panel with the last result."""
        self._forget_outcome()
        self._opened = True
        self._show()
        self.keep.setFocus()

    def begin(self, options: RerunOptions) -> None:
        """Request a repeated recognition; the panel opens when its first state arrives."""
        if self._row is not None:
            self._ask(RecogniseAgain(self._row.session, options))

    def fold(self) -> None:
        """Close the panel without changing the take."""
        self._forget_outcome()
        self._opened = False
        self._show()
        self.closed.emit()

    def _forget_outcome(self) -> None:
        if self._row is not None and self.stage is not PanelPart.WORKING:
            self._reruns.pop(self._row.session, None)

    def _show(self) -> None:
        stage = self.stage
        self.setVisible(stage is not PanelPart.CLOSED)
        if stage is PanelPart.CLOSED or self._row is None:
            return
        self._show_controls(stage)
        rerun = self._reruns.get(self._row.session)
        if stage is PanelPart.COMPARING and (compared := self.compared):
            self._show_compared(compared)
        elif rerun is not None and rerun.note:
            reason = note_text(self._texts, rerun.note)
            self.note.setText(self._texts("history.again.failed", reason=reason))
        elif rerun is not None:
            self._show_progress(rerun)
        self.buttons.arrange()

    def _show_controls(self, stage: PanelPart) -> None:
        working, comparing = stage is PanelPart.WORKING, stage is PanelPart.COMPARING
        keeps = comparing and not self._used and self._differs
        shown: dict[QWidget, bool] = {
            self.progress: working,
            self.difference: comparing,
            self.how: working or comparing,
            self.note: stage is PanelPart.FAILED,
            self.runs: comparing and self._has_several_runs,
            self.keep: not working,
            self.accept: keeps,
            self.undo: comparing and self._used,
        }
        for widget, visible in shown.items():
            widget.setVisible(visible)
        reveal(self.stop, working, self.keep)
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Preferred, policy.Expanding if comparing else policy.Maximum)
        self.keep.setText(self._texts("history.again.keep" if keeps else "history.again.close"))

    def _show_progress(self, rerun: RerunView) -> None:
        texts = self._texts
        if rerun.state is RerunState.WAITING:
            text = texts("history.again.waiting")
        elif rerun.pieces:
            text = texts("history.again.progress", ended=rerun.ended, count=rerun.pieces)
        else:
            text = texts("history.again.running")
        self.how.setText(text)
        percent = 100 * rerun.ended // rerun.pieces if rerun.pieces else 0
        self.progress.show_percent(percent, text, moving=rerun.state is RerunState.RUNNING)

    def _show_compared(self, compared: Comparison) -> None:
        assert self._details is not None
        runs = self._details.runs
        run = runs[compared.run]
        missing = self._texts("history.again.missing", count=run.missing) if run.missing else ""
        which = "" if self._has_several_runs else self._run_text(run)
        self.how.setText(joined(which, self._differs_text(compared), missing))
        self.difference.show_pieces(compared.pieces)
        if self._has_several_runs:
            entries = [(str(number), self._run_text(one)) for number, one in enumerate(runs)]
            self.runs.show_entries(entries[::-1], str(compared.run))

    def _run_text(self, run: Rerun) -> str:
        """Return model, extent and time of a run; the date, if that is another day than the take's."""
        texts = self._texts
        model = model_name(texts, run.model) if run.model else texts("history.again.any-model")
        taken = datetime.fromtimestamp(self._row.started_s if self._row else 0.0).date()
        return joined(model, "" if run.vad else texts("history.again.all"), moment_text(run.started_s, taken))

    def _differs_text(self, compared: Comparison) -> str:
        if not self._differs:
            return self._texts("history.again.same")
        if not compared.words:
            return self._texts("history.again.marks")
        return self._texts("history.again.words", count=compared.words)

    @property
    def _differs(self) -> bool:
        compared, details = self.compared, self._details
        return bool(compared and details and compared.text != details.text)

    @property
    def _has_several_runs(self) -> bool:
        return self._details is not None and len(self._details.runs) > 1

    # -- user actions --------------------------------------------------------------------------------------

    def _stop(self) -> None:
        if self._row is not None:
            self._ask(StopRecognising(self._row.session))

    def _use_text(self) -> None:
        if (compared := self.compared) is not None:
            self._used = True
            self._use(compared.text)
            self._show()

    def _undo(self) -> None:
        self._used = False
        self._back()
        self._show()

    def _choose_run(self) -> None:
        if self._row is not None:
            self._used = False
            self._ask(FollowTake(self._row.session, int(self.runs.currentData())))
