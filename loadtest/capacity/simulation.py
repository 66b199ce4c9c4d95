"""Discrete-event simulation of a fleet: gateways, shards, workers and an autoscaler. Pure.

A segment passes its gateway and its shard, each of which serves one segment after the other, and a worker. An idle
worker takes the segments that have waited longest. Results return after a measured delay of the chain.
"""

import heapq
import math
import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple

from msgspec import Struct

from loadtest.capacity.speech import MEAN_AUDIO_S, EndedSegment
from loadtest.measurement.figures import Percentiles, percentiles

_END: Final = EndedSegment(float("inf"), 0, 0.0)
_MOST_NEW: Final = 4
_SHRINK_EVERY_S: Final = 60.0


class WorkerTimes(Struct, frozen=True):
    """Times of one worker. A call takes ``call_s``, plus ``rtf`` seconds per second of its longest segment.

    ``share``: share of ``rtf`` that each further segment of the call costs; 1: a common call saves nothing.
    ``slots``: most segments in one call. ``turn_s``: from the end of a call to the start of the next one.
    """

    rtf: float
    slots: int = 1
    share: float = 1.0
    call_s: float = 0.0
    turn_s: float = 0.0

    def decode_s(self, lengths: Iterable[float]) -> float:
        """Return how long a call with segments of these lengths takes."""
        audio_s = list(lengths)
        longest = max(audio_s)
        return self.call_s + self.rtf * (longest + self.share * (sum(audio_s) - longest))

    @property
    def speed(self) -> float:
        """Seconds of audio per second that a worker recognises in full calls of average segments."""
        return self.slots * MEAN_AUDIO_S / (self.decode_s([MEAN_AUDIO_S] * self.slots) + self.turn_s)


class Chain(Struct, frozen=True):
    """The gateways and shards around the workers. ``gateway_cpu``, ``shard_cpu``: CPU seconds per second of audio.

    ``added_ms``: measured delays that the chain adds to those of queue and engine; one is drawn for each segment.
    """

    gateways: int = 1
    shards: int = 1
    gateway_cpu: float = 0.0
    shard_cpu: float = 0.0
    added_ms: tuple[float, ...] = (0.0,)


