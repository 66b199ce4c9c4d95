"""The order of streams, and which jobs are left to others: the rules, and a small world that goes by them."""

from dataclasses import dataclass, field
from itertools import count

from hypothesis import example, given
from hypothesis import strategies as st

from protocol.job import WORKER_GONE_MS, Keys
from protocol.monitor import WorkerState, WorkerStatus
from worker.placement import (
    MOST_HELD_MS,
    QUICK_S,
    SHARE,
    SPEAKING_S,
    TYPICAL_S,
    Plan,
    Queue,
    Worker,
    decide,
    fleet,
    hold_ms,
    job_streams,
    kept_free,
    partial_streams,
    waiting,
)

EMPTY = Queue()
NOTHING = (EMPTY,) * 6
SPEEDS = st.sampled_from([0.0, 0.5, 1.0, 4.0, 16.0, 100.0])
LENGTHS = st.floats(0.1, 60)
WORKERS = st.builds(Worker, st.uuids().map(str), st.sampled_from("mn"), SPEEDS, st.integers(1, 8))


def worker(name: str, speed: float, slots: int = 1, model: str = "m") -> Worker:
    """One of so much speed."""
    return Worker(name, model, speed, slots)


def queues(urgent: Queue = EMPTY, bulk: Queue = EMPTY, partials: Queue = EMPTY) -> list[Queue]:
    """What waits for any model."""
    return [EMPTY, urgent, EMPTY, bulk, EMPTY, partials]


def test_interactive_comes_before_bulk_and_the_model_before_any() -> None:
    assert job_streams(Keys(), "whisper-base") == (
        "kiki:{0}:jobs:interactive:whisper-base",
        "kiki:{0}:jobs:interactive:any",
        "kiki:{0}:jobs:bulk:whisper-base",
        "kiki:{0}:jobs:bulk:any",
    )


def test_partials_of_the_model_come_before_those_of_any() -> None:
    assert partial_streams(Keys(), "whisper-base") == ("kiki:{0}:partials:whisper-base", "kiki:{0}:partials:any")


def test_only_others_that_live_and_take_jobs_count() -> None:
    def status(name: str, state: WorkerState, at_ms: int) -> WorkerStatus:
        return WorkerStatus(name, "h", "e", "m", "cpu", state, slots=2, speed=3.0, at_ms=at_ms)

    now = 1_000_000
    said = [
        status("me", WorkerState.IDLE, now),
        status("idle", WorkerState.IDLE, now - WORKER_GONE_MS),
        status("busy", WorkerState.BUSY, now),
        status("silent", WorkerState.IDLE, now - WORKER_GONE_MS - 1),
        status("starting", WorkerState.STARTING, now),
        status("draining", WorkerState.DRAINING, now),
    ]
    assert fleet(said, now, "me") == (worker("idle", 3.0, 2), worker("busy", 3.0, 2))


# -- leaving jobs to faster workers -------------------------------------------------------------------------


@given(
    WORKERS,
    st.lists(st.builds(Queue, st.floats(0, 1e4), st.integers(0, 500), st.floats(0, 60)), min_size=6, max_size=6),
)
@example(worker("me", 100.0, 8), [EMPTY, EMPTY, Queue(5e-324, 1), EMPTY, Queue(read_ago_s=0.0), EMPTY])
@example(worker("me", 100.0, 8), [EMPTY, EMPTY, Queue(5e-324, 500), EMPTY, Queue(read_ago_s=0.0), EMPTY])
@example(worker("me", 100.0, 8), [EMPTY, EMPTY, Queue(-1.0, 500), EMPTY, Queue(read_ago_s=0.0), EMPTY])
def test_who_is_alone_leaves_nothing(me: Worker, found: list[Queue]) -> None:
    plan = decide(me, (), found)
    assert plan.held_ms == (0, 0, 0, 0) and plan.bulk == (True, True)


@given(st.lists(WORKERS, max_size=5), LENGTHS, st.floats(0, 1e4), st.integers(0, 500))
def test_nobody_leaves_a_job_to_workers_of_its_own_speed(
    others: list[Worker], length_s: float, ahead_s: float, entries: int
) -> None:
    me = worker("me", 4.0)
    equal = [other._replace(speed=4.0 * 1.2) for other in others]  # measured: not quite the same
    assert hold_ms(me, equal, length_s, ahead_s, entries) == 0


