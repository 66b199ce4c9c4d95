"""Stop requests from another thread, made as soon as a condition holds."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from speech.models.stop import Stop
from tests.helpers.waiting import wait_until_sync


@contextmanager
def stopped_when(stop: Stop, condition: Callable[[], object]) -> Iterator[None]:
    """Request the stop from another thread as soon as ``condition`` is true."""

    def request() -> None:
        wait_until_sync(condition, "it is time to stop")
        stop.request()

    thread = threading.Thread(target=request)
    thread.start()
    try:
        yield
    finally:
        thread.join()
