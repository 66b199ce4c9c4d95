"""Worker status in the heartbeat."""

import os
import socket

import psutil

from protocol.engine import EngineSettings
from protocol.monitor import WorkerState
from tests.worker.supervision.test_gpu import FakeNvml
from worker.core.pace import Pace
from worker.supervision.engine_supervisor import EngineLimits, EngineSupervisor
from worker.supervision.gpu import Gpu
from worker.supervision.status import StatusReport


async def test_status_covers_worker_and_engine_processes() -> None:
    pace = Pace()
    engine = EngineSupervisor(EngineSettings("checksum"), EngineLimits())
    report = StatusReport("w", engine, pace)
    before = report.status()
    assert (before.state, before.engine, before.speed) == (WorkerState.STARTING, "checksum", 0.0)
    own_bytes = psutil.Process(os.getpid()).memory_info().rss
    await engine.ensure_loaded()
    pace.count_batch(10, 2)
    report.state, report.busy, report.done, report.failed, report.audio_s = WorkerState.BUSY, 1, 5, 2, 10.0
    status = report.status()
    await engine.close()
    assert (status.worker, status.host, status.model) == ("w", socket.gethostname(), "checksum")
    assert (status.state, status.busy, status.done, status.failed) == (WorkerState.BUSY, 1, 5, 2)
    assert (status.audio_s, status.speed) == (10.0, 5.0)
    assert status.memory_bytes > own_bytes and status.cpu_percent >= 0


async def test_status_reports_the_gpu_if_the_engine_uses_one() -> None:
    on_gpu = EngineSupervisor(EngineSettings("checksum", device="cuda:1"), EngineLimits())
    status = StatusReport("w", on_gpu, Pace(), Gpu(FakeNvml, "")).status()
    assert (status.gpu_percent, status.gpu_memory_bytes) == (41, 1_001)
    on_cpu = EngineSupervisor(EngineSettings("checksum", device="cpu"), EngineLimits())
    status = StatusReport("w", on_cpu, Pace(), Gpu(FakeNvml, "")).status()
    assert (status.gpu_percent, status.gpu_memory_bytes) == (None, None)
