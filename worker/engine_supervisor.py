"""Keeps an engine process at hand: starts it, starts another when it is gone or has grown too large."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import structlog

from protocol.engine import DecodeOutcome, DecodeRequest, EngineInfo, EngineSettings, EngineUnavailable
from worker.engine_process import EngineProcess
from worker.errors import EngineDied, EngineFault, EngineTimedOut

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class EngineLimits:
    """``memory_growth``: bytes over what the engine needs after loading, at which a fresh process takes over."""

    load_s: float = 300.0
    load_attempts: int = 3
    load_pause_s: float = 1.0
    memory_growth: int = 1 << 30


class EngineSupervisor:
    """The engine of this worker. ``ready`` before each ``decode``; ``close`` ends its process."""

    def __init__(self, settings: EngineSettings, limits: EngineLimits) -> None:
        self._settings = settings
        self._limits = limits
        self._engine: EngineProcess | None = None
        self._loaded_bytes = 0

    @property
    def info(self) -> EngineInfo:
        """What is loaded; what was asked for, while nothing is."""
        if self._engine:
            return self._engine.info
        return EngineInfo(self._settings.engine, self._settings.model, self._settings.device)

    async def ready(self) -> EngineInfo:
        """Have a loaded engine. Raises ``EngineUnavailable`` when none can be had."""
        if self._engine and self._engine.memory_bytes() > self._loaded_bytes + self._limits.memory_growth:
            log.warning("the engine has grown too large: starting another", bytes=self._engine.memory_bytes())
            await self.close()
        if self._engine is None:
            self._engine = await self._load()
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

    async def _load(self) -> EngineProcess:
        for attempt in count(1):
            try:
                return await EngineProcess.start(self._settings, self._limits.load_s)
            except EngineFault as fault:
                log.error("the engine did not load", attempt=attempt, reason=str(fault))
                if attempt >= self._limits.load_attempts:
                    text = f"the engine {self._settings.engine} cannot be loaded: {fault}"
                    raise EngineUnavailable(text) from fault
            await asyncio.sleep(self._limits.load_pause_s * attempt)
        raise AssertionError("count ends never")
