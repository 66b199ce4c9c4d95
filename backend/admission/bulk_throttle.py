"""Fair queuing: how much audio of each key and of each session may be in the broker at once. Pure.

Workers read a stream in order. Each key may therefore fill only a small part of it: enough to keep all workers
busy by itself, and more as its jobs end. The sessions of a key take turns. A complete segment held back here is
not in the broker; its client keeps it. Sessions whose shard is away are skipped, so that they delay no others.

Every job costs at least ``LEAST_COST_S`` of audio, because an empty segment is work too.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Final

from backend.admission.admission import StreamContent, Survey, able, cost, speed
from protocol.audio import SAMPLE_RATE
from protocol.job import CLASSES, Job

Wanted = Callable[[str, int, int], bool]
"""Takes session, segment and attempt; returns whether the attempt is complete and has not ended."""
Reaches = Callable[[str], bool]
"""Takes a session; returns whether its shard answers."""


@dataclass(frozen=True)
class QueueLimits:
    """Limits of audio in the broker, in seconds; each job counts at least one second; 0: no limit.

    ``offered_s``: how long a model is accepted after its last worker left.
    """

    key_s: float = 1_200.0
    session_s: float = 600.0
    offered_s: float = 600.0


@dataclass(frozen=True)
class BulkLimits:
    """Limits of one class per key. ``ahead_s``: seconds of the fleet's work, but at least ``least_s`` of audio.

    ``per_slot`` jobs are always allowed, however long; more than ``most_per_slot`` never.
    """

    per_slot: int
    most_per_slot: int
    least_s: float
    ahead_s: float


UNATTENDED_S: Final = 60.0
"""Audio per key that is let into the broker while no worker can decode it."""
MOST_UNATTENDED: Final = 60
PACES: Final = dict(zip(CLASSES, (BulkLimits(1, 2, 10.0, 1.0), BulkLimits(2, 4, 60.0, 2.0)), strict=True))


@dataclass(frozen=True)
class Allowance:
    """Limit of one key's jobs in a stream.

    Another is let in beside fewer than ``jobs``, or beside fewer than ``most`` with less audio than ``samples``.
    """

    jobs: int = 0
    most: int = MOST_UNATTENDED
    samples: int = round(UNATTENDED_S * SAMPLE_RATE)

    def has_room(self, jobs: int, samples: int) -> bool:
        """Return whether another job is let in beside ``jobs`` with ``samples`` of audio in total."""
        return jobs < self.jobs or (jobs < self.most and samples < self.samples)


def allowance(survey: Survey, priority: str, model: str) -> Allowance:
    """Return the allowance that keeps all workers with ``model`` (empty: any) busy with a single key."""
    slots = sum(one.slots for one in able(survey, model))
    if not slots:
        return Allowance()
    pace = PACES[priority]
    seconds = max(pace.least_s, pace.ahead_s * speed(survey, model))
    return Allowance(pace.per_slot * slots, pace.most_per_slot * slots, round(seconds * SAMPLE_RATE))


@dataclass
class _Lane:
    """Jobs of one key in one stream.

    ``held``: jobs by session, in the order of turns; ``inside``: attempt and cost of each queued job.
    """

    held: dict[str, dict[int, Job]] = field(default_factory=dict)
    inside: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)

    def costs(self, reaches: Reaches) -> list[int]:
        return [samples for (session, _), (_, samples) in self.inside.items() if reaches(session)]


class BulkThrottle:
    """Segments that are held back, by key.

    ``looked``: samples of each key in the broker at the last survey, from all gateways.
    """

    def __init__(self, limits: QueueLimits, reaches: Reaches) -> None:
        self._reaches = reaches
        self._most_of_key = limits.key_s * SAMPLE_RATE or inf
        self._most_of_session = limits.session_s * SAMPLE_RATE or inf
        self._keys: dict[str, dict[tuple[str, str], _Lane]] = {}
        self.looked: dict[str, int] = {}

    def hold(self, key: str, job: Job) -> None:
        """Hold a whole segment until ``take_allowed`` returns it; a span goes before the rest of its session."""
        held = self._lane(key, job).held
        held.setdefault(job.session, {})[job.segment] = job
        if job.replaces:
            held[job.session] = {job.segment: job, **held[job.session]}

    def entered(self, key: str, job: Job) -> None:
        """Count a segment that entered the broker without being held back."""
        self._lane(key, job).inside[job.session, job.segment] = job.attempt, cost(job.samples)

    def drop(self, key: str, session: str, segment: int) -> None:
        """Forget a segment that is no longer wanted."""
        for lane in self._keys.get(key, {}).values():
            held = lane.held.get(session, {})
            held.pop(segment, None)
            if not held:
                lane.held.pop(session, None)

    def leave(self, key: str, session: str) -> None:
        """Forget a session that left this gateway."""
        for lane in self._keys.get(key, {}).values():
            lane.held.pop(session, None)
            lane.inside = {which: of for which, of in lane.inside.items() if which[0] != session}
        self._tidy(key)

    def holds(self, key: str) -> bool:
        """Return whether segments of a key are held back."""
        return any(lane.held for lane in self._keys.get(key, {}).values())

    def waiting(self) -> tuple[str, ...]:
        """Return the keys with segments that are held back."""
        return tuple(filter(self.holds, self._keys))

    def held_audio(self, key: str) -> dict[tuple[str, str], StreamContent]:
        """Return the audio held back for a key, by class and model."""
        return {
            stream: StreamContent(
                sum(job.samples for jobs in lane.held.values() for job in jobs.values()),
                sum(map(len, lane.held.values())),
                0,
            )
            for stream, lane in self._keys.get(key, {}).items()
            if lane.held
        }

    def all_held_audio(self) -> dict[tuple[str, str], int]:
        """Return the samples held back for all keys, by class and model."""
        found = Counter[tuple[str, str]]()
        for key in self._keys:
            found.update({stream: content.samples for stream, content in self.held_audio(key).items()})
        return dict(found)

    def inside(self, wanted: Wanted) -> dict[tuple[str, str], StreamContent]:
        """Return the costs of all jobs in the broker, by class and model."""
        found: dict[tuple[str, str], StreamContent] = {}
        for lanes in self._keys.values():
            for stream, lane in lanes.items():
                costs = [samples for which, (attempt, samples) in lane.inside.items() if wanted(*which, attempt)]
                content = StreamContent(sum(costs), len(costs), 0)
                found[stream] = content.more(found.get(stream, StreamContent(0, 0, 0)))
        return found

    def take_allowed(self, key: str, most: Callable[[str, str], Allowance], wanted: Wanted) -> list[Job]:
        """Release the jobs of a key that may go now; ``most`` returns the allowance by class and model."""
        lanes = self._keys.get(key, {})
        for lane in lanes.values():
            lane.inside = {which: of for which, of in lane.inside.items() if wanted(*which, of[0])}
        gone: list[Job] = []
        for stream, lane in lanes.items():
            if lane.held:
                gone += self._of_lane(key, lane, most(*stream), wanted)
        self._tidy(key)
        return gone

    def _of_lane(self, key: str, lane: _Lane, most: Allowance, wanted: Wanted) -> Iterator[Job]:
        of_lane = lane.costs(self._reaches)
        others = (one for one in self._keys[key].values() if one is not lane)
        jobs, audio = len(of_lane), sum(of_lane)
        of_key = max(audio + sum(sum(one.costs(self._reaches)) for one in others), self.looked.get(key, 0))
        of_session: dict[str, int] = defaultdict(int)
        for (session, _), (_, samples) in lane.inside.items():
            of_session[session] += samples
        while most.has_room(jobs, audio) and of_key < self._most_of_key:
            here = filter(self._reaches, lane.held)
            allowed = (one for one in here if of_session[one] < self._most_of_session)
            if (next_one := next(allowed, None)) is None:
                return
            job = self._take(lane, next_one)
            if wanted(job.session, job.segment, job.attempt):
                samples = cost(job.samples)
                lane.inside[job.session, job.segment] = job.attempt, samples
                of_session[job.session] += samples
                of_key, jobs, audio = of_key + samples, jobs + 1, audio + samples
                yield job

    @staticmethod
    def _take(lane: _Lane, session: str) -> Job:
        """Remove and return the first job of a session, and let all other sessions go before its next one."""
        jobs = lane.held.pop(session)
        job = jobs.pop(next(iter(jobs)))
        if jobs:
            lane.held[session] = jobs
        return job

    def _lane(self, key: str, job: Job) -> _Lane:
        stream = job.options.priority, job.options.model
        return self._keys.setdefault(key, {}).setdefault(stream, _Lane())

    def _tidy(self, key: str) -> None:
        lanes = self._keys.get(key, {})
        for stream in [stream for stream, lane in lanes.items() if not (lane.held or lane.inside)]:
            del lanes[stream]
        if not lanes:
            self._keys.pop(key, None)
