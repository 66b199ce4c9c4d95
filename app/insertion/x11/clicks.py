"""Count the clicks on an X server, so that a text at a new place does not continue the text before it.

Presses of mouse buttons are requested as raw events of X Input Extension 2. Keys are not asked for.
"""

import time
from collections import deque
from typing import Any, Final

from Xlib.ext import ge, xinput

from app.core.area import Area
from app.x11.connection import X11Connection
from app.x11.extensions import raw_input

_WHEEL: Final = 4
"""The first number that is no button: 4 to 7 are the directions of a wheel."""
_MOST: Final = 64


class Clicks:
    """A counter of clicks, for the thread of ``connection``. A server may report none.

    It starts at the time of the clock, so that a process that replaces this one counts higher.
    """

    def __init__(self, connection: X11Connection) -> None:
        self._connection = connection
        self._count = time.monotonic_ns() // 1_000
        self._latest: deque[tuple[int, int, int]] = deque(maxlen=_MOST)
        self._extension = raw_input(connection.display, xinput.RawButtonPress)
        if self._extension is not None:
            connection.root.xinput_select_events([(xinput.AllMasterDevices, xinput.RawButtonPressMask)])
            connection.handlers.append(self._handle)
            connection.display.flush()

    def count(self) -> int:
        """Return the number of the latest click, or the start value if there was none."""
        self._connection.display.sync()
        self._connection.handle_pending()
        return self._count

    def last_in(self, area: Area) -> int:
        """Return the number of the latest click in this area of the screen, 0 if none of the last 64 was there."""
        self.count()
        inside = (number for number, x, y in reversed(self._latest) if Area(x, y, 1, 1).shared_pixels(area))
        return next(inside, 0)

    def _handle(self, event: Any) -> None:
        ours = event.type == ge.GenericEventCode and event.extension == self._extension
        if not ours or event.evtype != xinput.RawButtonPress or event.data.detail >= _WHEEL:
            return
        pointer = self._connection.root.query_pointer()
        self._count += 1
        self._latest.append((self._count, pointer.root_x, pointer.root_y))
