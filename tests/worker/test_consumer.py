"""Complete worker against a real broker, with real engine processes."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from protocol.engine import EngineUnavailable
from protocol.errors import ErrorCode
from protocol.job import GROUP, WORKERS_KEY, EndState, Failure, Result, decode_status, encode_job
from protocol.monitor import WorkerState, WorkerStatus
from tests.helpers.fault_engines import Fault
from tests.helpers.logs import capture_logs
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until
from tests.worker.running import QUICK, ended, fault_job, text, working
from tests.worker.scripts import KEYS, MODEL, SESSION, STREAMS, GatewaySide, gateway_side, jobs_of
from worker.broker.scripts import RETURNED
from worker.consumer import ConsumerIntervals
from worker.core.errors import EngineDied
from worker.supervision.engine_supervisor import EngineLimits


@pytest.fixture
async def other(broker: Broker) -> AsyncIterator[GatewaySide]:
    """Yield the gateway's side, with a session attached."""
    async with gateway_side(broker.url) as side:
        await side.attach()
        await side.redis.xgroup_create(STREAMS[0], GROUP, "0-0", mkstream=True)
        yield side


async def statuses(other: GatewaySide) -> list[WorkerStatus]:
    """Return the status that each worker reports."""
    return [decode_status(value) for value in await other.redis.hvals(WORKERS_KEY)]


async def held_by(other: GatewaySide, worker: str) -> bool:
    """Return whether ``worker`` holds a job."""
    return any(consumer == worker for _, consumer, _ in await other.pending())


def killed_while_loading() -> EngineDied:
    """Return the error that a worker reports for such an engine."""
    return EngineDied("the engine's process was ended by SIGKILL; the system may be out of memory")


# -- recognising ------------------------------------------------------------------------------------------


async def test_worker_turns_a_job_into_a_result(broker: Broker, other: GatewaySide) -> None:
    async with working(broker.url) as worker:
        await other.submit(fault_job(Fault.NONE, 3))
        assert await text(other, 3) == "none 1"
        pid = worker.consumer.now().engine_pid
        assert pid == worker.engine.pid and pid is not None
    stored = await other.stored(3)
    assert isinstance(stored, Result)
    assert (stored.session, stored.model, stored.worker) == (SESSION, MODEL, "w")
    assert await other.backlog() == 0
    tally, now = worker.consumer.tally, worker.consumer.now()
    assert (dict(tally.jobs), tally.audio_s, tally.batches.read().count) == ({"final": 1}, 0.01, 1)
    assert (now.state, now.engine_loads, now.engine_pid) == (WorkerState.DRAINING, 1, None)
    assert now.speed > 0


async def test_waiting_jobs_are_decoded_together_up_to_the_slots(broker: Broker, other: GatewaySide) -> None:
    for segment in range(5):
        await other.submit(fault_job(Fault.NONE, segment))
    async with working(broker.url, device="cuda", slots="3"):
        assert [await text(other, segment) for segment in range(5)] == ["none 3"] * 3 + ["none 2"] * 2


async def test_job_taken_over_is_decoded_alone(broker: Broker, other: GatewaySide) -> None:
    async with jobs_of(broker.url, "dead") as dead:
        for segment in range(2):
            await other.submit(fault_job(Fault.NONE, segment))
        for delivery in await dead.take(2):
            await other.abandon(delivery.entry, "dead")
    async with working(broker.url, device="cuda", slots="4"):
        assert [await text(other, segment) for segment in range(2)] == ["none 1"] * 2


async def test_job_age_is_measured_by_the_brokers_clock(broker: Broker, other: GatewaySide) -> None:
    now_s, _ = await other.redis.time()
    old = f"{now_s * 1000 - 60_000}-0"
    job = fault_job(Fault.NONE)
    await other.redis.xadd(STREAMS[0], encode_job(job), id=old)
    await other.redis.hset(KEYS.session(SESSION), "job:0", f"0 {old} {STREAMS[0]}")
    async with working(broker.url):
        assert await text(other) == "none 1"
    stored = await other.stored()
    assert isinstance(stored, Result) and 60_000 <= stored.queue_ms < 120_000


