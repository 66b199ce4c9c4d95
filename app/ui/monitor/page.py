"""Monitor page: queue, workers, speed, time spent per stage, and the timeline of utterances."""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QShowEvent
from PySide6.QtWidgets import QWidget

from app.core.states import State
from app.local_services.worker_view import SwitchWorker, WorkerView
from app.messages.kinds import Action
from app.monitoring.view import Link, MonitorView, UtteranceFilter
from app.ui.monitor.figure_panels import StagesPanel, Tile, WorkerCard
from app.ui.monitor.timeline import TimelineView
from app.ui.monitor.wording import (
    count_text,
    gateway_text,
    link_text,
    ratio_text,
    seconds_text,
    times_text,
    trouble_text,
)
from app.ui.strings.texts import Texts, note_text, worker_text
from app.ui.theme.theme import SCALE, SPACING, Theme, font
from app.ui.widgets.basic import Shape, action_button, paint_as_page, refresh_with
from app.ui.widgets.controls import OptionButtons
from app.ui.widgets.panels import Columns, Panel
from app.ui.widgets.parts import (
    SPACE,
    at_left,
    fill,
    horizontal,
    label,
    remark,
    room,
    show_text,
    stretched,
    vertical,
    worded,
)

_TILES: Final = 4
_WORKERS: Final = 2


