"""An X client that moves the pointer constantly, and measures how long the server does not answer."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from Xlib.display import Display
from Xlib.error import ConnectionClosedError

_PAUSE_S = 0.002
_WIDTH, _HEIGHT = 900, 700


class MovingPointer:
    """The moving pointer; ``longest_s``: the longest time between two answers."""

    def __init__(self, display: str) -> None:
        self.answers = 0
        self.longest_s = 0.0
        self._last_s = time.monotonic()
        self._display = Display(display)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._move, name="pointer", daemon=True)

    @property
    def silent_s(self) -> float:
        """The seconds since the last answer."""
        return time.monotonic() - self._last_s

    def start(self) -> None:
        """Start moving the pointer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop moving; a thread that gets no answer is abandoned."""
        self._over.set()
        self._thread.join(1.0)

    def _move(self) -> None:
        root = self._display.screen().root
        with suppress(ConnectionClosedError, OSError):
            while not self._over.wait(_PAUSE_S):
                root.warp_pointer(7 * self.answers % _WIDTH, 5 * self.answers % _HEIGHT)
                self._display.sync()
                self.longest_s = max(self.longest_s, self.silent_s)
                self._last_s = time.monotonic()
                self.answers += 1
        self._display.display.socket.close()  # also where the server has ended


@contextmanager
def moving_pointer(display: str) -> Iterator[MovingPointer]:
    """Move the pointer of this display during the context."""
    pointer = MovingPointer(display)
    pointer.start()
    try:
        yield pointer
    finally:
        pointer.stop()