# -- faults of engines ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.REFUSE, ErrorCode.UNSUPPORTED),
        (Fault.RAISE, ErrorCode.ENGINE_FAILED),
        (Fault.KILL, ErrorCode.ENGINE_DIED),
        (Fault.HANG, ErrorCode.DECODE_TIMEOUT),
    ],
)
async def test_third_failure_makes_dead_letter_and_spares_other_jobs(
    broker: Broker, other: GatewaySide, fault: Fault, code: ErrorCode, capfd: pytest.CaptureFixture[str]
) -> None:
    for segment, what in enumerate([Fault.NONE, fault, Fault.NONE]):
        await other.submit(fault_job(what, segment))
    timing = ConsumerIntervals(0.1, 0.1, 0.1, 30, decode_spare_s=1.5 if fault is Fault.HANG else 30.0)
    async with working(broker.url, timing=timing, device="cuda", slots="3") as worker:
        assert await ended(other, 1) is EndState.FAILED
        assert {await ended(other, segment) for segment in (0, 2)} == {EndState.FINAL}
    assert dict(worker.consumer.tally.jobs) == {"final": 2, "again": 2, "dead": 1}
    failure = await other.stored(1)
    assert isinstance(failure, Failure) and failure.code is code and failure.retryable
    assert await other.redis.xlen(KEYS.dead) == 1
    assert (await other.redis.xlen(STREAMS[0]), await other.backlog()) == (0, 0)


async def test_job_survives_many_deaths_of_workers(broker: Broker, other: GatewaySide) -> None:
    entry = await other.submit(fault_job(Fault.NONE))
    async with jobs_of(broker.url, "dead") as dead:
        await dead.take(1)
        await other.redis.xclaim(STREAMS[0], GROUP, "dead", 0, [entry], idle=11_000, retrycount=19, justid=True)
    async with working(broker.url):
        assert await text(other) == "none 1"


async def test_job_with_too_many_deliveries_is_given_up(broker: Broker, other: GatewaySide) -> None:
    entry = await other.submit(fault_job(Fault.NONE))
    async with jobs_of(broker.url, "dead") as dead:
        await dead.take(1)
        await other.redis.xclaim(STREAMS[0], GROUP, "dead", 0, [entry], idle=11_000, retrycount=20, justid=True)
    async with working(broker.url):
        assert await ended(other) is EndState.FAILED
    failure = await other.stored()
    assert isinstance(failure, Failure) and "21 times" in failure.message


async def test_malformed_entry_fails_its_segment_at_once(broker: Broker, other: GatewaySide) -> None:
    entry = await other.redis.xadd(STREAMS[0], {"session": SESSION, "segment": "4", "kind": "sing"})
    await other.redis.hset(KEYS.session(SESSION), "job:4", f"0 {entry.decode()} {STREAMS[0]}")
    await other.redis.xadd(STREAMS[0], {"junk": "junk"})
    await other.submit(fault_job(Fault.NONE))
    async with working(broker.url):
        assert await text(other) == "none 1"
        assert await ended(other, 4) is EndState.FAILED
    assert await other.redis.xlen(STREAMS[0]) == 0


async def test_worker_replaces_an_engine_that_grows(broker: Broker, other: GatewaySide) -> None:
    growth = 32 << 20
    async with working(broker.url, limits=EngineLimits(memory_growth=growth)) as worker:
        await wait_until(lambda: _says(other, WorkerState.IDLE), "the engine is loaded")
        loaded = worker.engine.memory_bytes()
        await other.submit(fault_job(Fault.ALLOCATE, 0))
        assert await text(other, 0) == "allocate 1"
        await wait_until(lambda: 0 < worker.engine.memory_bytes() < loaded + growth, "a fresh engine")
        await other.submit(fault_job(Fault.NONE, 1))
        assert await text(other, 1) == "none 1"


async def test_unavailable_engine_ends_the_worker(broker: Broker) -> None:
    with pytest.raises(EngineUnavailable, match="install something"):
        async with working(broker.url, load="unavailable") as worker:
            await asyncio.wait({worker.task})


async def test_worker_restarts_an_engine_that_is_killed_while_loading(
    broker: Broker, other: GatewaySide, tmp_path: Path
) -> None:
    timing, mended = replace(QUICK, engine_pause_s=0.01, engine_longest_pause_s=0.05), tmp_path / "mended"
    with capture_logs() as logs:
        async with working(broker.url, timing=timing, load="kill", until=str(mended)) as worker:

            def failures() -> list[float]:
                return [line["again_in_s"] for line in logs if line["event"] == "engine.not_loaded"]

            await wait_until(lambda: len(failures()) >= 5, "the engine was killed more often than three times")
            (status,) = await wait_until(lambda: statuses(other), "a heartbeat")
            assert (status.state, status.problem) == (WorkerState.STARTING, str(killed_while_loading()))
            assert failures()[:5] == [0.01, 0.02, 0.04, 0.05, 0.05] and not worker.task.done()
            mended.touch()
            await other.submit(fault_job(Fault.NONE))
            assert await text(other) == "none 1"

            async def untroubled() -> bool:
                return [status.problem for status in await statuses(other)] == [""]

            await wait_until(untroubled, "the problem is over")


