"""Reading order of a worker that shares the broker with faster or slower workers."""

from typing import Any

from protocol.job import WORKERS_KEY
from protocol.monitor import WorkerState, WorkerStatus
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until
from tests.worker.scripts import KEYS, MODEL, STREAMS, GatewaySide, job, jobs_of, question
from worker.broker.jobs import ShardJobs, Taken
from worker.core.delivery import Delivery
from worker.core.placement import MOST_HELD_MS, SHARE, Worker, job_streams, partial_streams
from worker.reader import JobReader

ME = Worker("w", MODEL, 1.0, 1)
URGENT, BULK = STREAMS[1], STREAMS[3]


def reader(jobs: ShardJobs, sweep_s: float = 60.0) -> JobReader:
    """Return a reader whose first sweep is postponed."""
    made = JobReader(jobs, STREAMS, sweep_s)
    made.sweep_later()
    return made


async def beside(jobs: ShardJobs, speed: float, name: str = "other") -> None:
    """Announce another worker by its heartbeat."""
    await jobs.heartbeat(WorkerStatus(name, "h", "e", MODEL, "cpu", WorkerState.IDLE, speed=speed))


async def next_job(reading: JobReader, me: Worker = ME) -> Delivery:
    """Read until there is a job; return it."""

    async def look() -> list[Delivery]:
        return (await reading.next(me)).jobs

    found: list[Delivery] = await wait_until(look, "there is a job")
    (delivery,) = found
    return delivery


async def test_single_worker_reads_waiting_jobs_at_once(other: GatewaySide, jobs: ShardJobs) -> None:
    await other.submit(job(0), BULK)
    await other.submit(job(1), URGENT)
    reading = reader(jobs)
    assert [(await reading.next(ME)).jobs[0].job.segment for _ in range(2)] == [1, 0]


async def test_idle_worker_asks_once_for_waiting_jobs(other: GatewaySide, jobs: ShardJobs) -> None:
    async def scripts() -> int:
        stats: Any = await other.redis.info("commandstats")
        return int(stats["cmdstat_evalsha"]["calls"])

    reading = reader(jobs, sweep_s=0.05)  # so that wait() returns soon
    await reading.next(ME)
    reading.sweep_later()
    before = await scripts()
    assert await reading.next(ME) == ([], [])
    assert await scripts() - before == 1, "a glance"


async def test_translations_are_read_after_other_jobs(other: GatewaySide, jobs: ShardJobs) -> None:
    streams = job_streams(KEYS, MODEL, translates=True)
    await jobs.serve(streams, partial_streams(KEYS, MODEL))
    for number, stream in enumerate((streams[-1], BULK)):
        await other.submit(job(number), stream)
    reading = JobReader(jobs, streams, 60.0)
    reading.sweep_later()
    assert [(await next_job(reading)).job.segment for _ in range(2)] == [1, 0]


async def test_slower_worker_reads_a_job_that_the_faster_one_left(other: GatewaySide, jobs: ShardJobs) -> None:
    await beside(jobs, 16.0)
    reading = reader(jobs)
    await other.submit(job(0, samples=16_000), URGENT)
    delivery = await next_job(reading)
    assert delivery.job.segment == 0 and delivery.age_ms >= MOST_HELD_MS


async def test_job_is_read_by_either_worker_but_not_both(
    other: GatewaySide, jobs: ShardJobs, any_broker: Broker
) -> None:
    await beside(jobs, 16.0)
    async with jobs_of(any_broker.url, "other") as faster:
        await other.submit(job(0), URGENT)
        reading = reader(jobs)
        first = await reading.next(ME)  # the job was left to the other worker, or this one was slow
        taken = await faster.take(1)
        assert len(first.jobs) + len(taken) == 1


async def test_faster_worker_reads_jobs_without_delay(other: GatewaySide, jobs: ShardJobs) -> None:
    await beside(jobs, 0.5)
    reading = reader(jobs)
    await other.submit(job(0), URGENT)
    assert (await reading.next(ME)).jobs


