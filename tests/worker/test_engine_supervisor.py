"""Keeping an engine at hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from protocol.engine import DecodeRequest, EngineSettings, EngineUnavailable, Transcript
from tests.helpers.fault_engines import ENGINE, Fault, pcm
from worker.engine_supervisor import EngineLimits, EngineSupervisor
from worker.errors import EngineDied, EngineFault, EngineTimedOut

MANY = 1 << 40


@asynccontextmanager
async def supervised(limits: EngineLimits, **extra: str) -> AsyncIterator[EngineSupervisor]:
    """A fault engine under supervision; no process of it is left in the end."""
    children = set(psutil.Process().children())
    engine = EngineSupervisor(EngineSettings(ENGINE, "m", extra=extra), limits)
    try:
        yield engine
    finally:
        await engine.close()
        await engine.close()
        assert set(psutil.Process().children()) <= children


async def decode(engine: EngineSupervisor, fault: Fault, deadline_s: float = 60.0) -> object:
    """The outcome of one request."""
    (outcome,) = await engine.decode([DecodeRequest(pcm(fault))], deadline_s)
    return outcome


async def test_ready_loads_once() -> None:
    async with supervised(EngineLimits(memory_growth=MANY)) as engine:
        assert (engine.info.engine, engine.info.model, engine.memory_bytes(), engine.cpu_percent()) == (
            ENGINE,
            "m",
            0,
            0,
        )
        assert (await engine.ready()).engine == "fault"
        await decode(engine, Fault.ALLOCATE)
        grown = engine.memory_bytes()
        await engine.ready()
        assert engine.memory_bytes() >= grown


@pytest.mark.parametrize(("fault", "error"), [(Fault.KILL, EngineDied), (Fault.HANG, EngineTimedOut)])
async def test_another_engine_follows_one_that_is_gone(fault: Fault, error: type[EngineFault]) -> None:
    async with supervised(EngineLimits()) as engine:
        await engine.ready()
        with pytest.raises(error):
            await decode(engine, fault, 0.5)
        with pytest.raises(EngineDied, match="no engine is loaded"):
            await decode(engine, Fault.NONE)
        await engine.ready()
        assert await decode(engine, Fault.NONE) == Transcript("none 1")


async def test_an_engine_that_grew_is_replaced_when_it_is_asked_for_next() -> None:
    async with supervised(EngineLimits(memory_growth=32 << 20)) as engine:
        await engine.ready()
        await decode(engine, Fault.ALLOCATE)
        grown = engine.memory_bytes()
        await engine.ready()
        assert 0 < engine.memory_bytes() < grown - (32 << 20)


async def test_loading_is_tried_a_few_times() -> None:
    async with supervised(EngineLimits(load_attempts=3, load_pause_s=0.0), load="kill") as engine:
        with pytest.raises(EngineUnavailable, match="cannot be loaded: the engine's process ended"):
            await engine.ready()


async def test_an_engine_that_says_why_not_is_asked_once() -> None:
    async with supervised(EngineLimits(load_attempts=1 << 30), load="unavailable") as engine:
        with pytest.raises(EngineUnavailable, match="install something"):
            await engine.ready()
