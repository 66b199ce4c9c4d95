"""Streaming engine for tests: its text has one word per second, like that of ``ruler_engine`` for a whole segment.

Each second is taken once, so the cost of an utterance is its length. ``--set log=FILE`` writes a line per call:
the samples of each piece.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from protocol.engine import EngineInfo, EnginePiece, EngineSettings

STREAMING_ENGINE: Final = "tests.helpers.streaming_engine:create"
MODEL: Final = "live"
_SECOND: Final = SAMPLE_RATE * BYTES_PER_SAMPLE


class StreamingRuler:
    """Engine that follows any audio at once."""

    def __init__(self, settings: EngineSettings) -> None:
        self._log = Path(settings.extra["log"]) if "log" in settings.extra else None
        self._slots = int(settings.extra.get("sessions", "64"))
        self._left: dict[int, bytes] = {}
        self._words: dict[int, list[str]] = {}

    def info(self) -> EngineInfo:
        """Return the engine's information; no model is loaded."""
        return EngineInfo("streaming-ruler", MODEL, "cpu", slots=self._slots)

    def feed(self, pieces: Sequence[EnginePiece]) -> Sequence[str]:
        """Return a word for each whole second of each utterance."""
        if self._log is not None:
            with self._log.open("a") as log:
                log.write(" ".join(str(len(piece.pcm) // BYTES_PER_SAMPLE) for piece in pieces) + "\n")
        return [self._fed(piece) for piece in pieces]

    def drop(self, ids: Sequence[int]) -> None:
        """Forget the words of these utterances."""
        for one in ids:
            self._left.pop(one, None)
            self._words.pop(one, None)

    def close(self) -> None:
        """Do nothing: the engine holds no resources."""

    def _fed(self, piece: EnginePiece) -> str:
        pcm, words = self._left.get(piece.id, b"") + piece.pcm, self._words.setdefault(piece.id, [])
        while len(pcm) >= _SECOND:
            words.append(hashlib.sha256(pcm[:_SECOND]).hexdigest()[:8])
            pcm = pcm[_SECOND:]
        self._left[piece.id] = pcm
        return " ".join(words)


def create(settings: EngineSettings) -> StreamingRuler:
    """Create the engine; its settings are those above."""
    return StreamingRuler(settings)
