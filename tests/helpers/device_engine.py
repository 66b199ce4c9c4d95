"""An engine that claims to run on the device of its settings: ``tests.helpers.device_engine:create``.

With the model ``other`` its text depends on the device; with ``refuses`` it recognises nothing.
"""

from collections.abc import Sequence

from protocol.engine import DecodeFailure, DecodeOutcome, DecodeRequest, EngineInfo, EngineSettings, Transcript
from protocol.errors import ErrorCode

ENGINE = "tests.helpers.device_engine:create"


class DeviceEngine:
    """Engine whose text depends on its settings alone."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings

    def info(self) -> EngineInfo:
        return EngineInfo("device", self._settings.model, self._settings.device)

    def decode(self, batch: Sequence[DecodeRequest]) -> Sequence[DecodeOutcome]:
        if self._settings.model == "refuses":
            return [DecodeFailure(ErrorCode.AUDIO_INVALID, "not now")] * len(batch)
        return [Transcript(self._settings.device if self._settings.model == "other" else "text")] * len(batch)

    def close(self) -> None:
        pass


def create(settings: EngineSettings) -> DeviceEngine:
    return DeviceEngine(settings)
