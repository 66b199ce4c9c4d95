"""Stop requests from another thread: checked between blocks of bytes, and able to end waits at once."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import contextmanager, suppress
from typing import Final, TypeVar

from speech.models.errors import Stopped

T = TypeVar("T")


class Stop:
    """Stop request, made once and noticed by the working thread. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requested = threading.Event()
        self._wakers: list[Callable[[], object]] = []

    def request(self) -> None:
        """Request the stop: every check raises from now on, and waiting threads wake up. Safe to call twice."""
        with self._lock:
            self._requested.set()
            wakers, self._wakers = self._wakers, []
            for wake in wakers:
                wake()

    def check(self) -> None:
        """Raise ``Stopped`` if a stop was requested."""
        if self._requested.is_set():
            raise Stopped

    def sleep(self, seconds: float) -> None:
        """Sleep. Raises ``Stopped`` as soon as a stop is requested."""
        if self._requested.wait(max(0.0, seconds)):
            raise Stopped

    @contextmanager
    def waking(self, wake: Callable[[], object]) -> Iterator[None]:
        """Call ``wake`` when a stop is requested, or at once if it was.

        ``wake`` must end a wait and never wait itself.
        """
        with self._lock:
            self._wakers.append(wake)
            if self._requested.is_set():
                wake()
        try:
            yield
        finally:
            with self._lock:
                if wake in self._wakers:
                    self._wakers.remove(wake)

    def unless(self, work: Callable[[], T], dispose: Callable[[T], None]) -> T:
        """Run ``work``, which cannot be interrupted, and return its result. Raises ``Stopped`` once requested.

        After a stop, ``work`` continues in a thread of its own, and ``dispose`` receives its late result.
        """
        if self is NEVER:
            return work()
        self.check()
        outcome = run_in_thread(work, "unless stopped", dispose)
        with self.waking(outcome.cancel):
            try:
                return outcome.result()
            except CancelledError as error:
                raise Stopped from error


NEVER: Final = Stop()
"""Stop that is never requested."""


def run_in_thread(
    work: Callable[[], T], name: str, dispose: Callable[[T], object] = lambda value: None
) -> "Future[T]":
    """Run ``work`` in a thread of its own; ``dispose`` receives the late result of a cancelled future."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            value = work()
        except BaseException as error:  # noqa: BLE001  # top of a thread: raised in the waiting caller
            with suppress(InvalidStateError):
                outcome.set_exception(error)
            return
        try:
            outcome.set_result(value)
        except InvalidStateError:
            dispose(value)

    # A daemon: a name lookup has no deadline and must not delay the end of the process.
    threading.Thread(target=run, name=name, daemon=True).start()
    return outcome


def wait_for(condition: Callable[[], bool], deadline_s: float, pause_s: float, stop: Stop) -> bool:
    """Return whether ``condition()`` became true within the deadline. Raises ``Stopped``."""
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            return False
        stop.sleep(pause_s)
    return True
