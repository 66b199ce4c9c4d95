"""The digits model with planned faults at chosen segments: ``tests.helpers.faulty_digits:create``.

The setting ``faults`` names a folder in which each file is a planned fault. Its name is the digest of the
segment, its content the fault's name. The file is deleted when the fault happens, so it happens once in any
worker.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from protocol.engine import DecodeFailure, DecodeOutcome, DecodeRequest, Engine, EngineInfo, EngineSettings
from tests.helpers.fault_engines import Fault, FaultEngine, pcm
from worker.engines.funasr import create as create_funasr

ENGINE = "tests.helpers.faulty_digits:create"


def plan(folder: Path, segment: bytes, fault: Fault) -> None:
    """Plan this fault for the next decoding of this segment."""
    (folder / _digest(segment)).write_text(fault.name)


class FaultyDigits:
    """The wrapped engine, except for planned faults."""

    def __init__(self, engine: Engine, faults: Engine, planned: Path) -> None:
        self._engine = engine
        self._faults = faults
        self._planned = planned

    def info(self) -> EngineInfo:
        """Return the information of the wrapped engine."""
        return self._engine.info()

    def decode(self, batch: Sequence[DecodeRequest]) -> Sequence[DecodeOutcome]:
        """Decode with the wrapped engine, unless a fault was planned."""
        met = self._faults.decode([DecodeRequest(pcm(self._next_fault(request.pcm))) for request in batch])
        outcomes = self._engine.decode(batch)
        return [
            fault if isinstance(fault, DecodeFailure) else text for fault, text in zip(met, outcomes, strict=True)
        ]

    def close(self) -> None:
        """Release the wrapped engine's model."""
        self._engine.close()

    def _next_fault(self, segment: bytes) -> Fault:
        planned = self._planned / _digest(segment)
        try:
            fault = Fault[planned.read_text()]
            planned.unlink()
        except FileNotFoundError:  # no fault, or another worker took it
            return Fault.NONE
        return fault


def _digest(segment: bytes) -> str:
    return hashlib.sha256(segment).hexdigest()


def create(settings: EngineSettings) -> FaultyDigits:
    """Create the engine from its settings."""
    extra = dict(settings.extra)
    planned = Path(extra.pop("faults"))
    return FaultyDigits(create_funasr(replace(settings, extra=extra)), FaultEngine(settings), planned)
