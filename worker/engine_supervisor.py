"""Keeps an engine process at hand: starts it, starts another when it is gone or has grown too large.

What it may take of a GPU is its own business where it can keep to that; else it is measured, where that can be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from protocol.engine import DecodeOutcome, DecodeRequest, EngineInfo, EngineSettings, EngineUnavailable
from runtime import logger_names
from worker.engine_process import EngineProcess
from worker.errors import EngineDied, EngineTimedOut
from worker.gpu import Gpu

log = structlog.get_logger(logger_names.WORKER_ENGINE_SUPERVISOR)

_MIB: Final = 1 << 20


@dataclass(frozen=True)
class EngineLimits:
    """``memory_growth``: bytes over what the engine needs after loading, at which a fresh process takes over."""

    load_s: float = 300.0
    memory_growth: int = 1 << 30


class EngineSupervisor:
    """The engine of this worker. ``ready`` before each ``decode``; ``close`` ends its process.

    ``loads``: how many processes it had.
    """

    def __init__(self, settings: EngineSettings, limits: EngineLimits, gpu: Gpu | None = None) -> None:
        self._settings = settings
        self._limits = limits
        self._gpu = gpu or Gpu()
        self._warned = False
        self._engine: EngineProcess | None = None
        self._loaded_bytes = 0
        self.loads = 0

    @property
    def info(self) -> EngineInfo:
        """What is loaded; what was asked for, while nothing is."""
        if engine := self._engine:  # may be asked by another thread
            return engine.info
        return EngineInfo(self._settings.engine, self._settings.model, self._settings.device)

    async def ready(self) -> EngineInfo:
        """Have a loaded engine. Raises ``EngineUnavailable`` when none can be had, else an ``EngineFault``."""
        if self._engine and self._engine.memory_bytes() > self._loaded_bytes + self._limits.memory_growth:
            log.warning("the engine has grown too large: starting another", bytes=self._engine.memory_bytes())
            await self.close()
        elif self._engine and (taken := self._over(self._engine)):
            log.warning("the engine takes too much GPU memory: starting another", mib=taken // _MIB)
            await self.close()
        if self._engine is None:
            self._engine = await EngineProcess.start(self._settings, self._limits.load_s)
            self.loads += 1
            await self._check_gpu_memory(self._engine)
            self._loaded_bytes = self._engine.memory_bytes()
            log.info("engine loaded", engine=self.info.engine, model=self.info.model, device=self.info.device)
        return self._engine.info

    async def decode(self, batch: Sequence[DecodeRequest], deadline_s: float) -> Sequence[DecodeOutcome]:
        """One outcome per request. Raises an ``EngineFault``; call ``ready`` before asking again."""
        if self._engine is None:
            raise EngineDied("no engine is loaded")
        try:
            return await self._engine.decode(batch, deadline_s)
        except (EngineDied, EngineTimedOut):
            self._engine = None
            raise

    @property
    def pid(self) -> int | None:
        """Of the engine's process, while there is one."""
        engine = self._engine
        return engine.pid if engine else None

    def memory_bytes(self) -> int:
        """Resident memory of the engine's process."""
        return self._engine.memory_bytes() if self._engine else 0

    def cpu_percent(self) -> float:
        """Of one core, since the last call."""
        return self._engine.cpu_percent() if self._engine else 0.0

    async def close(self) -> None:
        """End the engine's process. Safe to call twice."""
        engine, self._engine = self._engine, None
        if engine:
            await engine.close()

    def _over(self, engine: EngineProcess) -> int:
        """Bytes that it has of a GPU, if that is more than it may; 0: it is not, or nobody can tell."""
        most, info = self._settings.gpu_memory_mb * _MIB, engine.info
        if not most or info.keeps_gpu_memory or not info.device.startswith("cuda"):
            return 0
        taken = self._gpu.memory_of(info.device, engine.pid)
        if taken is None and not self._warned:
            self._warned = True
            log.warning("GPU memory cannot be measured here: its limit does not hold", do="install nvidia-ml-py")
        return taken if taken is not None and taken > most else 0

    async def _check_gpu_memory(self, engine: EngineProcess) -> None:
        """Raises ``EngineUnavailable``: a fresh one takes more than it may, and another one would too."""
        if taken := self._over(engine):
            await self.close()
            raise EngineUnavailable(
                f"{engine.info.model or engine.info.engine} takes {taken // _MIB} MiB of GPU memory and may take "
                f"{self._settings.gpu_memory_mb}: allow it more, choose a smaller model, or --device cpu"
            )
