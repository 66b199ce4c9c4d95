"""The one thread that controls the sound system.

PortAudio is not thread-safe. Some of its calls never return when a sound server or a driver hangs: then the caller
gets an error at the deadline, and the thread does not keep the process alive.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, Final, TypeVar

from app.capture.errors import MicrophoneError
from app.core.errors import Note

DEADLINE_S: Final = 10.0

Result = TypeVar("Result")


class SoundHangs(MicrophoneError):
    """An error: the sound system does not answer."""

    note = Note("sound-system-silent")

    def __init__(self) -> None:
        super().__init__("the sound system does not answer: restart it, or this program")


class SoundThread:
    """A daemon thread that starts with the first request and ends with the process."""

    def __init__(self, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        # Bounded by the number of callers: each waits for its answer.
        self._requests: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def ask(self, work: Callable[[], Result], undo: Callable[[Result], None] | None = None) -> Result:
        """Run ``work`` in the thread. If the caller no longer waits, ``undo`` gets the result.

        Raises ``SoundHangs`` at the deadline, and whatever ``work`` raises.
        """
        future = self._submit(work)
        answer = asyncio.wrap_future(future)
        answer.add_done_callback(_retrieve)
        try:
            await asyncio.wait({answer}, timeout=self._deadline_s)
            if not future.done():
                raise SoundHangs
        except BaseException:
            if undo is not None:
                future.add_done_callback(partial(self._undo, undo))
            raise
        return future.result()

    def _submit(self, work: Callable[[], Result]) -> "Future[Result]":
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
            self._thread.start()
        future: Future[Result] = Future()
        future.set_running_or_notify_cancel()
        self._requests.put((work, future))
        return future

    def _undo(self, undo: Callable[[Result], None], future: "Future[Result]") -> None:
        if future.exception() is None:
            self._submit(partial(undo, future.result()))

    def _run(self) -> None:
        while True:
            work, future = self._requests.get()
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised in the caller
                future.set_exception(error)


def _retrieve(answer: "asyncio.Future[Any]") -> None:
    """Fetch the error of an abandoned request, so that asyncio does not report it."""
    if not answer.cancelled():
        answer.exception()
