"""Partials of a complete worker against a real broker, with real engine processes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from protocol.job import WORKERS_KEY, EndState, Hypothesis, Job, JobKind, Notice, Result, decode_status
from protocol.monitor import WorkerState
from tests.helpers.fault_engines import Fault
from tests.helpers.logs import capture_logs
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until
from tests.worker.running import QUICK, ended, fault_job, working
from tests.worker.scripts import KEYS, MODEL, PARTIALS, SESSION, GatewaySide, gateway_side
from worker.broker.jobs import Verdict
from worker.consumer import ConsumerIntervals

SECOND = "7d1f3f3e-0000-4000-8000-000000000002"
BULK = KEYS.jobs("bulk", MODEL)
THIRD = "7d1f3f3e-0000-4000-8000-000000000003"
IMPATIENT = ConsumerIntervals(0.1, 0.1, 0.1, 30, decode_spare_s=2.0)


def fault_question(fault: Fault, segment: int = 0, session: str = SESSION) -> Job:
    """Return a request for a partial that makes the fault engine do ``fault``."""
    return replace(fault_job(fault, segment), kind=JobKind.HYPOTHESISE, session=session)


@pytest.fixture
async def other(broker: Broker) -> AsyncIterator[GatewaySide]:
    """Yield the gateway's side, with three sessions attached."""
    async with gateway_side(broker.url) as side:
        for session in (SESSION, SECOND, THIRD):
            await side.attach(session)
        yield side


async def idle(other: GatewaySide) -> bool:
    """Return whether a worker reports that it is idle."""
    values = await other.redis.hvals(WORKERS_KEY)
    return any(decode_status(value).state is WorkerState.IDLE for value in values)


async def next_answer(heard: Callable[[], Awaitable[Notice | None]]) -> Hypothesis:
    """Return the next partial, skipping results."""
    while isinstance(notice := await wait_until(heard, "an answer"), Result):
        pass
    assert isinstance(notice, Hypothesis)
    return notice


async def test_partial_is_answered_at_once_and_not_counted(broker: Broker, other: GatewaySide) -> None:
    async with other.listening() as heard, working(broker.url):
        await wait_until(other.a_client_waits, "it waits")
        await other.ask(fault_question(Fault.NONE, 3))
        assert await next_answer(heard) == Hypothesis(SESSION, 3, "none 1", 0, 160)
        await other.submit(fault_job(Fault.NONE, 4))
        assert await ended(other, 4) is EndState.FINAL
        await wait_until(lambda: _done(other, 1), "one job is counted")
        (status,) = [decode_status(value) for value in await other.redis.hvals(WORKERS_KEY)]
    assert (status.done, status.failed, status.audio_s) == (1, 0, 0.01)
    assert await other.redis.xlen(PARTIALS[0]) == 0


async def _done(other: GatewaySide, count: int) -> bool:
    return [decode_status(value).done for value in await other.redis.hvals(WORKERS_KEY)] == [count]


async def test_partials_are_decoded_together_up_to_the_slots(
    broker: Broker, other: GatewaySide, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with other.listening() as heard, working(broker.url, gate=str(gate), device="cuda", slots="2"):
        await wait_until(lambda: idle(other), "it is ready")
        await other.submit(fault_job(Fault.HOLD))
        await wait_until(other.pending, "the job is taken")
        for session in (SESSION, SECOND, THIRD):
            await other.ask(fault_question(Fault.NONE, 1, session))
        gate.touch()
        answers = [await next_answer(heard) for _ in range(3)]
    assert [answer.text for answer in answers] == ["none 2", "none 2", "none 1"]
    assert [answer.session for answer in answers] == [SESSION, SECOND, THIRD]


async def test_partial_waits_while_a_job_waits(broker: Broker, other: GatewaySide, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    async with other.listening() as heard, working(broker.url, gate=str(gate)):
        await wait_until(lambda: idle(other), "it is ready")
        await other.submit(fault_job(Fault.HOLD, 0))
        await wait_until(other.pending, "the first job is taken")
        await other.ask(fault_question(Fault.NONE, 9))
        for segment in (1, 2):
            await other.submit(fault_job(Fault.NONE, segment))
        gate.touch()
        order = [await wait_until(heard, "an answer") for _ in range(4)]
    assert [notice.segment for notice in order] == [0, 1, 2, 9]


async def test_partials_come_before_bulk_jobs(broker: Broker, other: GatewaySide, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    async with other.listening() as heard, working(broker.url, gate=str(gate)):
        await wait_until(lambda: idle(other), "it is ready")
        await other.submit(fault_job(Fault.HOLD, 0), BULK)
        await wait_until(lambda: other.pending(BULK), "the first job is taken")
        for segment in (1, 2):
            await other.submit(fault_job(Fault.NONE, segment), BULK)
        await other.ask(fault_question(Fault.NONE, 9))
        await other.submit(fault_job(Fault.NONE, 3))
        gate.touch()
        order = [await wait_until(heard, "an answer") for _ in range(5)]
    assert [notice.segment for notice in order] == [0, 3, 9, 1, 2]


@pytest.mark.parametrize("fault", [Fault.RAISE, Fault.REFUSE, Fault.MISCOUNT])
async def test_failed_partial_is_dropped_without_counting(
    broker: Broker, other: GatewaySide, fault: Fault, capfd: pytest.CaptureFixture[str]
) -> None:
    async with other.listening() as heard, working(broker.url):
        await wait_until(other.a_client_waits, "it waits")
        await other.ask(fault_question(fault, 0))
        await wait_until(lambda: _nothing_asked(other), "it is taken")
        await other.ask(fault_question(Fault.NONE, 1))
        assert (await next_answer(heard)).segment == 1
        await other.submit(fault_job(Fault.NONE, 0))
        assert await ended(other, 0) is EndState.FINAL


async def _nothing_asked(other: GatewaySide) -> bool:
    return not int(await other.redis.xlen(PARTIALS[0]))


@pytest.mark.parametrize("fault", [Fault.KILL, Fault.HANG])
async def test_partial_that_kills_the_engine_mutes_only_its_session(
    broker: Broker, other: GatewaySide, fault: Fault
) -> None:
    with capture_logs() as logs:
        async with other.listening() as heard, working(broker.url, timing=IMPATIENT):
            for _ in range(3):  # the gateway may ask repeatedly
                await other.ask(fault_question(fault, 0))
                await wait_until(lambda: _nothing_asked(other), "it is taken")
                await wait_until(other.a_client_waits, "it waits again")
            await other.ask(fault_question(Fault.NONE, 5, SECOND))
            assert (await next_answer(heard)).session == SECOND
            await other.submit(fault_job(Fault.RAISE, 0))
            assert await ended(other, 0) is EndState.FAILED
    assert [line["event"] for line in logs].count("engine.loaded") == 2
    verdicts = [line["verdict"] for line in logs if line["event"] == "job.failed"]
    assert verdicts == [Verdict.AGAIN, Verdict.AGAIN, Verdict.DEAD]


async def test_worker_drains_while_a_partial_hangs(broker: Broker, other: GatewaySide) -> None:
    async with working(broker.url, timing=QUICK) as worker:
        await wait_until(other.a_client_waits, "it waits")
        await other.ask(fault_question(Fault.HOLD))
        await wait_until(lambda: _nothing_asked(other), "it is taken")
        await worker.drained()
    assert await other.consumers(PARTIALS[0]) == set()
