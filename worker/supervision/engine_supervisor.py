"""Supervisor of the engine process: starts it, and replaces it when it died or uses too much memory.

Engines that support a GPU memory limit enforce it themselves; for all others the supervisor measures, if it can.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from protocol.engine import (
    DecodeOutcome,
    DecodeRequest,
    EngineInfo,
    EnginePiece,
    EngineSettings,
    EngineUnavailable,
)
from runtime import loggers
from runtime.event_names import LogEvent
from worker.core.errors import EngineDied, EngineTimedOut
from worker.supervision.engine_process import EngineProcess
from worker.supervision.gpu import Gpu

log = loggers.WORKER_ENGINE_SUPERVISOR

_MIB: Final = 1 << 20


@dataclass(frozen=True)
class EngineLimits:
    """Limits of the engine process: time to load, and memory growth.

    ``memory_growth``: bytes above the engine's use after loading, beyond which a fresh process replaces it.
    """

    load_s: float = 300.0
    memory_growth: int = 1 << 30


class EngineSupervisor:
    """Engine of this worker. Call ``ensure_loaded`` before ``decode`` or ``feed``; ``close`` ends its process.

    ``streams``: it recognises live text. ``loads``: number of engine processes started so far.
    """

    def __init__(
        self, settings: EngineSettings, limits: EngineLimits, gpu: Gpu | None = None, *, streams: bool = False
    ) -> None:
        self._settings = settings
        self._streams = streams
        self._limits = limits
        self._gpu = gpu or Gpu()
        self._warned = False
        self._engine: EngineProcess | None = None
        self._loaded_bytes = 0
        self.loads = 0

    @property
    def info(self) -> EngineInfo:
        """Description of the loaded engine; while none is loaded, of the requested one."""
        if engine := self._engine:  # may be called from another thread
            return engine.info
        return EngineInfo(self._settings.engine, self._settings.model, self._settings.device)

    async def ensure_loaded(self) -> EngineInfo:
        """Ensure that an engine is loaded.

        Raises ``EngineUnavailable`` if that is impossible, else an ``EngineFault``, also if it has ended since.
        """
        if self._engine and self._engine.ended:  # while it was idle
            engine, self._engine = self._engine, None
            raise await engine.end()
        if self._engine and self._engine.memory_bytes() > self._loaded_bytes + self._limits.memory_growth:
            log.warning(LogEvent.ENGINE_TOO_LARGE, bytes=self._engine.memory_bytes())
            await self.close()
        elif self._engine and (taken := self._over(self._engine)):
            log.warning(LogEvent.ENGINE_GPU_MEMORY_EXCEEDED, mib=taken // _MIB)
            await self.close()
        if self._engine is None:
            self._engine = await EngineProcess.start(self._settings, self._limits.load_s, self._streams)
            self.loads += 1
            await self._check_gpu_memory(self._engine)
            self._loaded_bytes = self._engine.memory_bytes()
            log.info(
                LogEvent.ENGINE_LOADED, engine=self.info.engine, model=self.info.model, device=self.info.device
            )
        return self._engine.info

    async def decode(self, batch: Sequence[DecodeRequest], deadline_s: float) -> Sequence[DecodeOutcome]:
        """Return one outcome per request. After an ``EngineFault`` the next call needs ``ensure_loaded`` first."""
        with self._running_engine() as engine:
            return await engine.decode(batch, deadline_s)

    async def feed(
        self, pieces: Sequence[EnginePiece], dropped: Sequence[int], deadline_s: float
    ) -> Sequence[str]:
        """Release states, and return the text of each piece's utterance. Raises as ``decode``."""
        with self._running_engine() as engine:
            return await engine.feed(pieces, dropped, deadline_s)

    @contextmanager
    def _running_engine(self) -> Iterator[EngineProcess]:
        if self._engine is None:
            raise EngineDied("no engine is loaded")
        try:
            yield self._engine
        except (EngineDied, EngineTimedOut):
            self._engine = None
            raise

    @property
    def pid(self) -> int | None:
        """Process id of the engine; ``None`` while no engine runs."""
        engine = self._engine
        return engine.pid if engine else None

    def memory_bytes(self) -> int:
        """Return the resident memory of the engine process, in bytes."""
        return self._engine.memory_bytes() if self._engine else 0

    def cpu_percent(self) -> float:
        """Return the engine's CPU use since the last call, in percent of one core."""
        return self._engine.cpu_percent() if self._engine else 0.0

    async def close(self) -> None:
        """End the engine's process. Safe to call twice."""
        engine, self._engine = self._engine, None
        if engine:
            await engine.close()

    def _over(self, engine: EngineProcess) -> int:
        """Return the engine's GPU memory in bytes if it exceeds its limit, else 0 (also if unknown)."""
        most, info = self._settings.gpu_memory_mb * _MIB, engine.info
        if not most or info.keeps_gpu_memory or not info.device.startswith("cuda"):
            return 0
        taken = self._gpu.memory_of(info.device, engine.pid)
        if taken is None and not self._warned:
            self._warned = True
            log.warning(LogEvent.GPU_MEMORY_UNKNOWN, do="install nvidia-ml-py")
        return taken if taken is not None and taken > most else 0

    async def _check_gpu_memory(self, engine: EngineProcess) -> None:
        """Raise ``EngineUnavailable`` if a new engine exceeds its limit, because another one would, too."""
        if taken := self._over(engine):
            await self.close()
            raise EngineUnavailable(
                f"{engine.info.model or engine.info.engine} takes {taken // _MIB} MiB of GPU memory and may take "
                f"{self._settings.gpu_memory_mb}: allow it more, choose a smaller model, or --device cpu"
            )
