"""History of a value over the last ten minutes, in a ring of fixed size. Pure.

The caller passes the time.
"""

from math import inf, nan
from typing import Final

from app.monitoring.view import SPAN_S, Curve

STEP_S: Final = 2.0
STEPS: Final = round(SPAN_S / STEP_S)
_HELD: Final = 3
"""Steps for which the last value still holds, so that a late feed leaves no gap."""


class Trace:
    """Largest value of each step, so that short peaks stay visible.

    Times must not decrease.
    """

    def __init__(self) -> None:
        self._values = [nan] * STEPS
        self._step = -1
        self._now = nan

    def put(self, value: float, now: float) -> None:
        """Set the value from ``now`` on."""
        step = int(now / STEP_S)
        if self._step < 0 or step - self._step > STEPS:
            self._values = [nan] * STEPS
            self._step = step - 1
        missed = step - self._step - 1
        filling = self._now if missed <= _HELD else nan
        for late in range(self._step + 1, step):
            self._values[late % STEPS] = filling
        before = self._values[step % STEPS] if step == self._step else -inf
        self._values[step % STEPS] = max(before, value)
        self._step, self._now = max(step, self._step), value

    def curve(self, now: float) -> Curve:
        """Return the ten minutes before ``now``."""
        step = int(now / STEP_S)
        missed = step - self._step
        if self._step < 0 or missed >= STEPS:
            return Curve()
        begin = (self._step + 1) % STEPS
        known = (*self._values[begin:], *self._values[:begin])
        if missed <= 0:
            return Curve(known, self._now)
        held = missed <= _HELD
        later = (self._now if held else nan,) * missed
        return Curve((*known, *later)[missed:], self._now if held else None)
