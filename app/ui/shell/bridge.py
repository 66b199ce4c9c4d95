"""Deliver values from any thread to Qt's thread."""

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.diagnostics.report.view import ExaminationView, LogLines, ReportView
from app.dictation.view import View
from app.files.view import FilesView
from app.history.view import PlaybackView
from app.local_services.worker_view import WorkerView
from app.monitoring.view import MonitorView

_NEWEST: Final = (View, WorkerView, FilesView, MonitorView, PlaybackView, ExaminationView, LogLines, ReportView)


class Bridge(QObject):
    """Queue that delivers posted values to ``receive`` in Qt's thread, in order.

    For types whose values replace each other, only the newest value is delivered.
    """

    arrived = Signal(object)

    def __init__(self, receive: Callable[[Any], None]) -> None:
        super().__init__()
        self._receive = receive
        self._newest: dict[type, object] = {}
        self.arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def post(self, value: object) -> None:
        """Post a value from any thread and return at once; drop it if Qt has shut down."""
        kind = type(value)
        if kind in _NEWEST:
            self._newest[kind] = value
            value = kind
        try:
            self.arrived.emit(value)
        except RuntimeError:  # Qt has deleted this object, because the program ends
            self._newest.clear()

    @Slot(object)
    def _deliver(self, value: object) -> None:
        if isinstance(value, type) and value in _NEWEST:
            value = self._newest.pop(value, None)
            if value is None:  # an earlier signal has delivered the newest value
                return
        self._receive(value)
