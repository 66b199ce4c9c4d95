"""An engine that guesses languages, badly for short segments: ``tests.helpers.language_engine:create``."""

from collections.abc import Sequence
from typing import Final

from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from protocol.engine import DecodeOutcome, DecodeRequest, EngineInfo, EngineSettings, Transcript

ENGINE = "tests.helpers.language_engine:create"
MODEL: Final = "guesser"
_SHORT: Final = 2 * SAMPLE_RATE * BYTES_PER_SAMPLE
_TEXTS: Final = {"zh": "中文", "en": "English", "ko": "한국어"}


class LanguageEngine:
    """The engine: without a language, long segments are Chinese, and short ones Korean."""

    def info(self) -> EngineInfo:
        """Return the engine's information; no model is loaded."""
        return EngineInfo("languages", MODEL, "cpu", tuple(_TEXTS), needs_context=True)

    def decode(self, batch: Sequence[DecodeRequest]) -> Sequence[DecodeOutcome]:
        """Return a text in the language of each segment."""
        return [self._one(request) for request in batch]

    def close(self) -> None:
        """Do nothing: the engine holds no resources."""

    def _one(self, request: DecodeRequest) -> Transcript:
        language = request.options.language
        if language == "auto":
            language = "zh" if len(request.pcm) >= _SHORT else "ko"
        return Transcript(_TEXTS[language], language)


def create(settings: EngineSettings) -> LanguageEngine:
    """Create the engine, which has no settings."""
    return LanguageEngine()