class MonitorPage(QWidget):
    """Page that shows monitor values and passes actions to ``ask``.

    While hidden, it only keeps the latest values.
    """

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._theme, self._texts = theme, texts
        self._view, self._worker = MonitorView(), WorkerView()
        paint_as_page(self)
        self.name = worded(texts, label(size=SCALE.display, bold=True), "monitor.name")
        self.shape = Shape(theme, State.ARMING)
        self.link, self.gateway = label(), remark()
        self.trouble, self.trouble_shape = Panel(theme), Shape(theme, State.FAILED)
        self.trouble_name, self.help = label(bold=True, wraps=True), label(wraps=True)
        self.reason = remark()
        self.tiles = Columns(lambda: QFontMetrics(font()).height() * 10, _TILES)
        self.queued = Tile(theme, texts, "monitor.queued", count_text, 4.0)
        self.oldest = Tile(theme, texts, "monitor.oldest", seconds_text, 1.0)
        self.throughput = Tile(theme, texts, "monitor.throughput", times_text, 1.0)
        self.rtf = Tile(theme, texts, "monitor.rtf", ratio_text, 0.1)
        self.tiles_name, self.workers_name, self.stages_name, self.utterances_name = (
            worded(texts, label(size=SCALE.heading, bold=True), f"monitor.{key}")
            for key in ("span", "workers", "stages", "utterances")
        )
        self.nobody = Panel(theme)
        self.nobody_text = label(wraps=True)
        self.start = worded(texts, action_button(lambda: ask(SwitchWorker(True))), "monitor.start-worker")
        self.here = remark()
        self.workers = Columns(lambda: QFontMetrics(font()).height() * 20, _WORKERS)
        self.cards: list[WorkerCard] = []
        self.more = label(size=SCALE.caption, role="muted")
        self.stages = StagesPanel(theme, texts)
        self.timeline = TimelineView(theme, texts)
        self.filter, self._filter = OptionButtons(theme), UtteranceFilter.ALL
        self.filter.chosen.connect(self._choose)
        self.no_utterances = label(role="muted", wraps=True)
        self.figures = QWidget()
        self._lay_out()
        self._lay_out_figures()
        worded(texts, self, accessibleName="monitor.name")
        refresh_with(self.refresh, theme, texts)

    def show_monitor(self, view: MonitorView) -> None:
        """Show the state of the system; cheap enough to call once a second."""
        self._view = view
        if self.isVisible():
            self._show()

    def show_worker(self, worker: WorkerView) -> None:
        """Show the state of this computer's worker; the page offers to start it if no worker runs."""
        self._worker = worker
        if self.isVisible():
            self._show_workers()

    def refresh(self) -> None:
        """Update all texts to the current language and colours."""
        entries = [(one, self._texts(f"monitor.show.{one}")) for one in UtteranceFilter]
        self.filter.show_entries(entries, self._filter)
        self.filter.describe(self.utterances_name.text(), "")
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Show the values that arrived while the page was hidden."""
        self._show()

    # -- values --------------------------------------------------------------------------------------------

    def _show(self) -> None:
        view, texts = self._view, self._texts
        word, state = link_text(texts, view)
        self.shape.show_state(state, word)
        self.link.setText(word)
        show_text(self.gateway, gateway_text(texts, view.gateway) if view.gateway else "")
        name, helps = trouble_text(texts, view)
        self.trouble_shape.show_state(state, word)
        self.trouble_name.setText(name)
        self.help.setText(helps)
        show_text(self.reason, reason := note_text(texts, view.refusal))
        self.trouble.setVisible(bool(helps))
        self.trouble.setAccessibleName(". ".join(filter(None, (name, helps, reason))))
        self.figures.setVisible(view.gateway is not None)
        self.queued.show_curve(view.queued)
        self.oldest.show_curve(view.oldest_s)
        self.throughput.show_curve(view.throughput)
        self.rtf.show_curve(view.rtf)
        self._show_workers()
        self.stages.show_stages(view.stages)
        self._show_utterances()

    def _choose(self, wanted: str) -> None:
        self._filter = UtteranceFilter(wanted)
        self._show_utterances()

    def _show_utterances(self) -> None:
        known = self._view.utterances
        self.filter.setVisible(bool(known))
        shown = tuple(row for row in known if self._filter.takes(row))
        self.timeline.show_utterances(shown)
        self.timeline.setVisible(bool(shown))
        wanted = self._filter if known else UtteranceFilter.ALL
        show_text(self.no_utterances, "" if shown else self._texts(f"monitor.none.{wanted}"))

    def _show_workers(self) -> None:
        view, texts = self._view, self._texts
        while len(self.cards) < len(view.workers):
            self.cards.append(WorkerCard(self._theme, texts))
        shown = self.cards[: len(view.workers)]
        if self.workers.show_widgets(shown):
            for before, after in pairwise((self.start, *shown)):
                QWidget.setTabOrder(before, after)  # otherwise Tab would reach workers that join later last
        for card, worker in zip(shown, view.workers, strict=True):
            card.show_worker(worker)
        self.workers.setVisible(bool(shown))
        more = view.more_workers
        show_text(self.more, texts("monitor.more-workers", count=more) if more else "")
        alone = view.link is Link.LIVE and not any(not worker.gone for worker in view.workers)
        self.nobody.setVisible(alone)
        text, here = texts("monitor.no-workers"), texts("worker.stated", state=worker_text(texts, self._worker))
        self.nobody_text.setText(text)
        self.here.setText(here)
        self.nobody.setAccessibleName(f"{text} {here}")
        self.start.setVisible(self._worker.can_be_switched_on)

    # -- layout --------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        head = vertical(horizontal(self.name, SPACE, self.shape, self.link), self.gateway, gap=SPACING.hair)
        vertical(head, self.trouble, self.figures, SPACE, within=self, margins=SPACING.wide, gap=SPACING.large)
        trouble = horizontal(self.trouble_shape, stretched(self.trouble_name))
        fill(self.trouble.column, trouble, self.help, self.reason)
        fill(self.nobody.column, self.nobody_text, self.here, at_left(self.start))

    def _lay_out_figures(self) -> None:
        utterances = Panel(self._theme)
        utterances.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the rows take the focus
        fill(utterances.column, at_left(self.filter), self.no_utterances, self.timeline)
        self.tiles.show_widgets((self.queued, self.oldest, self.throughput, self.rtf))
        vertical(
            self.tiles_name,
            self.tiles,
            room(SPACING.small),
            self.workers_name,
            self.nobody,
            self.workers,
            self.more,
            room(SPACING.small),
            self.stages_name,
            self.stages,
            room(SPACING.small),
            self.utterances_name,
            utterances,
            within=self.figures,
            gap=SPACING.medium,
        )
