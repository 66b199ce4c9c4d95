"""What a worker says about itself."""

import os
import socket

import psutil

from protocol.engine import EngineSettings
from protocol.monitor import WorkerState
from worker.engine_supervisor import EngineLimits, EngineSupervisor
from worker.pace import Pace
from worker.status import Report


async def test_a_report_tells_counts_and_figures_of_both_processes() -> None:
    pace = Pace()
    engine = EngineSupervisor(EngineSettings("checksum"), EngineLimits())
    report = Report("w", engine, pace)
    before = report.status()
    assert (before.state, before.engine, before.speed) == (WorkerState.STARTING, "checksum", 0.0)
    own_bytes = psutil.Process(os.getpid()).memory_info().rss
    await engine.ready()
    pace.decoded(10, 2)
    report.state, report.busy, report.done, report.failed, report.audio_s = WorkerState.BUSY, 1, 5, 2, 10.0
    status = report.status()
    await engine.close()
    assert (status.worker, status.host, status.model) == ("w", socket.gethostname(), "checksum")
    assert (status.state, status.busy, status.done, status.failed) == (WorkerState.BUSY, 1, 5, 2)
    assert (status.audio_s, status.speed) == (10.0, 5.0)
    assert status.memory_bytes > own_bytes and status.cpu_percent >= 0
