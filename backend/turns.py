"""Turns of keys, and of the sessions of one key: how much of each is in the broker at a time. Pure.

A stream is read in the order in which it was filled. So each key has a small part of a stream, enough to keep all
workers busy where it is the only one, and more of a key goes when something of it has ended. The sessions of a key
take turns. A complete segment that is held back here is not queued: its client keeps it.

Every job costs at least as much as ``LEAST_COST_S`` of audio: an empty segment is work too.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from backend.admission import Survey, Waiting, able, cost, speed
from protocol.audio import SAMPLE_RATE
from protocol.job import CLASSES, Job

Wanted = Callable[[str, int, int], bool]
"""Whether this attempt of this segment of a session is complete and has not ended."""


@dataclass(frozen=True)
class QueueLimits:
    """Most audio in the broker, in seconds, each job counted with at least one; 0: no limit.

    ``offered_s``: for how long a model is taken on after the last worker that had it.
    """

    key_s: float = 1_200.0
    session_s: float = 600.0
    offered_s: float = 600.0


@dataclass(frozen=True)
class Pace:
    """Of one class: ``ahead_s`` of everybody's work and at least ``least_s`` of audio, ``per_slot`` jobs however
    long they are, and never more than ``most_per_slot``.
    """

    per_slot: int
    most_per_slot: int
    least_s: float
    ahead_s: float


UNATTENDED_S: Final = 60.0
"""The audio that goes while nobody can work on it."""
MOST_UNATTENDED: Final = 60
PACES: Final = dict(zip(CLASSES, (Pace(1, 2, 10.0, 1.0), Pace(2, 4, 60.0, 2.0)), strict=True))


@dataclass(frozen=True)
class Allowance:
    """Of one key more is let in while it has fewer than ``jobs`` there, or fewer than ``most`` and less audio."""

    jobs: int = 0
    most: int = MOST_UNATTENDED
    samples: int = round(UNATTENDED_S * SAMPLE_RATE)


def allowance(survey: Survey, priority: str, model: str) -> Allowance:
    """What keeps all workers with ``model`` (empty: any) busy, also where only one key has work for them."""
    slots = sum(one.slots for one in able(survey) if model in ("", one.model))
    if not slots:
        return Allowance()
    pace = PACES[priority]
    seconds = max(pace.least_s, pace.ahead_s * speed(survey, model))
    return Allowance(pace.per_slot * slots, pace.most_per_slot * slots, round(seconds * SAMPLE_RATE))


@dataclass
class _Lane:
    """One key in one stream. ``held``: by session, the next turn first; ``inside``: attempt and cost."""

    held: dict[str, dict[int, Job]] = field(default_factory=dict)
    inside: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)

    def cost(self) -> int:
        return sum(samples for _, samples in self.inside.values())

    def has_room(self, most: Allowance) -> bool:
        jobs = len(self.inside)
        return jobs < most.jobs or (jobs < most.most and self.cost() < most.samples)


class Turns:
    """``looked``: samples of each key in the broker, as the last look found them, whoever put them there."""

    def __init__(self, limits: QueueLimits) -> None:
        self._most_of_key = limits.key_s * SAMPLE_RATE
        self._most_of_session = limits.session_s * SAMPLE_RATE
        self._keys: dict[str, dict[tuple[str, str], _Lane]] = {}
        self.looked: dict[str, int] = {}

    def hold(self, key: str, job: Job) -> None:
        """A segment is complete; ``let_in`` says when it may go."""
        self._lane(key, job).held.setdefault(job.session, {})[job.segment] = job

    def entered(self, key: str, job: Job) -> None:
        """A segment is in the broker without a turn."""
        self._lane(key, job).inside[job.session, job.segment] = job.attempt, cost(job.samples)

    def drop(self, key: str, session: str, segment: int) -> None:
        """A segment is not wanted any more."""
        for lane in self._keys.get(key, {}).values():
            held = lane.held.get(session, {})
            held.pop(segment, None)
            if not held:
                lane.held.pop(session, None)

    def leave(self, key: str, session: str) -> None:
        """A session left this gateway."""
        for lane in self._keys.get(key, {}).values():
            lane.held.pop(session, None)
            lane.inside = {which: of for which, of in lane.inside.items() if which[0] != session}
        self._tidy(key)

    def holds(self, key: str) -> bool:
        """Whether something is held back of a key."""
        return any(lane.held for lane in self._keys.get(key, {}).values())

    def waiting(self) -> tuple[str, ...]:
        """The keys of which something is held back."""
        return tuple(filter(self.holds, self._keys))

    def held(self, key: str) -> dict[tuple[str, str], Waiting]:
        """What is held back of a key, by class and model."""
        return {
            stream: Waiting(
                sum(job.samples for jobs in lane.held.values() for job in jobs.values()),
                sum(map(len, lane.held.values())),
                0,
            )
            for stream, lane in self._keys.get(key, {}).items()
            if lane.held
        }

    def let_in(self, key: str, most: Callable[[str, str], Allowance], wanted: Wanted) -> list[Job]:
        """What may go now of a key; ``most``: by class and model."""
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
        of_key = max(sum(one.cost() for one in self._keys[key].values()), self.looked.get(key, 0))
        of_session = Counter[str]()
        for (session, _), (_, samples) in lane.inside.items():
            of_session[session] += samples
        while lane.has_room(most) and not 0 < self._most_of_key <= of_key:
            allowed = (one for one in lane.held if not 0 < self._most_of_session <= of_session[one])
            if (next_one := next(allowed, None)) is None:
                return
            job = self._take(lane, next_one)
            if wanted(job.session, job.segment, job.attempt):
                samples = cost(job.samples)
                lane.inside[job.session, job.segment] = job.attempt, samples
                of_session[job.session] += samples
                of_key += samples
                yield job

    @staticmethod
    def _take(lane: _Lane, session: str) -> Job:
        """The first job of a session, whose next turn is then the last."""
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
