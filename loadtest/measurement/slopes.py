"""Trend of a measured series: the Theil-Sen slope with its 95 % confidence interval. Pure.

The slope is the median of the slopes between all pairs of points, so that outliers do not matter (Sen 1968,
"Estimates of the regression coefficient based on Kendall's tau"). Neighbouring samples of memory are not
independent, which would make the interval too narrow. So the series is first reduced to medians of blocks.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct

_BLOCKS: Final = 60
_LEAST: Final = 8
_Z: Final = 1.96


class Slope(Struct, frozen=True):
    """Slope per unit of x, the ends of its 95 % confidence interval, and the median of all values."""

    slope: float
    low: float
    high: float
    median: float

    @property
    def within_noise(self) -> bool:
        """True if the interval contains zero, or everything in it is negative."""
        return self.low <= 0.0


def theil_sen(points: Sequence[tuple[float, float]]) -> Slope | None:
    """Return the slope of (x, y) points in ascending order of x; ``None`` for fewer than eight."""
    if len(points) < _LEAST:
        return None
    parts = np.array_split(np.array(points, dtype=float), min(_BLOCKS, len(points)))
    x, y = np.array([np.median(part, axis=0) for part in parts]).T
    first, second = np.triu_indices(len(x), k=1)
    apart = x[second] - x[first]
    slopes = np.sort((y[second] - y[first])[apart > 0] / apart[apart > 0])
    if not len(slopes):
        return None
    low, high = _interval(slopes, len(x))
    return Slope(float(np.median(slopes)), low, high, float(np.median(y)))


def _interval(slopes: "np.ndarray[tuple[int], np.dtype[np.float64]]", points: int) -> tuple[float, float]:
    """Return the ends of Sen's interval: by the variance of Kendall's statistic, without correction for ties."""
    spread = _Z * math.sqrt(points * (points - 1) * (2 * points + 5) / 18)
    below = max(0, math.floor((len(slopes) - spread) / 2))
    above = min(len(slopes) - 1, math.ceil((len(slopes) + spread) / 2))
    return float(slopes[below]), float(slopes[above])
