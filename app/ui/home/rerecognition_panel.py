"""Panel to recognise a take again: choose a model, follow progress, compare the new text with the old."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Final
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout, QWidget

from app.history.actions import HistoryAction, LookAtTake, ModelsWanted, RecogniseAgain, StopRecognising
from app.history.index import IndexRow
from app.history.view import Comparison, HistoryModels, Rerun, Rerunning, RerunOptions, RerunState, TakeDetails
from app.ui.files.file_widgets import FileProgressBar
from app.ui.home.difference_view import DifferenceView
from app.ui.models.wording import model_name
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import DropDown, action_button, label
from app.ui.widgets.flow_layout import FlowRow

MOST_KNOWN: Final = 100
_AT_WORK: Final = frozenset({RerunState.WAITING, RerunState.RUNNING})
_PART: Final = " · "


class PanelPart(Enum):
    """Part of the panel that is visible."""

    CLOSED = auto()
    CHOOSING = auto()
    WORKING = auto()
    COMPARING = auto()


class RerecognitionPanel(QFrame):
    """Panel to recognise a take again and compare the result.

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
        self._theme, self._texts, self._ask, self._use, self._back = theme, texts, ask, use, back
        self._row: IndexRow | None = None
        self._details: TakeDetails | None = None
        self._models = HistoryModels()
        self._stand: OrderedDict[UUID, Rerunning] = OrderedDict()
        self._opened, self._chooses, self._used = False, False, False
        self.heading = label(bold=True)
        self.model_name, self.range_name = (label(size=SCALE.caption, role="muted") for _ in range(2))
        self.model, self.range, self.runs = DropDown(theme), DropDown(theme), DropDown(theme)
        self.note, self.how = label(size=SCALE.caption, role="warning"), label(size=SCALE.caption, role="muted")
        self.progress, self.difference = FileProgressBar(theme), DifferenceView(theme, texts)
        self.begin = action_button(self._begin, "primary")
        self.stop, self.take = action_button(self._stop), action_button(self._take, "primary")
        self.undo, self.keep = action_button(self._undo), action_button(self.close_it)
        self.more = action_button(self._choose_again)
        self.buttons = FlowRow([self.begin, self.stop, self.take, self.undo, self.keep, self.more])
        self._lay_out()
        self.runs.activated.connect(self._look)
        self.refresh()

    # -- display -------------------------------------------------------------------------------------------

    @property
    def stage(self) -> PanelPart:
        """Stage that the panel shows now."""
        if self._row is None or not self._opened:
            return PanelPart.CLOSED
        stand = self._stand.get(self._row.session)
        if stand is not None and stand.state in _AT_WORK:
            return PanelPart.WORKING
        return PanelPart.CHOOSING if self._chooses or self._compared is None else PanelPart.COMPARING

    @property
    def _compared(self) -> Comparison | None:
        details, row = self._details, self._row
        return details.compared if details and row and details.session == row.session else None

    def show_take(self, row: IndexRow | None) -> None:
        """Show the selected take.

        The panel opens if a recognition of this take is under way or its outcome has not been seen.
        """
        before, self._row = self._row, row
        if (row and row.session) != (before and before.session):
            stand = self._stand.get(row.session) if row else None
            self._opened, self._chooses, self._used = stand is not None, False, False
            self._details = None
        self._show()

    def show_details(self, details: TakeDetails) -> None:
        """Show the details of a take; ignore details of another take."""
        self._details = details
        self._show()

    def show_models(self, models: HistoryModels) -> None:
        """Offer the models that are loaded now."""
        self._models = models
        self._fill_models()
        self._show()

    def show_rerun(self, stand: Rerunning) -> None:
        """Remember the state of a repeated recognition, and show it if its take is selected."""
        self._stand.pop(stand.session, None)
        ours = self._row is not None and self._row.session == stand.session
        if stand.state in _AT_WORK or (stand.state is not RerunState.STOPPED and not ours) or stand.note:
            self._stand[stand.session] = stand
        while len(self._stand) > MOST_KNOWN:
            self._stand.popitem(last=False)
        if ours:
            self._chooses = stand.state not in (*_AT_WORK, RerunState.DONE)
        self._show()

    def open_it(self) -> None:
        """Open the panel with the last result, or with the choice of a model if there is none."""
        self._opened, self._chooses = True, False
        if self.stage is PanelPart.CHOOSING:
            self._ask(ModelsWanted())
        self._show()
        (self.model if self.stage is PanelPart.CHOOSING else self.keep).setFocus()

    def begin_with(self, model: str) -> None:
        """Ask to recognise the take again; the panel opens when that begins."""
        if self._row is not None:
            self._opened, self._used = True, False
            self._ask(RecogniseAgain(self._row.session, RerunOptions(model, vad=True)))

    def close_it(self) -> None:
        """Close the panel without changing the take."""
        self._opened = False
        if self._row is not None and (stand := self._stand.get(self._row.session)) and stand.note:
            del self._stand[self._row.session]
        self._show()
        self.closed.emit()

    def refresh(self) -> None:
        """Update everything to the current language and colours."""
        texts = self._texts
        self.heading.setText(texts("history.again.name"))
        self.model_name.setText(texts("history.again.model"))
        self.range_name.setText(texts("history.again.range"))
        self.model.setAccessibleName(self.model_name.text())
        self.range.setAccessibleName(self.range_name.text())
        self.runs.setAccessibleName(texts("history.again.runs"))
        for button, key in (
            (self.begin, "history.again.start"),
            (self.stop, "history.again.stop"),
            (self.take, "history.again.use"),
            (self.undo, "history.again.back"),
            (self.more, "history.again.more"),
        ):
            button.setText(texts(key))
        chosen = max(0, self.range.currentIndex())
        self.range.clear()
        self.range.addItems([texts("history.again.cut"), texts("history.again.whole")])
        self.range.setCurrentIndex(chosen)
        self._fill_models()
        self.difference.refresh()
        self.difference.updateGeometry()
        self._show()

    def _fill_models(self) -> None:
        texts, used = self._texts, self._row.model if self._row else ""
        before = self.model.currentData()
        names = self._models.names
        self.model.clear()
        self.model.addItem(texts("history.again.any-model"), "")
        for name in names:
            shown = model_name(texts, name)
            self.model.addItem(texts("history.again.used", model=shown) if name == used else shown, name)
        other = next((name for name in names if name != used), "")
        self.model.setCurrentIndex(max(0, self.model.findData(before or other)))
        self.model.updateGeometry()

    def _show(self) -> None:
        stage = self.stage
        self.setVisible(stage is not PanelPart.CLOSED)
        if stage is PanelPart.CLOSED or self._row is None:
            return
        stand = self._stand.get(self._row.session)
        self._show_controls(stage)
        note = self._note(stand) if stage is PanelPart.CHOOSING else ""
        self.note.setText(note)
        self.note.setVisible(bool(note))
        if stand is not None and stage is PanelPart.WORKING:
            self._show_progress(stand)
        elif stage is PanelPart.COMPARING and (compared := self._compared):
            self._show_compared(compared)
        self.buttons.arrange()

    def _show_controls(self, stage: PanelPart) -> None:
        choosing, comparing = stage is PanelPart.CHOOSING, stage is PanelPart.COMPARING
        asked: tuple[QWidget, ...] = (self.model_name, self.model, self.range_name, self.range, self.begin)
        shown: dict[QWidget, bool] = {
            **dict.fromkeys(asked, choosing),
            self.progress: stage is PanelPart.WORKING,
            self.stop: stage is PanelPart.WORKING,
            self.difference: comparing,
            self.more: comparing,
            self.how: not choosing,
            self.take: comparing and not self._used and self._differs,
            self.undo: comparing and self._used,
            self.runs: comparing and self._several,
        }
        for widget, visible in shown.items():
            widget.setVisible(visible)
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Preferred, policy.Expanding if comparing else policy.Maximum)
        keeps = comparing and not self._used and self._differs
        self.keep.setText(self._texts("history.again.keep" if keeps else "history.again.close"))

    def _note(self, stand: Rerunning | None) -> str:
        """Return why the recognition failed, or why no model can be chosen."""
        if stand is not None and stand.note:
            return self._texts("history.again.failed", reason=note_text(self._texts, stand.note))
        return note_text(self._texts, self._models.note) if self._models.note else ""

    def _show_progress(self, stand: Rerunning) -> None:
        texts = self._texts
        if stand.state is RerunState.WAITING:
            said = texts("history.again.waiting")
        elif stand.pieces:
            said = texts("history.again.progress", ended=stand.ended, count=stand.pieces)
        else:
            said = texts("history.again.running")
        self.how.setText(said)
        percent = 100 * stand.ended // stand.pieces if stand.pieces else 0
        self.progress.show_percent(percent, said, moving=stand.state is RerunState.RUNNING)

    def _show_compared(self, compared: Comparison) -> None:
        assert self._details is not None
        runs = self._details.runs
        run = runs[compared.run]
        said = [] if self._several else [self._run_text(run)]
        said.append(self._differs_text(compared))
        if run.missing:
            said.append(self._texts("history.again.missing", count=run.missing))
        self.how.setText(_PART.join(said))
        self.difference.show_pieces(compared.pieces)
        if self._several:
            entries = [(str(number), self._run_text(one)) for number, one in enumerate(runs)]
            self._fill_runs(entries[::-1], str(compared.run))

    def _fill_runs(self, entries: Sequence[tuple[str, str]], chosen: str) -> None:
        known = [(self.runs.itemData(row), self.runs.itemText(row)) for row in range(self.runs.count())]
        if known != list(entries):
            self.runs.clear()
            for value, text in entries:
                self.runs.addItem(text, value)
        self.runs.setCurrentIndex(max(0, self.runs.findData(chosen)))

    def _run_text(self, run: Rerun) -> str:
        """Return model, range and time of a run.

        The date replaces the time on days after the take.
        """
        texts = self._texts
        model = run.model or texts("history.again.any-model")
        what = () if run.vad else (texts("history.again.all"),)
        begun = datetime.fromtimestamp(run.started_s)
        taken = datetime.fromtimestamp(self._row.started_s if self._row else 0.0)
        same_day = begun.date() == taken.date()
        return _PART.join((model, *what, f"{begun:%H:%M}" if same_day else begun.date().isoformat()))

    def _differs_text(self, compared: Comparison) -> str:
        if not self._differs:
            return self._texts("history.again.same")
        if not compared.words:
            return self._texts("history.again.marks")
        return self._texts("history.again.words", count=compared.words)

    @property
    def _differs(self) -> bool:
        compared, details = self._compared, self._details
        return bool(compared and details and compared.text != details.text)

    @property
    def _several(self) -> bool:
        return self._details is not None and len(self._details.runs) > 1

    # -- user actions --------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if self._row is not None:
            self._used = False
            wish = RerunOptions(self.model.currentData() or "", vad=self.range.currentIndex() == 0)
            self._ask(RecogniseAgain(self._row.session, wish))

    def _stop(self) -> None:
        if self._row is not None:
            self._ask(StopRecognising(self._row.session))

    def _take(self) -> None:
        if (compared := self._compared) is not None:
            self._used = True
            self._use(compared.text)
            self._show()

    def _undo(self) -> None:
        self._used = False
        self._back()
        self._show()

    def _choose_again(self) -> None:
        self._chooses = True
        self._ask(ModelsWanted())
        self._show()
        self.model.setFocus()

    def _look(self) -> None:
        if self._row is not None:
            self._used = False
            self._ask(LookAtTake(self._row.session, int(self.runs.currentData())))

    # -- layout --------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACING.small, 0, 0)
        column.setSpacing(SPACING.hair)
        shown: tuple[QWidget, ...] = (self.heading, self.model_name, self.model, self.range_name, self.range)
        for widget in (*shown, self.runs, self.how, self.progress, self.note):
            column.addWidget(widget)
        column.addWidget(self.difference, 1)
        column.addSpacing(SPACING.hair)
        column.addWidget(self.buttons)
        for words in (self.how, self.note):
            words.setWordWrap(True)
