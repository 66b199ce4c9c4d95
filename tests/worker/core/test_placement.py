"""Placement of jobs: order of streams, jobs left to others, and a small simulation that follows the plans."""

from dataclasses import dataclass, field
from itertools import count

from hypothesis import example, given
from hypothesis import strategies as st

from protocol.job import WORKER_GONE_MS, Keys
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options
from worker.core.placement import (
    MOST_HELD_MS,
    QUICK_S,
    SHARE,
    SPEAKING_S,
    TYPICAL_S,
    Queue,
    ReadPlan,
    Worker,
    decide,
    fleet,
    hold_ms,
    job_streams,
    partial_streams,
    stays_free,
    waiting_work,
)

EMPTY = Queue()
NOTHING = (EMPTY,) * 6
SPEEDS = st.sampled_from([0.0, 0.5, 1.0, 4.0, 16.0, 100.0])
LENGTHS = st.floats(0.1, 60)
WORKERS = st.builds(Worker, st.uuids().map(str), st.sampled_from("mn"), SPEEDS, st.integers(1, 8))


def worker(name: str, speed: float, slots: int = 1, model: str = "m") -> Worker:
    """Return a worker with the given speed."""
    return Worker(name, model, speed, slots)


def queues(urgent: Queue = EMPTY, bulk: Queue = EMPTY, partials: Queue = EMPTY) -> list[Queue]:
    """Return the queues when jobs wait for any model."""
    return [EMPTY, urgent, EMPTY, bulk, EMPTY, partials]


def test_job_streams_put_interactive_and_the_model_first() -> None:
    assert job_streams(Keys(), "whisper-base") == (
        "kiki:{0}:jobs:interactive:whisper-base",
        "kiki:{0}:jobs:interactive:any",
        "kiki:{0}:jobs:bulk:whisper-base",
        "kiki:{0}:jobs:bulk:any",
    )


def test_only_workers_that_translate_read_translations() -> None:
    streams = job_streams(Keys(), "m", translates=True)
    assert streams == (*job_streams(Keys(), "m"), "kiki:{0}:jobs:bulk:any+translate")
    for model in ("", "m"):
        assert Keys().jobs_of(Options(task="translate", priority="bulk", model=model)) == streams[-1]
    assert Keys().jobs_of(Options(model="m")) == streams[0]


def test_partial_streams_put_the_model_first() -> None:
    assert partial_streams(Keys(), "whisper-base") == ("kiki:{0}:partials:whisper-base", "kiki:{0}:partials:any")


def test_fleet_contains_only_live_workers_that_take_jobs() -> None:
    def status(name: str, state: WorkerState, at_ms: int) -> WorkerStatus:
        return WorkerStatus(name, "h", "e", "m", "cpu", state, slots=2, speed=3.0, at_ms=at_ms)

    now = 1_000_000
    said = [
        status("me", WorkerState.IDLE, now),
        status("idle", WorkerState.IDLE, now - WORKER_GONE_MS),
        status("busy", WorkerState.BUSY, now),
        status("silent", WorkerState.IDLE, now - WORKER_GONE_MS - 1),
        status("of a clock set back", WorkerState.IDLE, now + WORKER_GONE_MS + 1),
        status("starting", WorkerState.STARTING, now),
        status("draining", WorkerState.DRAINING, now),
    ]
    cpu = [worker(name, 3.0, 2)._replace(device="cpu") for name in ("idle", "busy")]
    assert list(fleet(said, now, "me")) == cpu
    assert {one.live_slots for one in cpu} == {1}, "a CPU decodes the jobs of people one by one"


# -- leaving jobs to faster workers -------------------------------------------------------------------------


@given(
    WORKERS,
    st.lists(st.builds(Queue, st.floats(0, 1e4), st.integers(0, 500), st.floats(0, 60)), min_size=6, max_size=6),
)
@example(worker("me", 100.0, 8), [EMPTY, EMPTY, Queue(5e-324, 1), EMPTY, Queue(read_ago_s=0.0), EMPTY])
@example(worker("me", 100.0, 8), [EMPTY, EMPTY, Queue(5e-324, 500), EMPTY, Queue(read_ago_s=0.0), EMPTY])
@example(worker("me", 100.0, 8), [EMPTY, EMPTY, Queue(-1.0, 500), EMPTY, Queue(read_ago_s=0.0), EMPTY])
def test_single_worker_leaves_no_job(me: Worker, found: list[Queue]) -> None:
    plan = decide(me, (), found)
    assert plan.held_ms == (0, 0, 0, 0) and plan.bulk == (True, True)
    assert not plan.others_busy


@given(st.lists(WORKERS, max_size=5), LENGTHS, st.floats(0, 1e4), st.integers(0, 500))
def test_job_is_not_left_to_workers_of_equal_speed(
    others: list[Worker], length_s: float, ahead_s: float, entries: int
) -> None:
    me = worker("me", 4.0)
    equal = [other._replace(speed=4.0 * 1.2) for other in others]  # measured speeds differ slightly
    assert hold_ms(me, equal, length_s, ahead_s, entries) == 0


