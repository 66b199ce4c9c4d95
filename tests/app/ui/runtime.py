"""Thread with an event loop beside Qt's thread, as in the app."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from pytestqt.qtbot import QtBot

Result = TypeVar("Result")
ANY_LENGTH_MS = 30_000


class Runtime:
    """Thread with an event loop, like the app's runtime."""

    def __init__(self, qtbot: QtBot) -> None:
        self._qtbot = qtbot
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="runtime")
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, Result]) -> "Future[Result]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def do(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run ``work`` in the runtime while Qt's event loop continues."""
        future = self.submit(work)
        self._qtbot.waitUntil(future.done, timeout=ANY_LENGTH_MS)
        return future.result()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
