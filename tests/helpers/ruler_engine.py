"""Engine whose text depends on all samples and is as long as the audio, so that spans are plausible."""

import hashlib
from collections.abc import Sequence
from typing import Final

from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from protocol.engine import DecodeOutcome, DecodeRequest, EngineInfo, EngineSettings, Transcript

ENGINE: Final = "tests.helpers.ruler_engine:create"
_SECOND: Final = SAMPLE_RATE * BYTES_PER_SAMPLE


def measured(pcm: bytes) -> str:
    """Return one word for each second of the audio: a digest of its samples."""
    seconds = (pcm[at : at + _SECOND] for at in range(0, len(pcm), _SECOND))
    return " ".join(hashlib.sha256(second).hexdigest()[:8] for second in seconds)


class RulerEngine:
    """Engine that recognises any audio at once."""

    def info(self) -> EngineInfo:
        """Return the engine's information; no model is loaded."""
        return EngineInfo("ruler", "ruler", "cpu")

    def decode(self, batch: Sequence[DecodeRequest]) -> Sequence[DecodeOutcome]:
        """Return the text of each segment."""
        return [Transcript(measured(request.pcm)) for request in batch]

    def close(self) -> None:
        """Do nothing: the engine holds no resources."""


def create(settings: EngineSettings) -> RulerEngine:
    """Create the engine, which has no settings."""
    return RulerEngine()