@given(st.integers(0, 3), st.lists(WORKERS, max_size=3), st.floats(0.5, 60))
def test_job_is_left_to_an_idle_faster_worker(entries: int, others: list[Worker], length_s: float) -> None:
    idle = worker("fast", 16.0, slots=4)
    assert hold_ms(worker("me", 1.0), [*others, idle], length_s, 0.0, entries) == MOST_HELD_MS


@given(WORKERS, st.lists(WORKERS, max_size=5), LENGTHS, st.floats(0, 1e3), st.floats(0, 1e3), st.integers(0, 50))
def test_hold_time_shrinks_with_more_waiting_audio(
    me: Worker, others: list[Worker], length_s: float, ahead_s: float, more_s: float, entries: int
) -> None:
    now = hold_ms(me, others, length_s, ahead_s, entries)
    assert 0 <= hold_ms(me, others, length_s, ahead_s + more_s, entries + 1) <= now <= MOST_HELD_MS


def test_hold_time_is_limited_to_the_gain() -> None:
    # 2 s of audio take 200 ms here and 125 ms on the other worker.
    assert hold_ms(worker("me", 10.0), [worker("other", 16.0)], 2.0, 0.0, 1) == 75
    # 0.1 s take 200 ms on a slow computer and 125 ms on one that is as much faster.
    assert hold_ms(worker("me", 0.5), [worker("other", 0.8)], 0.1, 0.0, 1) == 75


def test_faster_workers_count_as_free_up_to_their_slots() -> None:
    faster = [worker("other", 16.0, slots=2)]
    assert [hold_ms(worker("me", 10.0), faster, 2.0, 0.8, entries) for entries in (2, 3)] == [75, 25]
    assert hold_ms(worker("me", 10.0), faster, 2.0, 8.0, 3) == 0


def test_slots_of_a_cpu_are_for_files_only() -> None:
    fast = worker("fast", 16.0, slots=2)
    cpu, me = fast._replace(device="cpu"), worker("me", 10.0)
    spoken, file = queues(Queue(4.0, 2)), queues(EMPTY, Queue(4.0, 2))
    assert [decide(me, [other], spoken).held_ms[0] for other in (fast, cpu)] == [75, 0]
    assert decide(me, [cpu], file).held_ms == decide(me, [fast], file).held_ms


def test_waiting_uses_the_mean_job_length() -> None:
    assert waiting_work([Queue(0.4, 2)]) == (0.2, 0.2, 2)
    assert waiting_work([Queue(4.0, 1), EMPTY]) == (4.0, 0.0, 1)
    assert waiting_work([Queue(3.0, 0)]) == (TYPICAL_S, 0.0, 0), "the count of a stream may lag behind its audio"


def test_worker_of_unknown_speed_leaves_no_job() -> None:
    assert hold_ms(worker("me", 0.0), [worker("fast", 16.0)], 4.0, 0.0, 1) == 0


def test_jobs_for_a_model_are_left_only_to_workers_with_it() -> None:
    other = worker("fast", 16.0, model="n")
    assert decide(worker("me", 1.0), [other], NOTHING).held_ms == (0, MOST_HELD_MS, 0, MOST_HELD_MS)


# -- files and live speech ---------------------------------------------------------------------------------

FLEET = [worker("slow", 1.0), worker("middle", 4.0), worker("fast", 16.0)]
SPOKEN = Queue(read_ago_s=SPEAKING_S)
FILE = Queue(audio_s=1000.0, entries=100)


def plan_of(name: str, found: list[Queue], urgent_in_a_row: int = 0) -> ReadPlan:
    """Return the plan of one worker of the fleet."""
    me = next(one for one in FLEET if one.name == name)
    return decide(me, [one for one in FLEET if one is not me], found, urgent_in_a_row)


def test_fastest_worker_takes_no_long_file_jobs_during_speech() -> None:
    for found in (
        queues(SPOKEN, FILE),
        queues(Queue(3.0, 1), FILE),
        queues(bulk=FILE, partials=Queue(read_ago_s=1.0)),
        [*queues(bulk=FILE)[:4], Queue(read_ago_s=1.0), EMPTY],
    ):
        assert [plan_of(one.name, found).bulk for one in FLEET] == [(True, True), (True, True), (False, False)]
    assert all(plan_of(one.name, queues(bulk=FILE)).bulk == (True, True) for one in FLEET)


def test_file_jobs_are_not_left_to_a_worker_kept_free() -> None:
    short = Queue(audio_s=10.0, entries=1)
    assert plan_of("middle", queues(SPOKEN, short)).held_ms[2:] == (0, 0)
    assert plan_of("middle", queues(bulk=short)).held_ms[2:] == (MOST_HELD_MS, MOST_HELD_MS)
    assert plan_of("slow", queues(SPOKEN, short)).held_ms[2:] == (
        MOST_HELD_MS,
        MOST_HELD_MS,
    )  # left to the middle worker


