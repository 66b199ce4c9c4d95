"""Timeline of the last hour: one moment per step, with the figures of the snapshot."""

from hypothesis import given
from hypothesis import strategies as st

from backend.observability.timeline import MOST_WORKERS, STEP_S, Moments
from protocol.monitor import BrokerState, Load, Snapshot, Totals, WorkerMoment, WorkerState, WorkerStatus


def worker(name: str) -> WorkerStatus:
    return WorkerStatus(
        name,
        "host",
        "e",
        "m",
        "cuda",
        WorkerState.BUSY,
        4,
        busy=3,
        speed=20.0,
        cpu_percent=50.0,
        memory_bytes=7,
        gpu_percent=80.0,
        gpu_memory_bytes=9,
    )


def snapshot(at_s: float, *workers: WorkerStatus, up: bool = True) -> Snapshot:
    return Snapshot(
        gateway="g",
        uptime_s=at_s,
        broker=BrokerState(up, "9", True),
        sessions=1,
        connections=2,
        pending=3,
        unqueued_s=4.0,
        queued=5,
        backlog_s=6.0,
        oldest_s=7.0,
        streams=8.0,
        workers=workers,
        recent=(),
        totals=Totals(final=9),
        load=Load(10.0, 11),
    )


def test_moment_copies_figures_of_snapshot() -> None:
    kept = Moments()
    kept.add(snapshot(12.5, worker("w"), up=False))
    timeline = kept.timeline(13.0)
    assert (timeline.uptime_s, timeline.step_s) == (13.0, STEP_S)
    (moment,) = timeline.moments
    assert (moment.at_s, moment.queued, moment.backlog_s, moment.oldest_s) == (12.5, 5, 6.0, 7.0)
    assert (moment.sessions, moment.pending, moment.streams, moment.broker_up) == (1, 3, 8.0, False)
    assert (moment.totals, moment.load) == (Totals(final=9), Load(10.0, 11))
    assert moment.workers == (WorkerMoment("w", 3, 20.0, 50.0, 7, 80.0, 9),)


def test_same_workers_of_large_fleet_are_kept_each_time() -> None:
    fleet = [worker(f"w{n:03}") for n in range(100)]
    kept = Moments()
    for at_s, workers in ((0.0, fleet), (5.0, fleet[::-1])):
        kept.add(snapshot(at_s, *workers))
    first, second = kept.timeline(5.0).moments
    assert first.workers == second.workers
    assert [shown.worker for shown in first.workers] == [f"w{n:03}" for n in range(MOST_WORKERS)]


@given(st.lists(st.floats(0.1, 12.0), max_size=200))
def test_timeline_keeps_one_moment_per_step_within_the_hour(pauses: list[float]) -> None:
    kept, now = Moments(kept_s=60.0), 0.0
    for pause in pauses:
        now += pause
        if kept.due(now):
            kept.add(snapshot(now))
        assert not kept.due(now)
    moments = kept.timeline(now).moments
    steps = [int(moment.at_s // STEP_S) for moment in moments]
    assert steps == sorted(set(steps)) and len(moments) <= 12
    assert bool(moments) == bool(pauses)
