"""Checksum engine: the "recognised" text of a segment is a digest of its exact samples.

A sample that is lost, doubled or moved anywhere between a microphone and a worker changes the text, and thousands
of sessions can be recognised without a model. The engine sleeps as long as a real one with its real-time factor
works.

Extra settings: ``rtf`` (default 0: no sleep), ``slots`` (requests per batch, default 1) and ``share`` (cost of
each further request of a batch, as a share of its longest; default 1: a batch saves nothing). With ``--device
cuda`` the engine claims to use a graphics card, and so gets batches as one gets them; nothing else changes.
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
    for part in pcm:
        digest.update(part)
    return digest.hexdigest()[:_HEX_DIGITS]


class ChecksumEngine:
    """Engine that recognises any audio in ``rtf`` times its length; ``info``: its description."""

    def __init__(
        self,
        rtf: float = 0.0,
        share: float = 1.0,
        info: EngineInfo | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rtf = rtf
        self._share = share
        self._info = info or EngineInfo(NAME, NAME, "cpu")
        self._sleep = sleep

    def info(self) -> EngineInfo:
        """Describe the engine; there is nothing to load."""
        return self._info

    def decode(self, batch: Sequence[DecodeRequest]) -> Sequence[DecodeOutcome]:
        """Return one digest per request, after the time that the batch would take."""
        seconds = [samples_to_seconds(len(request.pcm) // BYTES_PER_SAMPLE) for request in batch]
        longest = max(seconds, default=0.0)
        if self._rtf:
            self._sleep((longest + self._share * (sum(seconds) - longest)) * self._rtf)
        return [Transcript(checksum(request.pcm)) for request in batch]

    def close(self) -> None:
        """Do nothing: no resources are held."""


def create(settings: EngineSettings) -> ChecksumEngine:
    """Create the engine (entry point). Raises ``EngineUnavailable`` for an unknown or invalid extra setting."""
    extra = dict(settings.extra)
    try:
        rtf, slots = float(extra.pop("rtf", "0")), int(extra.pop("slots", "1"))
        share = float(extra.pop("share", "1"))
    except ValueError as error:
        raise EngineUnavailable(f"the checksum engine takes numbers as rtf, slots and share: {error}") from error
    if extra:
        raise EngineUnavailable(
            f"the checksum engine has no setting {', '.join(sorted(extra))}: only rtf, slots and share"
        )
    if not 0 <= rtf < float("inf") or slots < 1 or not 0 <= share <= 1:
        raise EngineUnavailable(
            "the checksum engine needs an rtf of 0 or more, at least one slot, and a share from 0 to 1"
        )
    device = "cpu" if settings.device == "auto" else settings.device
    return ChecksumEngine(rtf, share, EngineInfo(NAME, settings.model or NAME, device, slots=slots))
