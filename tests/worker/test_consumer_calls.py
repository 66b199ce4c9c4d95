"""Calls of the engine by a complete worker: which jobs share one, and what a failing job costs the others."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from loadtest.core.checksum import checksum
from protocol.job import GROUP, EndState, Job, Result
from protocol.recognition import Options
from tests.helpers.fault_engines import Fault, pcm
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until
from tests.worker.running import fault_job, text, working
from tests.worker.scripts import KEYS, MODEL, SESSION, STREAMS, GatewaySide, gateway_side

BULK = KEYS.jobs("bulk", MODEL)
FAILING = (Fault.RAISE, Fault.REFUSE, Fault.MISCOUNT)


@pytest.fixture
async def other(broker: Broker) -> AsyncIterator[GatewaySide]:
    """Yield the gateway's side, with a session attached."""
    async with gateway_side(broker.url) as side:
        await side.attach()
        for stream in (STREAMS[0], BULK):
            await side.redis.xgroup_create(stream, GROUP, "0-0", mkstream=True)
        yield side


async def test_cpu_settles_each_job_of_a_person_before_the_next(
    broker: Broker, other: GatewaySide, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    for segment, fault in enumerate((Fault.NONE, Fault.HOLD, Fault.NONE)):
        await other.submit(fault_job(fault, segment))
    async with working(broker.url, slots="4", gate=str(gate)):
        assert await text(other, 0) == "none 1"
        assert [await other.end(segment) for segment in (1, 2)] == [None, None]
        gate.touch()
        assert [await text(other, segment) for segment in (1, 2)] == ["hold 1", "none 1"]


async def test_cpu_decodes_files_together(broker: Broker, other: GatewaySide) -> None:
    for segment in range(5):
        job = fault_job(Fault.NONE, segment)
        await other.submit(replace(job, options=Options(priority="bulk")), BULK)
    async with working(broker.url, slots="4"):
        assert [await text(other, segment) for segment in range(5)] == ["none 4"] * 4 + ["none 1"]


async def test_call_is_settled_before_the_next_one(broker: Broker, other: GatewaySide, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    for segment, (fault, language) in enumerate([(Fault.NONE, "en"), (Fault.HOLD, "zh"), (Fault.NONE, "en")]):
        await other.submit(replace(fault_job(fault, segment), options=Options(language=language)))
    async with working(broker.url, device="cuda", slots="4", gate=str(gate)) as worker:
        assert [await text(other, segment) for segment in (0, 2)] == ["none 2", "none 2"]
        assert await other.end(1) is None
        gate.touch()
        assert await text(other, 1) == "hold 1"
    assert worker.consumer.tally.batches.read().count == 2


# -- failing jobs among others -----------------------------------------------------------------------------


def mixed_job(segment: int, source: Random) -> tuple[Fault, Job]:
    """Return a job of random length, language and class; one in ten makes the engine fail."""
    fault = source.choice(FAILING) if source.random() < 0.1 else Fault.DIGEST
    audio = pcm(fault, source.randint(160, 8_000)) + segment.to_bytes(4, "little")
    options = Options(language=source.choice(["auto", "en", "zh"]))
    if source.random() < 0.5:
        options = replace(options, priority="bulk")
    return fault, Job(SESSION, segment, audio, len(audio) // 2, options=options)


async def assert_each_job_ends_rightly(broker: Broker, other: GatewaySide, count: int, device: str) -> None:
    """Queue mixed jobs, and check that each failing one alone fails and each other one has its own text."""
    source = Random(count)
    queued = [mixed_job(segment, source) for segment in range(count)]
    for _, one in queued:
        await other.submit(one, BULK if one.options.priority == "bulk" else STREAMS[0])

    async def all_ended() -> bool:
        values: list[bytes] = await other.redis.hkeys(KEYS.session(SESSION))
        return sum(value.startswith(b"end:") for value in values) == count

    async with working(broker.url, slots="8", pads="yes", device=device):
        await wait_until(all_ended, "every job has ended", 600.0)
    wrong = [segment for segment, (fault, one) in enumerate(queued) if not await is_right(other, fault, one)]
    assert wrong == []
    assert await other.redis.xlen(KEYS.dead) == sum(fault in FAILING for fault, _ in queued)
    assert [await other.backlog(stream) for stream in (STREAMS[0], BULK)] == [0, 0]


async def is_right(other: GatewaySide, fault: Fault, one: Job) -> bool:
    """Return whether the job ended as it should."""
    state, _ = (await other.end(one.segment) or b"none 0").decode().split()
    if fault in FAILING:
        return state == EndState.FAILED
    stored = await other.stored(one.segment)
    return state == EndState.FINAL and isinstance(stored, Result) and bool(stored.text == checksum(one.pcm))


@pytest.mark.parametrize("device", ["cpu", "cuda"])
async def test_failing_jobs_among_others_cost_only_themselves(
    broker: Broker, other: GatewaySide, device: str, capfd: pytest.CaptureFixture[str]
) -> None:
    await assert_each_job_ends_rightly(broker, other, 80, device)


@pytest.mark.proof(minutes=4)
@pytest.mark.parametrize("device", ["cpu", "cuda"])
async def test_2000_mixed_jobs_with_failing_ones_end_correctly(
    broker: Broker, other: GatewaySide, device: str, capfd: pytest.CaptureFixture[str]
) -> None:
    await assert_each_job_ends_rightly(broker, other, 2_000, device)
