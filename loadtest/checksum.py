"""Checksum engine: the "recognised" text of a segment is a digest of its exact samples.

A sample lost, doubled or moved anywhere between a microphone and a worker changes the text, and thousands of
sessions can be recognised without a model. The engine sleeps as long as one with its real-time factor would work.

Extra settings: ``rtf`` (default 0: no sleep) and ``slots`` (requests per batch, default 1).
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Final

from protocol.audio import BYTES_PER_SAMPLE, samples_to_seconds
from protocol.engine import DecodeOutcome, DecodeRequest, EngineInfo, EngineSettings, EngineUnavailable, Transcript

NAME: Final = "checksum"
_HEX_DIGITS: Final = 16


def checksum(*pcm: bytes | memoryview) -> str:
    """Return the text of the concatenated ``pcm``: the first 16 hexadecimal digits of its SHA-256."""
    digest = hashlib.sha256()
    for piece in pcm:
        digest.update(piece)
    return digest.hexdigest()[:_HEX_DIGITS]


class ChecksumEngine:
    """Engine that recognises any audio in ``rtf`` times its length."""

    def __init__(
        self, rtf: float = 0.0, slots: int = 1, model: str = "", sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._rtf = rtf
        self._info = EngineInfo(NAME, model or NAME, "cpu", slots=slots)
        self._sleep = sleep

    def info(self) -> EngineInfo:
        """Describe the engine; there is nothing to load."""
        return self._info

    def decode(self, batch: Sequence[DecodeRequest]) -> Sequence[DecodeOutcome]:
        """Return one digest per request, after the time that all would take one after the other."""
        seconds = sum(samples_to_seconds(len(request.pcm) // BYTES_PER_SAMPLE) for request in batch)
        if self._rtf:
            self._sleep(seconds * self._rtf)
        return [Transcript(checksum(request.pcm)) for request in batch]

    def close(self) -> None:
        """Do nothing: no resources are held."""


def create(settings: EngineSettings) -> ChecksumEngine:
    """Create the engine (entry point). Raises ``EngineUnavailable`` for an unknown or invalid extra setting."""
    extra = dict(settings.extra)
    try:
        rtf, slots = float(extra.pop("rtf", "0")), int(extra.pop("slots", "1"))
    except ValueError as error:
        raise EngineUnavailable(f"the checksum engine takes numbers as rtf and slots: {error}") from error
    if extra:
        raise EngineUnavailable(
            f"the checksum engine has no setting {', '.join(sorted(extra))}: only rtf and slots"
        )
    if not 0 <= rtf < float("inf") or slots < 1:
        raise EngineUnavailable("the checksum engine needs an rtf of 0 or more and at least one slot")
    return ChecksumEngine(rtf, slots, settings.model)