@given(st.integers(0, 3), st.lists(WORKERS, max_size=3), st.floats(0.5, 60))
def test_a_job_is_left_to_a_faster_worker_that_is_idle(
    entries: int, others: list[Worker], length_s: float
) -> None:
    idle = worker("fast", 16.0, slots=4)
    assert hold_ms(worker("me", 1.0), [*others, idle], length_s, 0.0, entries) == MOST_HELD_MS


@given(WORKERS, st.lists(WORKERS, max_size=5), LENGTHS, st.floats(0, 1e3), st.floats(0, 1e3), st.integers(0, 50))
def test_the_more_waits_the_less_is_left(
    me: Worker, others: list[Worker], length_s: float, ahead_s: float, more_s: float, entries: int
) -> None:
    now = hold_ms(me, others, length_s, ahead_s, entries)
    assert 0 <= hold_ms(me, others, length_s, ahead_s + more_s, entries + 1) <= now <= MOST_HELD_MS


def test_a_job_is_left_only_for_as_long_as_it_gains() -> None:
    # Its own 2 s of audio take 200 ms here and 125 ms there.
    assert hold_ms(worker("me", 10.0), [worker("other", 16.0)], 2.0, 0.0, 1) == 75


def test_faster_workers_are_free_while_there_are_no_more_jobs_than_slots() -> None:
    faster = [worker("other", 16.0, slots=2)]
    assert [hold_ms(worker("me", 10.0), faster, 2.0, 0.8, entries) for entries in (2, 3)] == [75, 25]
    assert hold_ms(worker("me", 10.0), faster, 2.0, 8.0, 3) == 0


def test_what_waits_is_told_by_the_typical_job() -> None:
    assert waiting([Queue(0.4, 2)]) == (0.2, 0.2, 2)
    assert waiting([Queue(4.0, 1), EMPTY]) == (4.0, 0.0, 1)
    assert waiting([Queue(3.0, 0)]) == (TYPICAL_S, 0.0, 0), "the count of a stream may be behind its audio"


def test_a_worker_that_does_not_know_its_speed_leaves_nothing() -> None:
    assert hold_ms(worker("me", 0.0), [worker("fast", 16.0)], 4.0, 0.0, 1) == 0


def test_jobs_for_a_model_are_left_to_those_that_have_it() -> None:
    other = worker("fast", 16.0, model="n")
    assert decide(worker("me", 1.0), [other], NOTHING).held_ms == (0, MOST_HELD_MS, 0, MOST_HELD_MS)


# -- files and people who speak -----------------------------------------------------------------------------

FLEET = [worker("slow", 1.0), worker("middle", 4.0), worker("fast", 16.0)]
SPOKEN = Queue(read_ago_s=SPEAKING_S)
FILE = Queue(audio_s=1000.0, entries=100)


def plan_of(name: str, found: list[Queue], urgent_in_a_row: int = 0) -> Plan:
    """What one of the fleet does."""
    me = next(one for one in FLEET if one.name == name)
    return decide(me, [one for one in FLEET if one is not me], found, urgent_in_a_row)


def test_while_somebody_speaks_the_fastest_takes_no_long_jobs_of_files() -> None:
    for found in (
        queues(SPOKEN, FILE),
        queues(Queue(3.0, 1), FILE),
        queues(bulk=FILE, partials=Queue(read_ago_s=1.0)),
    ):
        assert [plan_of(one.name, found).bulk for one in FLEET] == [(True, True), (True, True), (False, False)]
    assert all(plan_of(one.name, queues(bulk=FILE)).bulk == (True, True) for one in FLEET)


def test_nobody_leaves_jobs_of_files_to_who_does_not_take_them() -> None:
    short = Queue(audio_s=10.0, entries=1)
    assert plan_of("middle", queues(SPOKEN, short)).held_ms[2:] == (0, 0)
    assert plan_of("middle", queues(bulk=short)).held_ms[2:] == (MOST_HELD_MS, MOST_HELD_MS)
    assert plan_of("slow", queues(SPOKEN, short)).held_ms[2:] == (MOST_HELD_MS, MOST_HELD_MS)  # for the middle one


