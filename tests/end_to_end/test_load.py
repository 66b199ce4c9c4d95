"""Test the load scenarios on real gateway, broker and workers: accepted segments get correct answers.

The small tests speak faster than people; those marked ``proof`` run at real pace, with many speakers.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from backend.admission.admission import AdmissionLimits
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from client.connection import Address, Locate, fixed_locator
from loadtest.measurement.tally import TallyRecorder
from loadtest.scenarios.herd import Herd, HerdState, run_herd
from loadtest.scenarios.streams import Streams, run_streams
from protocol.audio import BYTES_PER_SAMPLE
from tests.helpers.chain import Chain, running_chain
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

KEY = "a key of the tests"


@pytest.fixture
def chain(tmp_path: Path, broker: Broker) -> Iterator[Chain]:
    with running_chain(tmp_path, broker.url) as chain:
        yield chain


@asynccontextmanager
async def gateway_at(broker: Broker, limits: AdmissionLimits | None = None) -> AsyncIterator[Locate]:
    """Run a gateway in this process; with limits on waiting, let the worker first show its speed."""
    limits = limits or AdmissionLimits()
    settings = GatewaySettings(redis=broker.url, key=KEY, admission=limits)
    async with running_gateway(settings) as gateway:
        locate = fixed_locator(Address(gateway.url, KEY))
        if limits.wait_s != AdmissionLimits.wait_s:
            await run_streams(Streams(1, 1.0, pace=0.1), locate, TallyRecorder(time.monotonic()))
            await wait_until(lambda: gateway.monitor.survey.measured, "its speed is known")
        yield locate


def more_than(recorder: TallyRecorder, right: int) -> bool:
    """Return whether more than this many segments were answered."""
    return recorder.tally.right > right


def impatient(failures: int, chance: float, asked_s: float) -> float:
    """Return a shorter pause than real clients make, to save time."""
    return 0.2 + 0.2 * chance


async def test_no_segment_is_lost_when_worker_dies_and_50_clients_are_cut(chain: Chain, broker: Broker) -> None:
    victim = chain.worker(name="victim")
    chain.worker(name="other")
    async with gateway_at(broker) as locate:
        recorder, state = TallyRecorder(time.monotonic()), HerdState(TallyRecorder(time.monotonic()))
        async with asyncio.TaskGroup() as scenarios:
            scenarios.create_task(run_streams(Streams(20, 1.0, ramp_s=0.5, pace=0.1), locate, recorder))
            scenarios.create_task(run_herd(Herd(50, 0.5, settle_s=30.0, spread_s=0.5, pace=0.2), locate, state))
            await wait_until(lambda: recorder.tally.right > 20, "they work")
            victim.kill()
    speaking, back, cut = recorder.tally, state.reconnection(), state.recorder.tally
    assert speaking.flawless and not speaking.refusals, (speaking.complaints, speaking.refused)
    assert speaking.finished == speaking.sessions == 20
    assert (back.ready, back.returned, back.waiting) == (50, 50, 0)
    assert cut.flawless and cut.right == 100 and not cut.refusals, (cut.complaints, cut.refused)


async def test_accepted_segments_are_answered_by_slow_worker(chain: Chain, broker: Broker) -> None:
    chain.worker("--engine", "checksum", "--set", "rtf=0.3")
    async with gateway_at(broker, AdmissionLimits(wait_s=0.3)) as locate:
        recorder = TallyRecorder(time.monotonic())
        plan = Streams(8, 0.1, ramp_s=2.5, pace=0.1)
        async with asyncio.TaskGroup() as scenario:
            scenario.create_task(run_streams(plan, locate, recorder, impatient))
            await wait_until(lambda: recorder.tally.refusals, "a client is refused")
            chain.worker(name="help")
    tally = recorder.tally
    assert tally.flawless, tally.complaints
    assert tally.finished == tally.sessions == 8
    kinds = {kind.split()[0] for kind in tally.refused}
    assert "503" in kinds and kinds <= {"503", "1013"}, "a busy computer's `hello` comes too late now and then"
    assert all(not kind.without_retry_after and (kind.least_s or 0) >= 1 for kind in tally.refused.values())
    assert "load" in tally.busy


async def test_clients_above_limit_are_admitted_one_after_the_other(chain: Chain, broker: Broker) -> None:
    chain.worker()
    # A high limit on waiting: refusals must not depend on a busy machine.
    async with gateway_at(broker, AdmissionLimits(wait_s=60.0, sessions=20)) as locate:
        state = HerdState(TallyRecorder(time.monotonic()))
        plan = Herd(50, 0.5, settle_s=3.0, spread_s=0.1, pace=0.2)
        await run_herd(plan, locate, state, impatient)
    back, tally = state.reconnection(), state.recorder.tally
    assert back.ready == back.returned == 20 and back.waiting == 30
    assert tally.right == tally.segments == 100 and tally.finished == 50
    assert {kind.split()[0] for kind in tally.refused} == {"429"}
    assert all(refused.without_retry_after == 0 for refused in tally.refused.values())


async def test_gateway_holds_limited_audio_while_broker_hangs(chain: Chain, broker: Broker) -> None:
    chain.worker()
    most = 4_000_000
    settings = GatewaySettings(redis=broker.url, key=KEY, admission=AdmissionLimits(unqueued_bytes=most))
    async with running_gateway(settings) as gateway:
        recorder = TallyRecorder(time.monotonic())
        speaking = asyncio.create_task(
            run_streams(
                Streams(20, 6.0, ramp_s=0.5, pace=0.1),
                fixed_locator(Address(gateway.url, KEY)),
                recorder,
                impatient,
            )
        )
        await wait_until(lambda: recorder.tally.right > 20, "they work")
        broker.process.send_signal(signal.SIGSTOP)
        try:
            await wait_until(lambda: not gateway.monitor.up, "it knows that the broker hangs")
            held = sum(gateway.hub.held) * BYTES_PER_SAMPLE
        finally:
            broker.process.send_signal(signal.SIGCONT)
        await speaking
    assert most / 4 < held < 1.1 * most, (
        "the gateway checks after each sixteenth of the limit; all speech is 30 MB"
    )
    assert recorder.tally.flawless and recorder.tally.finished == 20, recorder.tally.complaints


@pytest.mark.proof(minutes=1.5)
async def test_100_streams_lose_no_segment_while_workers_die(chain: Chain, broker: Broker) -> None:
    chain.worker("--engine", "checksum", "--set", "rtf=0.002", name="one")
    async with gateway_at(broker) as locate:
        recorder = TallyRecorder(time.monotonic())
        speaking = asyncio.create_task(run_streams(Streams(100, 40.0, ramp_s=10.0), locate, recorder))
        for number in range(3):
            victim = chain.worker("--engine", "checksum", "--set", "rtf=0.002", name=f"victim-{number}")
            await wait_until(partial(more_than, recorder, recorder.tally.right + 100), "they work", 60.0)
            victim.kill()
        await speaking
    assert recorder.tally.flawless and not recorder.tally.refusals, recorder.tally.complaints


@pytest.mark.proof(minutes=4)
async def test_streams_are_admitted_at_a_tenth_of_needed_speed(chain: Chain, broker: Broker) -> None:
    chain.worker("--engine", "checksum", "--set", "rtf=0.67")
    async with gateway_at(broker) as locate:
        recorder = TallyRecorder(time.monotonic())
        await run_streams(Streams(20, 1.0, ramp_s=28.0), locate, recorder)
    tally = recorder.tally
    assert tally.flawless and tally.finished == 20, tally.complaints
    assert {kind.split()[0] for kind in tally.refused} == {"503"}
    assert all(not kind.without_retry_after and (kind.least_s or 0) >= 1 for kind in tally.refused.values())
    assert tally.early == 0
    assert "load" in tally.busy


@pytest.mark.proof(minutes=1)
async def test_500_clients_reconnect_after_a_common_cut(chain: Chain, broker: Broker) -> None:
    chain.worker("--engine", "checksum", "--set", "slots=8")
    async with gateway_at(broker) as locate:
        state = HerdState(TallyRecorder(time.monotonic()))
        await run_herd(Herd(500, 10.0), locate, state)
    back, tally = state.reconnection(), state.recorder.tally
    assert back.ready == back.returned == 500
    assert tally.flawless and tally.right == 1_000 and not tally.refusals, (tally.complaints, tally.refused)


@pytest.mark.proof(minutes=2)
async def test_clients_above_limit_wait_as_requested_until_admitted(chain: Chain, broker: Broker) -> None:
    chain.worker("--engine", "checksum", "--set", "slots=8")
    async with gateway_at(broker, AdmissionLimits(sessions=50)) as locate:
        state = HerdState(TallyRecorder(time.monotonic()))
        await run_herd(Herd(150, 5.0), locate, state)
    tally = state.recorder.tally
    assert tally.flawless and tally.finished == 150, tally.complaints
    assert {kind.split()[0] for kind in tally.refused} == {"429"}
    assert tally.early == 0
