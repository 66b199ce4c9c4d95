"""Stop requests from another thread, made as soon as a condition holds."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from speech.models.stop import Stop
from tests.helpers.waiting import wait_until_sync


@contextmanager
def asked_when(stop: Stop, so: Callable[[], object]) -> Iterator[None]:
    """Request the stop from another thread as soon as ``so`` is true."""

    def ask() -> None:
        wait_until_sync(so, "it is time to stop")
        stop.ask()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        thread.join()