async def test_partials_are_read_while_jobs_are_left_to_others(other: GatewaySide, jobs: ShardJobs) -> None:
    await beside(jobs, 16.0)
    reading = reader(jobs)
    await other.ask(question(5))

    async def look() -> Taken | None:
        taken = await reading.next(ME)
        return taken if taken.partials else None

    assert (await wait_until(look, "a partial")).partials[0].job.segment == 5


async def test_partials_rest_as_long_as_the_last_ones_took(other: GatewaySide, jobs: ShardJobs) -> None:
    reading = reader(jobs, sweep_s=0.05)  # so that wait() returns soon
    await other.ask(question(5))
    reading.pause_partials(3_600.0)
    assert await reading.next(ME) == ([], [])
    await other.submit(job(1), URGENT)
    assert (await reading.next(ME)).jobs[0].job.segment == 1
    reading.pause_partials(0.0)
    assert [one.job.segment for one in (await reading.next(ME)).partials] == [5]


async def test_cpu_reads_people_one_by_one_and_files_together(other: GatewaySide, jobs: ShardJobs) -> None:
    for segment in range(2):
        await other.submit(job(segment), URGENT)
        await other.submit(job(10 + segment), BULK)
        await other.ask(question(20 + segment))
    reading, me = reader(jobs), ME._replace(speed=100.0, slots=4, device="cpu")
    taken = [await reading.next(me) for _ in range(4)]
    numbers = [[one.job.segment for one in (*read.jobs, *read.partials)] for read in taken]
    assert numbers == [[0], [1], [20], [21]]
    assert [one.job.segment for one in (await reading.next(me)).jobs] == [10, 11]


async def test_fastest_worker_leaves_files_to_others_during_speech(other: GatewaySide, jobs: ShardJobs) -> None:
    await beside(jobs, 0.5)
    reading = reader(jobs, sweep_s=0.05)  # so that wait() returns soon
    await other.submit(job(0, samples=16_000 * 5), BULK)
    await other.submit(job(1), URGENT)
    assert (await reading.next(ME)).jobs[0].job.segment == 1
    assert await reading.next(ME) == ([], [])
    await other.redis.delete(WORKERS_KEY)  # no other worker is left
    assert (await reader(jobs).next(ME)).jobs[0].job.segment == 0


async def test_file_job_has_its_turn_after_many_live_jobs(other: GatewaySide, jobs: ShardJobs) -> None:
    for segment in range(SHARE + 1):
        await other.submit(job(segment), URGENT)
    await other.submit(job(99), BULK)
    reading = reader(jobs)
    order = [(await reading.next(ME)).jobs[0].job.segment for _ in range(SHARE + 2)]
    assert order == [*range(SHARE), 99, SHARE]


async def test_late_job_of_another_worker_is_borrowed_once(
    other: GatewaySide, jobs: ShardJobs, any_broker: Broker
) -> None:
    async with jobs_of(any_broker.url, "stuck") as stuck:
        await beside(jobs, 16.0)
        await other.submit(job(3), URGENT)
        await stuck.take(1)
        reading = reader(jobs, sweep_s=0.1)
        delivery = await next_job(reading)
        assert delivery.borrowed and delivery.job.segment == 3
        for _ in range(3):
            assert await reading.next(ME) == ([], [])


async def test_abandoned_jobs_are_read_first(other: GatewaySide, jobs: ShardJobs, any_broker: Broker) -> None:
    async with jobs_of(any_broker.url, "dead") as dead:
        await other.submit(job(7), BULK)
        (taken,) = await dead.take(1)
        await other.abandon(taken.entry, "dead", BULK)
    await other.submit(job(8), URGENT)
    reading = JobReader(jobs, STREAMS, 60.0)
    assert (await reading.next(ME)).jobs[0].job.segment == 7