class Autoscaler(Struct, frozen=True):
    """Autoscaler with the rules of a Kubernetes HPA, which KEDA uses, for a metric of type ``AverageValue``.

    The limits are those of our chart (packaging/kubernetes). The metric is the audio that waits or is being
    decoded, in seconds; ``target_s`` is its target for each worker.

    ``every_s``: interval of its decisions. ``start_s``: from a decision until the new worker takes segments;
    machine, container and model have to start. ``calm_s``: workers end only if all decisions of so many seconds
    wanted fewer.
    """

    target_s: float = 6.0
    least: int = 1
    most: int = 100_000
    every_s: float = 15.0
    start_s: float = 60.0
    calm_s: float = 300.0

    def workers_for(self, backlog_s: float) -> int:
        """Return how many workers this backlog needs."""
        return max(self.least, min(self.most, math.ceil(backlog_s / self.target_s)))

    def decide(self, there: int, wanted: int, earlier: Iterable[int], shrunk_ago_s: float) -> int:
        """Return the next number of workers. ``earlier``: the numbers wanted in the last ``calm_s`` seconds.

        A decision at most doubles the number, or adds four; it at most halves it, and only once a minute.
        """
        if wanted > there:
            return min(wanted, there + max(_MOST_NEW, there))
        highest = max((wanted, *earlier))
        if highest >= there or shrunk_ago_s < _SHRINK_EVERY_S:
            return there
        return max(highest, there // 2)


class SimulatedSegment(NamedTuple):
    """Segment that has got its text: seconds in the queue, in the engine, and from its end to its text."""

    ended_s: float
    queue_s: float
    decode_s: float
    wait_s: float


@dataclass
class SimulationOutcome:
    """Result of a simulation. ``busy_s``: seconds that workers spent on calls; ``paid_s``: that they existed.

    ``workers``: their number after each decision of the autoscaler, with those that are starting.
    """

    segments: list[SimulatedSegment] = field(default_factory=list)
    busy_s: float = 0.0
    paid_s: float = 0.0
    workers: list[tuple[float, int]] = field(default_factory=list)

    @property
    def utilisation(self) -> float:
        """Share of the workers' time that was spent on calls."""
        return self.busy_s / self.paid_s if self.paid_s else 0.0

    def workers_at(self, at_s: float) -> int:
        """Return the number of workers after the last decision until ``at_s``."""
        return [count for decided_s, count in self.workers if decided_s <= at_s][-1]

    def waits(self, since_s: float = 0.0) -> Percentiles:
        """Return the waits from the end of a segment to its text, of segments that ended since ``since_s``."""
        return percentiles(one.wait_s * 1000 for one in self.segments if one.ended_s >= since_s)


def simulate(
    segments: Iterable[EndedSegment],
    times: WorkerTimes,
    workers: int,
    chain: Chain | None = None,
    scaling: Autoscaler | None = None,
) -> SimulationOutcome:
    """Simulate until every segment has its text. Without ``scaling`` the number of workers is fixed."""
    return _Simulation(times, workers, chain or Chain(), scaling).run(segments)


class _Job(NamedTuple):
    segment: EndedSegment
    queued_s: float


class _Station:
    """Gateways, or shards. Each serves the sessions assigned to it, one segment after the other."""

    def __init__(self, count: int, cpu: float) -> None:
        self._free_at = [0.0] * count
        self._cpu = cpu

    def passed_at(self, segment: EndedSegment, now: float) -> float:
        """Return when a segment that arrives at ``now`` has passed."""
        index = segment.session % len(self._free_at)
        self._free_at[index] = max(now, self._free_at[index]) + segment.audio_s * self._cpu
        return self._free_at[index]


class _Simulation:
    """State of the fleet. All workers are alike: only their number is kept."""

    def __init__(self, times: WorkerTimes, workers: int, chain: Chain, scaling: Autoscaler | None) -> None:
        self._times = times
        self._scaling = scaling
        self._gateways = _Station(chain.gateways, chain.gateway_cpu)
        self._shards = _Station(chain.shards, chain.shard_cpu)
        self._added_ms = chain.added_ms
        self._random = random.Random(workers)
        self._queue: deque[_Job] = deque()
        self._idle, self._busy, self._starting, self._leaving = workers, 0, 0, 0
        self._backlog_s = 0.0
        self._wanted: list[tuple[float, int]] = []
        self._shrunk_s = 0.0
        self._now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._serial = 0
        self._open = 0
        self._outcome = SimulationOutcome(workers=[(0.0, workers)])

    def run(self, segments: Iterable[EndedSegment]) -> SimulationOutcome:
        """Handle arrivals and events in the order of their times."""
        source = iter(segments)
        arriving = next(source, _END)
        if self._scaling:
            self._after(self._scaling.every_s, self._scale)
        while arriving is not _END or self._open:
            if self._events and self._events[0][0] <= arriving.at_s:
                at_s, _, happen = heapq.heappop(self._events)
                self._move_to(at_s)
                happen()
            else:
                self._move_to(arriving.at_s)
                self._arrive(arriving)
                arriving = next(source, _END)
        return self._outcome

    def _after(self, seconds: float, happen: Callable[[], None]) -> None:
        self._serial += 1
        heapq.heappush(self._events, (self._now + seconds, self._serial, happen))

    def _move_to(self, now: float) -> None:
        self._outcome.paid_s += (now - self._now) * (self._idle + self._busy + self._starting)
        self._now = now

    def _arrive(self, segment: EndedSegment) -> None:
        self._open += 1
        passed_at = self._shards.passed_at(segment, self._gateways.passed_at(segment, self._now))
        self._after(passed_at - self._now, partial(self._enqueue, segment))

    def _enqueue(self, segment: EndedSegment) -> None:
        self._queue.append(_Job(segment, self._now))
        self._backlog_s += segment.audio_s
        self._work()

    def _work(self) -> None:
        while self._idle and self._queue:
            jobs = [self._queue.popleft() for _ in range(min(self._times.slots, len(self._queue)))]
            decode_s = self._times.decode_s([job.segment.audio_s for job in jobs])
            self._idle, self._busy = self._idle - 1, self._busy + 1
            self._outcome.busy_s += decode_s
            self._after(decode_s, partial(self._finish, jobs, self._now))
            self._after(decode_s + self._times.turn_s, self._free)

    def _finish(self, jobs: list[_Job], started: float) -> None:
        for job in jobs:
            added_s = self._random.choice(self._added_ms) / 1000
            decode_s, ended_s = self._now - started, job.segment.at_s
            done = SimulatedSegment(ended_s, started - job.queued_s, decode_s, self._now + added_s - ended_s)
            self._outcome.segments.append(done)
            self._backlog_s -= job.segment.audio_s
            self._open -= 1

    def _free(self) -> None:
        self._busy -= 1
        if self._leaving:
            self._leaving -= 1
            return
        self._idle += 1
        self._work()

    # -- autoscaling -----------------------------------------------------------------------------------------

    def _scale(self) -> None:
        assert self._scaling
        scaling, there = self._scaling, self._idle + self._busy - self._leaving + self._starting
        wanted = scaling.workers_for(self._backlog_s)
        self._wanted = [(at_s, count) for at_s, count in self._wanted if self._now - at_s < scaling.calm_s]
        earlier = [count for _, count in self._wanted]
        if self._now < scaling.calm_s:  # the number before the simulation counts as wanted
            earlier.append(there)
        decided = scaling.decide(there, wanted, earlier, self._now - self._shrunk_s)
        self._wanted.append((self._now, wanted))
        self._outcome.workers.append((self._now, decided))
        for _ in range(there, decided):
            self._starting += 1
            self._after(scaling.start_s, self._join)
        if decided < there:
            self._shrunk_s = self._now
            self._leave(there - decided)
        self._after(scaling.every_s, self._scale)

    def _join(self) -> None:
        self._starting -= 1
        self._idle += 1
        self._work()

    def _leave(self, count: int) -> None:
        idle = min(count, self._idle)
        self._idle -= idle
        self._leaving += min(count - idle, self._busy)
