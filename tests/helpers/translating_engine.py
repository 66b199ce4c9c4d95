"""An engine that translates: ``tests.helpers.translating_engine:create``. Its texts are digests of the audio."""

from collections.abc import Sequence

from loadtest.core.checksum import checksum
from protocol.engine import DecodeOutcome, DecodeRequest, EngineInfo, EngineSettings, Transcript

ENGINE = "tests.helpers.translating_engine:create"


def translation(digest: str) -> str:
    """Return the translation of a digest."""
    return digest[::-1]


class TranslatingEngine:
    """The engine, which can do both tasks."""

    def info(self) -> EngineInfo:
        """Return the engine's information; no model is loaded."""
        return EngineInfo("translating", "translating", "cpu", ("en", "zh"), translates=True)

    def decode(self, batch: Sequence[DecodeRequest]) -> Sequence[DecodeOutcome]:
        """Return the digest of each segment, or its translation."""
        return [self._one(request) for request in batch]

    def close(self) -> None:
        """Do nothing: the engine holds no resources."""

    def _one(self, request: DecodeRequest) -> Transcript:
        digest = checksum(request.pcm)
        return Transcript(translation(digest) if request.options.task == "translate" else digest, "en")


def create(settings: EngineSettings) -> TranslatingEngine:
    """Create the engine, which has no settings."""
    return TranslatingEngine()
