"""Times of workers, found in the segments of a run. Pure.

Calls of several segments cannot be distinguished, so this is for workers that decode one segment at a time.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from msgspec import Struct

from loadtest.measurement.tally import CompletedSegment

_LEAST_SEGMENTS: Final = 20
_LEAST_WAIT_MS: Final = 20
"""A segment that waited longer found all workers occupied; until then one may just be waking up."""
_STEPS: Final = 20


class ServiceTimes(Struct, frozen=True):
    """Mean times of the workers, which are taken as equal.

    A call takes ``call_ms``, and ``rtf`` seconds per second of audio. ``turn_ms``: from the end of a call to the
    start of the next one; ``None`` if too few segments had to wait. ``added_ms``: quantiles, in equal steps, of
    the time that the chain adds to a segment that finds a free worker. Others also wait in the gateway, for their
    key's turn.
    """

    workers: int
    segments: int
    rtf: float
    call_ms: float
    turn_ms: float | None
    added_ms: tuple[float, ...]


class _Call(NamedTuple):
    queued: float
    started: float
    ended: float


def service_times(ended: Sequence[CompletedSegment], workers: int) -> ServiceTimes | None:
    """Return the times of so many workers; ``None`` if too few segments ended."""
    whole = [one for one in ended if one.whole]
    if workers < 1 or len(whole) < _LEAST_SEGMENTS:
        return None
    slope, constant = _line([(one.audio_ms, one.decode + 0.5) for one in whole])  # whole ms are rounded down
    turn = _turn_ms([_call(one) for one in whole], workers)
    return ServiceTimes(
        workers=workers,
        segments=len(whole),
        rtf=round(slope, 6),
        call_ms=round(constant, 3),
        turn_ms=None if turn is None else round(turn, 3),
        added_ms=_quantiles([one.added for one in whole if one.queue < _LEAST_WAIT_MS]),
    )


def _line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return slope and constant of the line with the least squared error, neither below 0."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
    slope = min(max(0.0, slope), mean_y / mean_x)
    return slope, mean_y - slope * mean_x


def _quantiles(values: Sequence[float]) -> tuple[float, ...]:
    ordered = sorted(values) or [0.0]
    return tuple(round(ordered[(2 * step + 1) * len(ordered) // (2 * _STEPS)], 1) for step in range(_STEPS))


def _call(one: CompletedSegment) -> _Call:
    ended = one.at_s * 1000 - one.deliver
    started = ended - one.decode
    return _Call(started - one.queue, started, ended)


def _turn_ms(calls: Sequence[_Call], workers: int) -> float | None:
    """Return the mean time between calls, from the time in which all workers were occupied.

    While a segment waits, each worker decodes or turns to the next call. So the turns took what the calls did
    not.
    """
    busy = BusySpans((call.queued, call.started) for call in calls if call.started - call.queued >= _LEAST_WAIT_MS)
    occupied = busy.covered_until(math.inf) * workers
    decoding = sum(busy.covered_until(call.ended) - busy.covered_until(call.started) for call in calls)
    starts = sum(busy.contain(call.started) for call in calls)
    return max(0.0, occupied - decoding) / starts if starts >= _LEAST_SEGMENTS else None


class BusySpans:
    """Union of intervals. A question about one moment takes as long for hours of intervals as for minutes."""

    def __init__(self, intervals: Iterable[tuple[float, float]]) -> None:
        spans = _union(intervals)
        self._begins = [since for since, _ in spans]
        self._ends = [until for _, until in spans]
        self._before = list(accumulate((until - since for since, until in spans), initial=0.0))

    def covered_until(self, until: float) -> float:
        """Return how much of the spans is before ``until``."""
        begun = bisect_left(self._begins, until)
        return self._before[begun] - (max(0.0, self._ends[begun - 1] - until) if begun else 0.0)

    def contain(self, moment: float) -> bool:
        """Return whether the moment is in a span, its beginning excluded."""
        begun = bisect_left(self._begins, moment)
        return begun > 0 and moment <= self._ends[begun - 1]


def _union(intervals: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for since, until in sorted(intervals):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((since, until))
    return joined
