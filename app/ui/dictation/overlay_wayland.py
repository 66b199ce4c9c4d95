"""Overlay on a Wayland desktop: what the compositor allows is known after a moment, and may be nothing."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QSocketNotifier, QTimer

from app.core.hints import FirstTimes
from app.core.states import RECORDING
from app.dictation.view import View
from app.ui.dictation.overlay import Overlay
from app.ui.dictation.overlay_layer import OverlayLayer
from app.ui.dictation.overlay_process import OverlayProcess
from app.ui.settings.choices import Choices
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.wayland.connection import WaylandConnection
from app.wayland.errors import WaylandError
from app.wayland.layer import LayerShell
from app.wayland.overlay_kind import OverlayKind, overlay_kind
from runtime import logger_names
from runtime.event_names import LogEvent
from runtime.logger import get_logger

log = get_logger(logger_names.APP_UI_OVERLAY)

_AT_ONCE: Final = 0


class WaylandOverlay(QObject):
    """Overlay in a layer surface, else by a process on XWayland, else none.

    ``kind``: which of them, once known. If the compositor ends the connection, the overlay is absent until the
    next recording. ``hint``: see ``OverlayProcess``.
    """

    def __init__(self, theme: Theme, texts: Texts, environment: Mapping[str, str], hint: Path) -> None:
        super().__init__()
        self._theme, self._texts, self._environment, self._hint = theme, texts, environment, hint
        self.kind: OverlayKind | None = None
        self.shown: Overlay | OverlayProcess | None = None
        self._view, self._wish, self._choices = View(), "bottom", Choices()
        self._wayland: WaylandConnection | None = None
        self._sockets = WatchedSockets()
        self._told = False
        self._connect()

    def show_view(self, view: View) -> None:
        """Show this view as soon as possible."""
        begins = view.state in RECORDING and self._view.state not in RECORDING
        self._view = view
        if self.shown is not None:
            self.shown.show_view(view)
        elif begins and self._wayland is None and self.kind in {None, OverlayKind.LAYER}:
            self._connect()

    def show_choices(self, choices: Choices) -> None:
        """Set the keys that paste held text and that cancel."""
        self._choices = choices
        if self.shown is not None:
            self.shown.show_choices(choices)

    def choose_place(self, wish: str) -> None:
        """Set the wanted place."""
        self._wish = wish
        if self.shown is not None:
            self.shown.choose_place(wish)

    def close(self) -> None:
        """End the overlay for good."""
        if self._wayland is not None:
            self._wayland.on_gone = _nothing
            self._wayland.end()
        self._drop()

    def _connect(self) -> None:
        try:
            self._wayland = wayland = WaylandConnection.begin(self._environment, self._sockets)
            # Later: the connection may end in the midst of painting.
            wayland.on_gone = lambda: QTimer.singleShot(_AT_ONCE, self, lambda: self._lost(wayland))
            wayland.after(lambda: self._decide(wayland))
        except WaylandError as error:
            self._wayland = None
            self._tell(str(error))

    def _decide(self, wayland: WaylandConnection) -> None:
        self.kind = overlay_kind(wayland.globals, xwayland=bool(self._environment.get("DISPLAY")))
        if self.kind is OverlayKind.LAYER:
            shell = LayerShell(wayland)
            wayland.after(lambda: self._begin_layer(shell))
            return
        wayland.on_gone = _nothing
        wayland.end()
        if self.kind is OverlayKind.XWAYLAND:
            self._begin(OverlayProcess(self._theme, self._texts, self._environment, self._hint))
        else:
            self._tell("this desktop lets no program show one")

    def _begin_layer(self, shell: LayerShell) -> None:
        hint = FirstTimes(self._hint)
        self._begin(Overlay(self._theme, self._texts, OverlayLayer(shell), hint=hint))

    def _begin(self, overlay: Overlay | OverlayProcess) -> None:
        self.shown = overlay
        overlay.choose_place(self._wish)
        overlay.show_choices(self._choices)
        overlay.show_view(self._view)

    def _lost(self, wayland: WaylandConnection) -> None:
        if wayland is self._wayland:
            self._tell(wayland.fault)
            self._wayland = None
            self._drop()

    def _drop(self) -> None:
        if self.shown is not None:
            self.shown.close()
            self.shown = None

    def _tell(self, reason: str) -> None:
        if not self._told:
            self._told = True
            log.warning(LogEvent.OVERLAY_ABSENT, reason=reason)


def _nothing() -> None:
    pass


class WatchedSockets(QObject):
    """Watcher for ``WaylandConnection`` in the thread of Qt that creates it."""

    def __init__(self) -> None:
        super().__init__()
        self._watches: dict[tuple[int, QSocketNotifier.Type], QSocketNotifier] = {}

    def add_reader(self, descriptor: int, callback: Callable[[], None], /) -> None:
        """Call back whenever the descriptor can be read."""
        self._add(descriptor, QSocketNotifier.Type.Read, callback)

    def remove_reader(self, descriptor: int, /) -> None:
        """Watch the descriptor for reading no longer."""
        self._remove(descriptor, QSocketNotifier.Type.Read)

    def add_writer(self, descriptor: int, callback: Callable[[], None], /) -> None:
        """Call back whenever the descriptor can be written."""
        self._add(descriptor, QSocketNotifier.Type.Write, callback)

    def remove_writer(self, descriptor: int, /) -> None:
        """Watch the descriptor for writing no longer."""
        self._remove(descriptor, QSocketNotifier.Type.Write)

    def _add(self, descriptor: int, kind: QSocketNotifier.Type, callback: Callable[[], None]) -> None:
        self._remove(descriptor, kind)
        watch = self._watches[descriptor, kind] = QSocketNotifier(descriptor, kind, self)
        watch.activated.connect(lambda *_: callback())

    def _remove(self, descriptor: int, kind: QSocketNotifier.Type) -> None:
        if watch := self._watches.pop((descriptor, kind), None):
            watch.setEnabled(False)  # at once: a later descriptor may have the same number
            watch.deleteLater()
