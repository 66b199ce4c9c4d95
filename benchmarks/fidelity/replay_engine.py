"""Whisper whose decodes are kept in a folder: ``benchmarks.fidelity.replay_engine:create``.

Settings: ``kept``, the folder of decodes; ``folder``, that of the model; and ``tally``, a file that grows by a
byte with each decode that is made.

A decode that the folder has is answered after its CPU time divided by ``CORES``. Takes therefore end as on a quiet
computer of two cores, even if this one is busy. Other decodes are made, and take as long as they do.
"""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from protocol.engine import DecodeOutcome, DecodeRequest, Engine, EngineInfo, EngineSettings
from worker.engines.whisper import engine

CORES: Final = 2
KEPT: Final = "kept"
TALLY: Final = "tally"


class KeptDecode(msgspec.Struct):
    """An outcome and the CPU time that it took."""

    outcome: DecodeOutcome
    cpu_s: float


class ReplayEngine:
    """Engine that decodes each request once, and answers it from the folder from then on."""

    def __init__(self, engine: Engine, folder: Path, tally: Path) -> None:
        self._engine, self._folder, self._tally = engine, folder, tally
        folder.mkdir(parents=True, exist_ok=True)

    def info(self) -> EngineInfo:
        """Describe the engine that decodes."""
        return self._engine.info()

    def decode(self, batch: Sequence[DecodeRequest]) -> Sequence[DecodeOutcome]:
        """Answer the requests one after the other."""
        return [self._one(request) for request in batch]

    def close(self) -> None:
        """Close the engine that decodes."""
        self._engine.close()

    def _one(self, request: DecodeRequest) -> DecodeOutcome:
        place = self._folder / f"{hashlib.sha256(msgspec.json.encode(request)).hexdigest()[:24]}.json"
        if place.exists():
            kept = msgspec.json.decode(place.read_bytes(), type=KeptDecode)
            time.sleep(kept.cpu_s / CORES)
            return kept.outcome
        with self._tally.open("ab") as tally:
            tally.write(b".")
        begun = time.process_time()
        (outcome,) = self._engine.decode([request])
        place.write_bytes(msgspec.json.encode(KeptDecode(outcome, time.process_time() - begun)))
        return outcome


def create(settings: EngineSettings) -> ReplayEngine:
    """Create the engine (entry point)."""
    extra = dict(settings.extra)
    folder, tally = Path(extra.pop(KEPT)), Path(extra.pop(TALLY))
    model = extra.pop("folder")  # the worker knows no model of an engine that it does not know
    used = replace(settings, engine="whisper", model=Path(model).name, model_folder=model, extra=extra)
    return ReplayEngine(engine.create(used), folder, tally)
