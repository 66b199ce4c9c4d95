"""Worker status for the heartbeat."""

import socket
from typing import Final

import psutil

from protocol.monitor import WorkerState, WorkerStatus
from worker.core.pace import Pace
from worker.supervision.engine_supervisor import EngineSupervisor
from worker.supervision.gpu import Gpu

_LONGEST_PROBLEM: Final = 300


class StatusReport:
    """Counters of this worker, and measurements of its process, its engine and its GPU."""

    def __init__(self, worker: str, engine: EngineSupervisor, pace: Pace, gpu: Gpu | None = None) -> None:
        self.state = WorkerState.STARTING
        self.busy = 0
        self.done = 0
        self.failed = 0
        self.audio_s = 0.0
        self.problem = ""
        self._worker = worker
        self._engine = engine
        self._pace = pace
        self._process = psutil.Process()
        self._gpu = gpu or Gpu()

    def status(self) -> WorkerStatus:
        """Return the current status."""
        info = self._engine.info
        gpu = self._gpu.use(info.device)
        return WorkerStatus(
            worker=self._worker,
            host=socket.gethostname(),
            engine=info.engine,
            model=info.model,
            device=info.device,
            state=self.state,
            slots=info.slots,
            busy=self.busy,
            languages=info.languages,
            done=self.done,
            failed=self.failed,
            audio_s=round(self.audio_s, 3),
            speed=round(self._pace.speed, 3),
            cpu_percent=round(self._process.cpu_percent() + self._engine.cpu_percent(), 1),
            memory_bytes=self._process.memory_info().rss + self._engine.memory_bytes(),
            gpu_percent=gpu.percent,
            gpu_memory_bytes=gpu.memory_bytes,
            problem=self.problem[:_LONGEST_PROBLEM],
            needs_context=info.needs_context,
            translates=info.translates,
        )