def test_quick_worker_takes_few_file_jobs_at_once_during_speech() -> None:
    quick = worker("quick", 1000.0, slots=32)
    speaking = decide(quick, FLEET, queues(SPOKEN, FILE))
    assert speaking.bulk == (True, True) and speaking.bulk_slots == int(QUICK_S * 1000.0 / 10.0)
    assert decide(quick, FLEET, queues(bulk=FILE)).bulk_slots == 32
    assert decide(worker("slow", 1.0, slots=4), FLEET, queues(SPOKEN, FILE)).bulk_slots == 1


def test_fastest_worker_is_kept_free_of_jobs_longer_than_a_speaker_notices() -> None:
    fast, slow = worker("fast", 2.0), worker("slow", 1.0)
    assert not stays_free(fast, [slow], 2 * QUICK_S)
    assert stays_free(fast, [slow], 2 * QUICK_S + 0.01)


def test_fastest_worker_keeps_file_jobs_that_only_it_can_do() -> None:
    slow = worker("slow", 1.0, model="n")
    assert decide(worker("fast", 16.0), [slow], queues(SPOKEN, FILE)).bulk == (True, False)


def test_file_jobs_are_not_starved_by_live_speech() -> None:
    waits = queues(Queue(100.0, 25, 0.0), FILE)
    assert not plan_of("slow", waits, SHARE - 1).bulk_first
    assert plan_of("slow", waits, SHARE).bulk_first
    assert not plan_of("slow", queues(Queue(100.0, 25, 0.0)), SHARE).bulk_first
    assert not plan_of("fast", waits, SHARE).bulk_first  # the other workers do it
    assert decide(worker("alone", 16.0), (), waits, SHARE).bulk_first


@given(st.lists(WORKERS, min_size=1, max_size=6, unique_by=lambda one: one.name), LENGTHS)
def test_at_most_one_worker_is_kept_free_and_never_the_only_one(everybody: list[Worker], length_s: float) -> None:
    kept = [
        one for one in everybody if stays_free(one, [other for other in everybody if other is not one], length_s)
    ]
    assert len(kept) <= min(1, len(everybody) - 1)


# -- simulation that follows the plans ---------------------------------------------------------------------

STEP_MS = 10


@dataclass
class World:
    """Simulation of urgent 4-second jobs for any model, in steps of 10 ms. Absent workers are believed alive."""

    workers: list[Worker]
    gone: set[str]
    now: int = 0
    busy_until: dict[str, int] = field(default_factory=dict)
    waiting: list[int] = field(default_factory=list)
    decoding: dict[str, int] = field(default_factory=dict)
    waited: list[int] = field(default_factory=list)

    def step(self, arrivals: int) -> None:
        """Advance by 10 ms; the slowest worker asks first."""
        self.now += STEP_MS
        self.waiting += [self.now] * arrivals
        for one in sorted(self.workers, key=lambda one: one.speed):
            if one.name not in self.gone and self.busy_until.get(one.name, 0) <= self.now:
                self.decoding.pop(one.name, None)
                self.read(one)

    def read(self, me: Worker) -> None:
        """Let a worker read one job, if the job is old enough for it."""
        entries = len(self.waiting) + len(self.decoding)
        found = queues(Queue(entries * 4.0, entries, 0.0))
        held = decide(me, [one for one in self.workers if one is not me], found).held_ms[1]
        if self.waiting and self.now - self.waiting[0] >= held:
            self.waited.append(self.now - self.waiting.pop(0))
            self.decoding[me.name] = 1
            self.busy_until[me.name] = self.now + int(4000 / (me.speed or 1.0))

    def a_worker_is_free(self) -> bool:
        """Return whether a living worker is idle."""
        there = [one for one in self.workers if one.name not in self.gone]
        return any(self.busy_until.get(one.name, 0) <= self.now for one in there)


@given(
    st.lists(WORKERS, min_size=1, max_size=4, unique_by=lambda one: one.name),
    st.sets(st.integers(0, 3)),
    st.lists(st.sampled_from([0, 0, 0, 0, 1, 3]), max_size=80),
)
def test_job_wait_is_bounded_while_a_worker_is_free(
    workers: list[Worker], gone: set[int], arrivals: list[int]
) -> None:
    world = World(workers, {one.name for index, one in enumerate(workers) if index in gone and index})
    for coming in (*arrivals, *[0] * (MOST_HELD_MS // STEP_MS)):
        world.step(coming)
        assert not (world.a_worker_is_free() and world.waiting and world.now - world.waiting[0] >= MOST_HELD_MS)


def test_fast_worker_gets_jobs_that_arrive_one_by_one() -> None:
    world = World([worker("slow", 1.0), worker("fast", 16.0)], set())
    for tick in count():
        world.step(tick % 50 == 0)  # one job each half second: the fast worker needs a quarter of a second
        if world.now > 5_000:
            break
    assert set(world.waited) == {0} and "slow" not in world.busy_until
