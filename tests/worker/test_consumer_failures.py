"""Jobs after a failure: other workers may take the failed one first, and waiting jobs keep their leases."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from protocol.job import GROUP, WORKERS_KEY, decode_status
from protocol.monitor import WorkerState
from runtime.tasks import cancel_and_wait
from tests.helpers.fault_engines import Fault
from tests.helpers.logs import capture_logs
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until
from tests.worker.running import QUICK, fault_job, working
from tests.worker.scripts import KEYS, SESSION, STREAMS, GatewaySide, gateway_side
from worker.broker.scripts import RETURNED
from worker.consumer import ConsumerIntervals
from worker.core.errors import BrokerUnavailable

_NEVER = 1e15  # later than any deadline of a decode
_SELDOM = ConsumerIntervals(renew_s=0.1, sweep_s=3_600.0, heartbeat_s=0.1, drain_s=30.0, decode_spare_s=30.0)


async def prepared(other: GatewaySide) -> None:
    """Create a session and the stream for its jobs."""
    await other.attach()
    await other.redis.xgroup_create(STREAMS[0], GROUP, "0-0", mkstream=True)


async def failures(other: GatewaySide) -> int:
    """Return how often segment 0 failed."""
    return int(await other.redis.hget(KEYS.session(SESSION), "failures:0") or 0)


async def test_failed_job_is_left_to_other_workers_first(broker: Broker, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    async with gateway_side(broker.url) as other:
        await prepared(other)
        await other.submit(fault_job(Fault.HOLD, 1))
        entry = await other.submit(fault_job(Fault.RAISE))
        async with working(broker.url, timing=_SELDOM, device="cuda", slots="2", gate=str(gate)) as worker:
            await wait_until(lambda: len(worker.consumer._leases) == 2, "both are being decoded")
            worker.consumer._reader._sweep_at = 0.0  # already due
            await other.submit(fault_job(Fault.NONE, 2))
            gate.touch()
            await wait_until(lambda: other.end(2), "the next one is recognised")
            assert await failures(other) == 1
            assert [(id, holder) for id, holder, _ in await other.pending()] == [(entry, RETURNED)]


async def test_worker_says_nothing_of_a_broker_that_starts_with_it(tmp_path: Path) -> None:
    tries = 0

    async def answers_at_the_fourth_try() -> str:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise BrokerUnavailable("the broker does not answer")
        return "done"

    async with working(f"unix://{tmp_path}/nothing") as worker:
        with capture_logs() as logs:
            assert await worker.consumer._retry_until_answered(answers_at_the_fourth_try) == "done"
        assert not [line for line in logs if line["event"] == "worker.waiting_for_broker"]
        worker.consumer._reached, tries = True, 0
        with capture_logs() as logs:
            await worker.consumer._retry_until_answered(answers_at_the_fourth_try)
        worker.consumer._reached = False  # it has no jobs to hand back
        assert [line["event"] for line in logs].count("worker.waiting_for_broker") == 1


@pytest.mark.parametrize(
    ("command", "loop", "events"),
    [
        ("renew", "_renew_forever", ["leases.not_renewed", "leases.renewed_again"]),
        ("heartbeat", "_beat_forever", ["heartbeat.failed", "heartbeat.recovered"]),
    ],
)
async def test_outage_is_logged_when_it_begins_and_when_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, loop: str, events: list[str]
) -> None:
    tries = 0

    async def answers_at_the_fourth_try(_: object) -> frozenset[str]:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise BrokerUnavailable("the broker does not answer")
        return frozenset()

    async with working(f"unix://{tmp_path}/nothing", timing=QUICK) as worker:
        monkeypatch.setattr(worker.consumer._jobs, command, answers_at_the_fourth_try)
        with capture_logs() as logs:
            running = asyncio.create_task(getattr(worker.consumer, loop)())
            await wait_until(lambda: tries > 5, "the broker answers again")
            await cancel_and_wait({running})
    assert [line["event"] for line in logs if line["event"] in events] == events


async def test_jobs_retried_one_by_one_stay_leased_while_they_wait(broker: Broker, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    async with gateway_side(broker.url) as other:
        await prepared(other)
        for segment, fault in enumerate((Fault.RAISE, Fault.HOLD, Fault.NONE)):
            await other.submit(fault_job(fault, segment))
        async with working(broker.url, timing=QUICK, device="cuda", slots="3", gate=str(gate)) as worker:
            consumer = worker.consumer
            await wait_until(lambda: failures(other), "the first one failed alone")
            await wait_until(lambda: len(consumer._batcher) == 1, "the second one is being decoded")
            assert [one.job.segment for one in consumer._leases.to_renew(_NEVER)] == [2]
            gate.touch()
            await wait_until(lambda: other.end(2), "it is recognised")


async def test_engine_killed_while_it_has_nothing_to_do_is_reported_and_replaced(broker: Broker) -> None:
    async with gateway_side(broker.url) as other, working(broker.url) as worker:

        async def told() -> tuple[WorkerState, str]:
            (status,) = [decode_status(value) for value in await other.redis.hvals(WORKERS_KEY)]
            return status.state, status.problem

        async def works() -> bool:
            return await told() == (WorkerState.IDLE, "")

        async def starts() -> bool:
            state, problem = await told()
            return state is WorkerState.STARTING and "ended by SIGKILL" in problem

        await wait_until(lambda: worker.engine.pid, "an engine is loaded")
        await wait_until(works, "the worker works")
        assert worker.engine.pid is not None
        os.kill(worker.engine.pid, signal.SIGKILL)
        await wait_until(starts, "the worker says what happened")
        await wait_until(works, "it works again, without a job")
        assert worker.engine.loads == 2