def test_a_quick_worker_takes_files_although_somebody_speaks_but_few_at_once() -> None:
    quick = worker("quick", 1000.0, slots=32)
    speaking = decide(quick, FLEET, queues(SPOKEN, FILE))
    assert speaking.bulk == (True, True) and speaking.bulk_slots == int(QUICK_S * 1000.0 / 10.0)
    assert decide(quick, FLEET, queues(bulk=FILE)).bulk_slots == 32
    assert decide(worker("slow", 1.0, slots=4), FLEET, queues(SPOKEN, FILE)).bulk_slots == 1


def test_the_fastest_keeps_reading_files_for_its_model_when_no_other_worker_has_it() -> None:
    slow = worker("slow", 1.0, model="n")
    assert decide(worker("fast", 16.0), [slow], queues(SPOKEN, FILE)).bulk == (True, False)


def test_files_are_not_starved_by_people_who_speak() -> None:
    waits = queues(Queue(100.0, 25, 0.0), FILE)
    assert not plan_of("slow", waits, SHARE - 1).bulk_first
    assert plan_of("slow", waits, SHARE).bulk_first
    assert not plan_of("slow", queues(Queue(100.0, 25, 0.0)), SHARE).bulk_first
    assert not plan_of("fast", waits, SHARE).bulk_first  # the others do it
    assert decide(worker("alone", 16.0), (), waits, SHARE).bulk_first


@given(st.lists(WORKERS, min_size=1, max_size=6, unique_by=lambda one: one.name), LENGTHS)
def test_at_most_one_is_kept_free_and_never_the_only_one(everybody: list[Worker], length_s: float) -> None:
    kept = [
        one for one in everybody if kept_free(one, [other for other in everybody if other is not one], length_s)
    ]
    assert len(kept) <= min(1, len(everybody) - 1)


# -- a world that goes by the plan --------------------------------------------------------------------------

STEP_MS = 10


@dataclass
class World:
    """Urgent jobs of 4 s for any model, in steps of 10 ms; whoever is gone is believed to be there."""

    workers: list[Worker]
    gone: set[str]
    now: int = 0
    busy_until: dict[str, int] = field(default_factory=dict)
    waiting: list[int] = field(default_factory=list)
    decoding: dict[str, int] = field(default_factory=dict)
    waited: list[int] = field(default_factory=list)

    def step(self, arrivals: int) -> None:
        """Let 10 ms pass; the slowest asks first."""
        self.now += STEP_MS
        self.waiting += [self.now] * arrivals
        for one in sorted(self.workers, key=lambda one: one.speed):
            if one.name not in self.gone and self.busy_until.get(one.name, 0) <= self.now:
                self.decoding.pop(one.name, None)
                self.read(one)

    def read(self, me: Worker) -> None:
        """One job, if it is old enough for this worker."""
        entries = len(self.waiting) + len(self.decoding)
        found = queues(Queue(entries * 4.0, entries, 0.0))
        held = decide(me, [one for one in self.workers if one is not me], found).held_ms[1]
        if self.waiting and self.now - self.waiting[0] >= held:
            self.waited.append(self.now - self.waiting.pop(0))
            self.decoding[me.name] = 1
            self.busy_until[me.name] = self.now + int(4000 / (me.speed or 1.0))

    def somebody_is_free(self) -> bool:
        """Whether anybody who is there has nothing to do."""
        there = [one for one in self.workers if one.name not in self.gone]
        return any(self.busy_until.get(one.name, 0) <= self.now for one in there)


@given(
    st.lists(WORKERS, min_size=1, max_size=4, unique_by=lambda one: one.name),
    st.sets(st.integers(0, 3)),
    st.lists(st.sampled_from([0, 0, 0, 0, 1, 3]), max_size=80),
)
def test_no_job_waits_longer_than_the_bound_while_somebody_is_free(
    workers: list[Worker], gone: set[int], arrivals: list[int]
) -> None:
    world = World(workers, {one.name for index, one in enumerate(workers) if index in gone and index})
    for coming in (*arrivals, *[0] * (MOST_HELD_MS // STEP_MS)):
        world.step(coming)
        assert not (world.somebody_is_free() and world.waiting and world.now - world.waiting[0] >= MOST_HELD_MS)


def test_in_that_world_the_fast_one_gets_what_comes_one_by_one() -> None:
    world = World([worker("slow", 1.0), worker("fast", 16.0)], set())
    for tick in count():
        world.step(tick % 50 == 0)  # one each half a second: the fast one needs a quarter
        if world.now > 5_000:
            break
    assert set(world.waited) == {0} and "slow" not in world.busy_until