async def test_worker_hands_jobs_back_while_its_engine_does_not_load(
    broker: Broker, other: GatewaySide, tmp_path: Path
) -> None:
    timing, mended, gate = replace(QUICK, engine_pause_s=0.01), tmp_path / "mended", tmp_path / "gate"
    mended.touch()
    for segment, fault in enumerate((Fault.HOLD, Fault.NONE)):
        await other.submit(fault_job(fault, segment))
    files = {"until": str(mended), "gate": str(gate)}
    async with working(broker.url, "w", timing, None, device="cuda", slots="2", load="kill", **files) as worker:
        engine: int = await wait_until(lambda: worker.consumer.now().engine_pid, "the engine is loaded")
        await wait_until(lambda: owned_by(other, "w"), "it has both jobs")
        mended.unlink()
        os.kill(engine, signal.SIGKILL)
        await wait_until(lambda: owned_by(other, RETURNED), "other workers can have both jobs")
        gate.touch()
        mended.touch()
        assert [(await text(other, n)).split()[0] for n in range(2)] == ["hold", "none"]


async def owned_by(other: GatewaySide, worker: str) -> bool:
    """Return whether a worker has the two jobs."""
    return [owner for _, owner, _ in await other.pending()] == [worker, worker]


async def test_text_larger_than_its_audio_fails_the_segment(broker: Broker, other: GatewaySide) -> None:
    async with working(broker.url):
        await other.submit(fault_job(Fault.LONG))
        assert await ended(other) is EndState.FAILED
        stored = await other.stored()
        assert isinstance(stored, Failure) and stored.code is ErrorCode.ENGINE_FAILED
        assert "more text than the audio can hold" in stored.message


# -- leases and leaving -----------------------------------------------------------------------------------


