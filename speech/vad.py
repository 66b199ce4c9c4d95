"""Voice activity detection: the detector interface, its events, and the choice of a detector."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE
from speech.errors import VadUnavailable

ENDPOINT_SILENCE_MS: Final = 600
LOOKBACK: Final = SAMPLE_RATE // 2
"""Most samples between ``SpeechStarted.at`` and ``known``."""


@dataclass(frozen=True, slots=True)
class _Event:
    at: int
    known: int = 0


class SpeechStarted(_Event):
    """Start of speech ``at`` this sample, counted from the start of the stream.

    ``known``, in every event: samples that were needed to detect it (0: not stated). It does not depend on how the
    samples were cut into chunks.
    """


class SpeechPaused(_Event):
    """Silence since ``at``: the speech ends there, unless it resumes before the endpoint."""


class SpeechResumed(_Event):
    """End of a pause. ``at``: where speech was detected again."""


class SpeechEnded(_Event):
    """End of speech ``at`` this sample (the first one after the speech)."""


VadEvent = SpeechStarted | SpeechPaused | SpeechResumed | SpeechEnded


class Vad(Protocol):
    """Detector of speech boundaries in a stream of 16 kHz samples, in chunks of any size."""

    @property
    def name(self) -> str:
        """Name of the detector in use."""
        ...

    @property
    def reason(self) -> str:
        """Reason why a better detector is not used; empty for the best."""
        ...

    def accept(self, samples: NDArray[np.int16]) -> list[VadEvent]:
        """Process samples; return the resulting events, oldest first."""
        ...

    def finish(self) -> list[VadEvent]:
        """End the stream: unfinished speech ends here. Only ``reset`` may follow."""
        ...

    def reset(self) -> None:
        """Begin a new stream at sample 0."""
        ...


class GroupVad(Vad, Protocol):
    """Detector that can be used together with others of its class."""

    @classmethod
    def accept_all(cls, vads: Sequence[Any], samples: Sequence[NDArray[np.int16]]) -> list[list[VadEvent]]:
        """Let each of these detectors process its samples, together if that costs less."""
        ...


def open_vad(model_folder: Path | None, endpoint_silence_ms: int = ENDPOINT_SILENCE_MS) -> GroupVad:
    """Open FSMN-VAD from ``model_folder``, else WebRTC's detector with the ``reason``."""
    from speech.webrtc_vad import WebRtcVad  # imported here because these modules need the events above

    try:
        if model_folder is None:
            raise VadUnavailable("no model folder is given")
        from speech.fsmn_vad import FsmnVad  # imported here because its libraries may be missing or broken

        return FsmnVad(model_folder, endpoint_silence_ms)
    except (VadUnavailable, ImportError) as error:
        return WebRtcVad(endpoint_silence_ms, reason=str(error))
