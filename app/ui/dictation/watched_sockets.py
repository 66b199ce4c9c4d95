"""Watching of descriptors in Qt's event loop, for connections that otherwise live in asyncio's."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier


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