async def test_held_job_is_not_taken_by_another_worker(broker: Broker, other: GatewaySide, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    async with working(broker.url, "holder", gate=str(gate)):
        entry = await other.submit(fault_job(Fault.HOLD))
        await wait_until(lambda: held_by(other, "holder"), "the job is taken")
        await other.abandon(entry, "holder", idle_ms=9_000)
        await wait_until(lambda: _renewed(other), "the lease is renewed")
        gate.touch()
        assert await text(other) == "hold 1"


async def _renewed(other: GatewaySide) -> bool:
    (pending,) = await other.redis.xpending_range(STREAMS[0], GROUP, "-", "+", 1)
    return int(pending["time_since_delivered"]) < 5_000


async def test_decode_of_a_lost_job_is_abandoned(broker: Broker, other: GatewaySide, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with capture_logs() as logs:
        async with working(broker.url, "slow", gate=str(gate)) as slow, jobs_of(broker.url, "thief") as thief:
            entry = await other.submit(fault_job(Fault.HOLD))
            await wait_until(lambda: held_by(other, "slow"), "the job is taken")
            await other.abandon(entry, "thief", idle_ms=0)
            await wait_until(lambda: any(line["event"] == "lease.lost" for line in logs), "the loss is noticed")
            gate.touch()
            await other.submit(fault_job(Fault.NONE, 1))
            assert await text(other, 1) == "none 1"
            assert await other.end() is None
            assert await other.pending() == [(entry, "thief", 1)]
            assert await thief.leave() == 1
            assert await text(other) == "hold 1"
    assert slow.consumer.tally.jobs["lost"] == 1


async def test_drain_finishes_the_current_batch(broker: Broker, other: GatewaySide, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    async with working(broker.url, gate=str(gate)) as worker:
        await other.submit(fault_job(Fault.HOLD))
        await wait_until(lambda: held_by(other, "w"), "the job is taken")
        await other.submit(fault_job(Fault.NONE, 1))
        worker.consumer.drain()
        await wait_until(lambda: _says(other, WorkerState.DRAINING), "it says that it drains")
        gate.touch()
        await worker.drained()
    assert await text(other) == "hold 1"
    assert await other.end(1) is None
    assert (await other.consumers(), await statuses(other)) == (set(), [])


async def _says(other: GatewaySide, state: WorkerState) -> bool:
    return any(status.state is state for status in await statuses(other))


async def test_drain_hands_back_jobs_after_its_deadline(broker: Broker, other: GatewaySide) -> None:
    async with working(broker.url, timing=ConsumerIntervals(0.1, 0.1, 0.1, drain_s=0.1)) as worker:
        await other.submit(fault_job(Fault.HOLD))
        await wait_until(lambda: held_by(other, "w"), "the job is taken")
        await worker.drained()
    assert [(consumer, count) for _, consumer, count in await other.pending()] == [(RETURNED, 0)]
    assert await other.consumers() == {RETURNED}
    async with jobs_of(broker.url, "next") as following:
        assert [delivery.count for delivery in await following.sweep(1)] == [1]


async def test_idle_worker_drains_at_once_and_drain_may_be_repeated(broker: Broker, other: GatewaySide) -> None:
    slow = ConsumerIntervals(sweep_s=3_600, drain_s=3_600)
    async with working(broker.url, timing=slow) as worker:
        await wait_until(other.a_client_waits, "it waits for jobs")
        await worker.drained()
        worker.consumer.drain()
    assert await other.consumers() == set()


async def test_heartbeat_reports_state_and_counts(broker: Broker, other: GatewaySide, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    async with working(broker.url, gate=str(gate)):
        await wait_until(lambda: _says(other, WorkerState.IDLE), "it is idle")
        await other.submit(fault_job(Fault.HOLD))
        await wait_until(lambda: _says(other, WorkerState.BUSY), "it is busy")
        gate.touch()
        await wait_until(lambda: _has_done_one(other), "it counts")
        (status,) = await statuses(other)
    assert (status.worker, status.engine, status.model, status.slots) == ("w", "fault", MODEL, 1)
    assert status.memory_bytes > 1 << 20 and status.audio_s == 0.01 and status.speed > 0


async def _has_done_one(other: GatewaySide) -> bool:
    return [(status.done, status.state) for status in await statuses(other)] == [(1, WorkerState.IDLE)]


# -- the broker -------------------------------------------------------------------------------------------


async def test_worker_reports_at_once_when_it_becomes_ready(broker: Broker, other: GatewaySide) -> None:
    async with working(broker.url, timing=replace(QUICK, heartbeat_s=3600.0)):
        await wait_until(lambda: _says(other, WorkerState.IDLE), "the heartbeat that says idle")


async def test_worker_survives_lost_connections_and_groups(broker: Broker, other: GatewaySide) -> None:
    async with working(broker.url) as worker:
        await other.submit(fault_job(Fault.NONE, 0))
        await text(other, 0)
        assert worker.consumer.tally.returns == 0
        await other.redis.client_kill_filter(_type="normal", skipme=True)
        await other.submit(fault_job(Fault.NONE, 1))
        await text(other, 1)
        await other.redis.flushall()
        await other.attach()
        await other.submit(fault_job(Fault.NONE, 2))
        await text(other, 2)
        assert worker.consumer.tally.returns >= 1


async def test_worker_waits_for_missing_broker_and_can_drain(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with working(f"unix://{tmp_path}/nothing", timing=replace(QUICK, broker_patience_s=0.0)):
            await wait_until(lambda: "worker.waiting_for_broker" in [line["event"] for line in logs], "it says so")


# -- jobs that another worker is late with -----------------------------------------------------------------


async def test_late_job_of_another_worker_is_overtaken(broker: Broker, other: GatewaySide) -> None:
    async with jobs_of(broker.url, "stuck") as stuck:
        await stuck.heartbeat(WorkerStatus("stuck", "h", "e", MODEL, "cpu", WorkerState.BUSY, speed=100.0))
        await other.submit(fault_job(Fault.NONE))
        (theirs,) = await stuck.take(1)
        async with working(broker.url):
            assert await text(other) == "none 1"
        assert await stuck.renew([theirs]) == {theirs.key}
    stored = await other.stored()
    assert isinstance(stored, Result) and stored.worker == "w"


async def test_failure_of_a_borrowed_job_is_not_counted(
    broker: Broker, other: GatewaySide, capfd: pytest.CaptureFixture[str]
) -> None:
    async with jobs_of(broker.url, "stuck") as stuck:
        await stuck.heartbeat(WorkerStatus("stuck", "h", "e", MODEL, "cpu", WorkerState.BUSY, speed=100.0))
        await other.submit(fault_job(Fault.RAISE))
        (theirs,) = await stuck.take(1)
        with capture_logs() as logs:
            async with working(broker.url):
                await wait_until(lambda: "engine.failed" in [one["event"] for one in logs], "it was tried")
        assert await stuck.renew([theirs]) == frozenset()
    assert await other.redis.hget(KEYS.session(SESSION), "failures:0") is None
