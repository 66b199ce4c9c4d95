"""Number of workers that an autoscaler decides on. Pure.

The rules are those of a Kubernetes HPA, and so of KEDA, for a metric of type ``AverageValue``, with the limits of
our chart (packaging/kubernetes). The metric is the audio that waits or is being decoded, in seconds.
"""

import math
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

_MOST_NEW: Final = 4
_SHRINK_EVERY_S: Final = 60.0


class Autoscaler(Struct, frozen=True):
    """Settings of an autoscaler. ``target_s``: seconds of backlog per worker.

    ``every_s``: interval of its decisions. ``start_s``: from a decision to a worker that takes segments: machine,
    container, model. ``calm_s``: workers end only after all decisions of so many seconds wanted fewer.
    """

    target_s: float = 6.0
    least: int = 1
    most: int = 100_000
    every_s: float = 15.0
    start_s: float = 60.0
    calm_s: float = 300.0

    def wanted(self, backlog_s: float) -> int:
        """Return how many workers this backlog needs."""
        return max(self.least, min(self.most, math.ceil(backlog_s / self.target_s)))

    def decide(self, there: int, wanted: int, earlier: Iterable[int], shrunk_ago_s: float) -> int:
        """Return the next number of workers. ``earlier``: what was wanted in the last ``calm_s`` seconds.

        The number at most doubles, or grows by four, and is at most halved once a minute.
        """
        if wanted > there:
            return min(wanted, there + max(_MOST_NEW, there))
        highest = max((wanted, *earlier))
        if highest >= there or shrunk_ago_s < _SHRINK_EVERY_S:
            return there
        return max(highest, there // 2)
