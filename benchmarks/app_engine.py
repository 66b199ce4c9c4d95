"""Engine that returns as many words as fit into the audio's length: ``benchmarks.app_engine:create``.

Decoding takes no time. As a segment grows, the words of its beginning stay the same, as with a good engine.
"""

import zlib
from collections.abc import Sequence
from typing import Final

from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from protocol.engine import DecodeOutcome, DecodeRequest, EngineInfo, EngineSettings, Transcript
from tests.helpers.recordings import synthetic

_WORDS_PER_S: Final = 2.5
_HAN_PER_S: Final = 4.0
_HEAD: Final = SAMPLE_RATE // 2 * BYTES_PER_SAMPLE


class WordsEngine:
    """Engine whose text depends on a checksum of the segment's first half second."""

    def __init__(self) -> None:
        self._texts = [recording.text for recording in synthetic()]

    def info(self) -> EngineInfo:
        """Describe the engine; there is nothing to load."""
        return EngineInfo("words", "words", "cpu", slots=1)

    def decode(self, batch: Sequence[DecodeRequest]) -> Sequence[DecodeOutcome]:
        """Return as many words as fit into each segment."""
        return [Transcript(self._text(request.pcm)) for request in batch]

    def close(self) -> None:
        """Do nothing: no resources are held."""

    def _text(self, pcm: bytes) -> str:
        first = zlib.crc32(pcm[:_HEAD]) % len(self._texts)
        seconds = len(pcm) / BYTES_PER_SAMPLE / SAMPLE_RATE
        texts: list[str] = []
        for number in range(len(self._texts)):
            text = self._texts[(first + number) % len(self._texts)]
            words = text.split() if text.isascii() else list(text)
            rate = _WORDS_PER_S if text.isascii() else _HAN_PER_S
            fitting = words[: round(seconds * rate)]
            texts.append((" " if text.isascii() else "").join(fitting))
            seconds -= len(fitting) / rate
            if len(fitting) < len(words):
                break
        return " ".join(texts).strip()


def create(settings: EngineSettings) -> WordsEngine:
    """Create the engine (entry point)."""
    return WordsEngine()
