"""Draw the monitor in each of its states, for ``scripts.screenshots``."""

from datetime import datetime, time
from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from app.core.segment_observer import SegmentEvent, SegmentStep
from app.local_services.worker_view import WorkerView
from app.monitoring.model import MonitorModel
from app.monitoring.view import MonitorView
from app.ui.monitor.page import MonitorPage
from app.ui.shell.shell import usual_size
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from client.monitor import Lost
from protocol.monitor import BrokerState, Snapshot
from scripts.example_fleet import MACHINES, OWN, ExampleFleet
from scripts.screenshots import Look, column, dressed, grabbed, ground, in_the_shell

_SECONDS: Final = 652
_EMPTY: Final = Snapshot(
    "4f1d0c2b9a7e6d58", 42.0, BrokerState(True, "Valkey 9.1.2", True), 0, 0, 0, 0.0, 0, 0.0, 0.0, 0.0, (), ()
)


def morning() -> float:
    """Return the time at which the pictures' clock was 0."""
    return datetime.combine(datetime.now().date(), time(9, 30)).timestamp()


def full() -> MonitorModel:
    """Return a model after ten minutes of work, with two utterances in progress."""
    model = MonitorModel(morning())
    ExampleFleet(model, MACHINES[:2]).run(_SECONDS)
    told, now = model.utterances, float(_SECONDS)
    for segment, began, complete, queued in ((900, 7.4, 0.9, 0.86), (901, 0.9, None, None)):
        told.observe(SegmentEvent(SegmentStep.BEGAN, OWN, segment), now - began)
        if complete and queued:
            told.observe(SegmentEvent(SegmentStep.COMPLETED, OWN, segment), now - complete)
            told.observe(SegmentEvent(SegmentStep.QUEUED, OWN, segment), now - queued)
    return model


def views() -> list[MonitorView]:
    """Return the views busy, disconnected, without workers, never connected, and connecting."""
    busy, lost, nobody, never = full(), full(), MonitorModel(morning()), MonitorModel(morning())
    gone = Lost("no connection to the gateway (watch): Cannot connect to host desktop-gpu:8765", 2.0)
    lost.take(gone, _SECONDS + 9.0)
    nobody.take(_EMPTY, 0.0)
    never.take(gone, 0.0)
    now = float(_SECONDS)
    return [busy.view(now), lost.view(now + 9), nobody.view(0.5), never.view(0.0), MonitorModel().view(0.0)]


def monitor(look: Look, view: MonitorView, height: float) -> QImage:
    """Draw the page, ``height`` windows high."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        page = MonitorPage(theme, texts, lambda action: None)
        page.show_worker(WorkerView())
        page.show_monitor(view)
        area = in_the_shell(page, QSize(usual_size().width(), round(usual_size().height() * height)))
        page.setFocus()  # so that no control shows a focus mark
        return grabbed(area)

    return dressed(look, draw)


def states(look: Look) -> QImage:
    """Draw all states, one below the other."""
    heights = (1.74, 0.33, 0.78, 0.26, 0.21)
    made = [monitor(look, view, height) for view, height in zip(views(), heights, strict=True)]
    return column(made, ground(look))
