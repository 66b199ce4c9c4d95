"""Stopping an installation from another thread: flags between blocks of bytes, and waits that end at once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Generic, TypeVar

from speech.models.errors import Stopped

T = TypeVar("T")


class Stop:
    """Somebody asks for it once; whoever works notices. Safe for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = threading.Event()
        self._wakers: list[Callable[[], None]] = []

    @property
    def asked(self) -> bool:
        """Whether somebody has."""
        return self._asked.is_set()

    def ask(self) -> None:
        """From now on every check raises, and whoever waits is woken. Safe to call twice."""
        with self._lock:
            self._asked.set()
            wakers, self._wakers = self._wakers, []
            for wake in wakers:
                wake()

    def check(self) -> None:
        """Raises ``Stopped`` once somebody has asked."""
        if self._asked.is_set():
            raise Stopped

    def sleep(self, seconds: float) -> None:
        """Wait. Raises ``Stopped`` as soon as somebody asks."""
        if self._asked.wait(max(0.0, seconds)):
            raise Stopped

    @contextmanager
    def waking(self, wake: Callable[[], None]) -> Iterator[None]:
        """While entered, ``wake`` is called when somebody asks, or has: it ends a wait, and never waits."""
        with self._lock:
            self._wakers.append(wake)
            if self._asked.is_set():
                wake()
        try:
            yield
        finally:
            with self._lock:
                if wake in self._wakers:
                    self._wakers.remove(wake)

    def unless(self, work: Callable[[], T], dispose: Callable[[T], None]) -> T:
        """What ``work`` returns or raises, for what nothing can wake. Raises ``Stopped`` as soon as somebody asks.

        It then goes on in a thread of its own, and ``dispose`` is given what comes after all.
        """
        if self is NEVER:
            return work()
        self.check()
        outcome = _Outcome(work, dispose)
        # A daemon: looking up a name has no deadline of its own and must not hold the process up at its end.
        threading.Thread(target=outcome.run, name="unless stopped", daemon=True).start()
        with self.waking(outcome.settled.set):
            outcome.settled.wait()
        return outcome.taken()


NEVER: Final = Stop()
"""Nobody asks this one."""


class _Outcome(Generic[T]):
    """What a thread came to, for one who may have left."""

    def __init__(self, work: Callable[[], T], dispose: Callable[[T], None]) -> None:
        self._work, self._dispose = work, dispose
        self._lock = threading.Lock()
        self._values: list[T] = []
        self._error: BaseException | None = None
        self._left = False
        self.settled = threading.Event()

    def run(self) -> None:
        try:
            value = self._work()
        except BaseException as error:  # noqa: BLE001  # the top of a thread: told to who waits
            self._error = error
        else:
            with self._lock:
                left = self._left
                self._values.append(value)
            if left:
                self._dispose(value)
        self.settled.set()

    def taken(self) -> T:
        """Raises what the work raised, or ``Stopped`` if it is still at it."""
        with self._lock:
            if self._values:
                return self._values[0]
            self._left = True
        raise self._error or Stopped()


def wait_for(taken: Callable[[], bool], deadline_s: float, pause_s: float, stop: Stop) -> bool:
    """Whether ``taken`` came true within the deadline. Raises ``Stopped``."""
    end = time.monotonic() + deadline_s
    while not taken():
        if time.monotonic() > end:
            return False
        stop.sleep(pause_s)
    return True
