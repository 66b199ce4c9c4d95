"""Supervision of an engine: restarts, and limits of memory and GPU memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from protocol.engine import DecodeRequest, EngineSettings, EngineUnavailable, Transcript
from tests.helpers.fault_engines import ENGINE, Fault, pcm
from tests.helpers.logs import capture_logs
from worker.core.errors import EngineDied, EngineFault, EngineTimedOut
from worker.supervision.engine_supervisor import EngineLimits, EngineSupervisor
from worker.supervision.gpu import Gpu

MANY = 1 << 40


@asynccontextmanager
async def supervised(limits: EngineLimits, **extra: str) -> AsyncIterator[EngineSupervisor]:
    """Supervise a fault engine; check that no process of it is left at the end."""
    children = set(psutil.Process().children())
    engine = EngineSupervisor(EngineSettings(ENGINE, "m", extra=extra), limits)
    try:
        yield engine
    finally:
        await engine.close()
        await engine.close()
        assert set(psutil.Process().children()) <= children


async def decode(engine: EngineSupervisor, fault: Fault, deadline_s: float = 60.0) -> object:
    """Return the outcome of a single request."""
    (outcome,) = await engine.decode([DecodeRequest(pcm(fault))], deadline_s)
    return outcome


async def test_supervisor_loads_the_engine_once() -> None:
    async with supervised(EngineLimits(memory_growth=MANY)) as engine:
        assert (engine.info.engine, engine.info.model, engine.memory_bytes(), engine.cpu_percent()) == (
            ENGINE,
            "m",
            0,
            0,
        )
        assert (await engine.ensure_loaded()).engine == "fault"
        await decode(engine, Fault.ALLOCATE)
        grown = engine.memory_bytes()
        await engine.ensure_loaded()
        assert engine.memory_bytes() >= grown


@pytest.mark.parametrize(("fault", "error"), [(Fault.KILL, EngineDied), (Fault.HANG, EngineTimedOut)])
async def test_supervisor_replaces_an_engine_that_died(fault: Fault, error: type[EngineFault]) -> None:
    async with supervised(EngineLimits()) as engine:
        await engine.ensure_loaded()
        with pytest.raises(error):
            await decode(engine, fault, 0.5 if fault is Fault.HANG else 60.0)
        with pytest.raises(EngineDied, match="no engine is loaded"):
            await decode(engine, Fault.NONE)
        assert (engine.loads, engine.pid) == (1, None)
        await engine.ensure_loaded()
        assert await decode(engine, Fault.NONE) == Transcript("none 1")
        assert engine.loads == 2 and engine.pid is not None


async def test_supervisor_replaces_an_engine_that_grew() -> None:
    async with supervised(EngineLimits(memory_growth=32 << 20)) as engine:
        await engine.ensure_loaded()
        await decode(engine, Fault.ALLOCATE)
        grown = engine.memory_bytes()
        await engine.ensure_loaded()
        assert 0 < engine.memory_bytes() < grown - (32 << 20)


async def test_supervisor_loads_an_engine_after_its_predecessors_were_killed(tmp_path: Path) -> None:
    async with supervised(EngineLimits(), load="kill", until=str(tmp_path / "mended")) as engine:
        for _ in range(4):
            with pytest.raises(EngineDied, match="ended by SIGKILL"):
                await engine.ensure_loaded()
        (tmp_path / "mended").touch()
        await engine.ensure_loaded()
        assert await decode(engine, Fault.NONE) == Transcript("none 1")


async def test_supervisor_reports_an_unavailable_engine() -> None:
    async with supervised(EngineLimits(), load="unavailable") as engine:
        with pytest.raises(EngineUnavailable, match="install something"):
            await engine.ensure_loaded()


# -- GPU memory, with a fake device: these tests use no real one -------------------------------------------


class PlayedGpu(Gpu):
    """Fake GPU: the MiB used at each call, the last value repeated; ``None``: not measurable."""

    def __init__(self, *taken: int | None) -> None:
        super().__init__(lambda: None)
        self.taken = list(taken)
        self.asked: list[int] = []

    def memory_of(self, device: str, pid: int) -> int | None:
        self.asked.append(pid)
        taken = self.taken.pop(0) if len(self.taken) > 1 else self.taken[0]
        return None if taken is None else taken << 20


@asynccontextmanager
async def limited(gpu: Gpu, megabytes: int = 1000, **extra: str) -> AsyncIterator[EngineSupervisor]:
    settings = EngineSettings(ENGINE, "m", extra={"device": "cuda:0", **extra}, gpu_memory_mb=megabytes)
    engine = EngineSupervisor(settings, EngineLimits(memory_growth=MANY), gpu)
    try:
        yield engine
    finally:
        await engine.close()


async def test_engine_over_its_gpu_limit_is_refused() -> None:
    async with limited(PlayedGpu(1001)) as engine:
        with pytest.raises(EngineUnavailable, match="takes 1001 MiB of GPU memory and may take 1000: allow"):
            await engine.ensure_loaded()
        assert engine.memory_bytes() == 0, "it is not kept"


async def test_engine_that_grows_over_its_gpu_limit_is_replaced() -> None:
    gpu = PlayedGpu(900, 1000, 1200, 900)
    async with limited(gpu) as engine:
        for _ in range(4):
            await engine.ensure_loaded()
    first, second, third, fourth, fifth = gpu.asked
    assert first == second == third != fourth == fifth


async def test_fresh_engine_over_its_gpu_limit_is_refused() -> None:
    async with limited(PlayedGpu(900, 1200)) as engine:
        await engine.ensure_loaded()
        with pytest.raises(EngineUnavailable, match="may take 1000"):
            await engine.ensure_loaded()


@pytest.mark.parametrize(
    ("megabytes", "extra"), [(0, {}), (1000, {"device": "cpu"}), (1000, {"keeps": "yes"})], ids=str
)
async def test_gpu_memory_is_not_measured_without_need(megabytes: int, extra: dict[str, str]) -> None:
    gpu = PlayedGpu(5000)
    async with limited(gpu, megabytes, **extra) as engine:
        await engine.ensure_loaded()
        await engine.ensure_loaded()
    assert not gpu.asked


async def test_unmeasurable_gpu_memory_is_warned_about_once() -> None:
    with capture_logs() as logs:
        async with limited(PlayedGpu(None)) as engine:
            await engine.ensure_loaded()
            await engine.ensure_loaded()
            assert await decode(engine, Fault.NONE) == Transcript("none 1")
    assert [line["log_level"] for line in logs if line["event"] == "gpu.memory_unknown"] == ["warning"]
