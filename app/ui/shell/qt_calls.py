"""Call functions in Qt's thread from coroutines of the loop's thread."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

from PySide6.QtCore import QObject, Qt, Signal, Slot

_DEADLINE_S: Final = 2.0


class QtCalls(QObject):
    """Caller of functions in Qt's thread; create it in that thread."""

    _wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._wanted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    async def ask(self, work: Callable[[], Any]) -> Any:
        """Run ``work`` in Qt's thread and return its result. Raises its error, or ``TimeoutError``."""
        future: Future[Any] = Future()
        self._wanted.emit((work, future))
        return await asyncio.wait_for(asyncio.wrap_future(future), _DEADLINE_S)

    @Slot(object)
    def _run(self, wanted: tuple[Callable[[], Any], "Future[Any]"]) -> None:
        work, future = wanted
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - passed to the caller
            future.set_exception(error)
