"""Handle Ctrl-C and SIGTERM for orderly shutdown: the first signal requests it, the next one forces it."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Handler of interrupt signals, run in the event loop.

    ``first``, which may be replaced, is called for the first signal and ``again`` for later ones.
    """

    def __init__(self, first: Callable[[], object], again: Callable[[], object]) -> None:
        self.first = first
        self.last: signal.Signals | None = None
        self._again = again

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Handle the signals within the context, which must last until the loop ends.

        The previous handlers are not restored.
        """
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            try:
                loop.add_signal_handler(number, self._interrupt, number)
            except NotImplementedError:  # Windows
                signal.signal(number, lambda sent, _: loop.call_soon_threadsafe(self._interrupt, sent))
        try:
            yield
        finally:
            for number in _SIGNALS:
                try:
                    loop.remove_signal_handler(number)
                except NotImplementedError:
                    signal.signal(number, signal.SIG_DFL)

    def _interrupt(self, number: int) -> None:
        before, self.last = self.last, signal.Signals(number)
        if before is None:
            self.first()
        else:
            self._again()
