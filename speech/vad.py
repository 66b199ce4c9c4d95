"""Voice activity detection: what a detector is, what it tells, and which one can be had here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE
from speech.errors import VadUnavailable

ENDPOINT_SILENCE_MS: Final = 600
LOOKBACK: Final = SAMPLE_RATE // 2
"""``SpeechStarted.at`` is at most this many samples before ``known``."""


@dataclass(frozen=True, slots=True)
class _Event:
    at: int
    known: int = 0


class SpeechStarted(_Event):
    """Speech begins ``at`` this sample, counted from the start of the stream.

    ``known``, in every event: how many samples had to come before this could be told (0: not stated). It does not
    depend on how the samples were cut into chunks.
    """


class SpeechPaused(_Event):
    """Silence since ``at``: the speech ends there, unless it resumes before the endpoint."""


class SpeechResumed(_Event):
    """The pause was no end. ``at``: where this became clear."""


class SpeechEnded(_Event):
    """The speech ended ``at`` this sample (the first one after it)."""


VadEvent = SpeechStarted | SpeechPaused | SpeechResumed | SpeechEnded


class Vad(Protocol):
    """Finds where speech begins and ends in a stream of 16 kHz samples, in chunks of any size."""

    @property
    def name(self) -> str:
        """Which detector this is."""
        ...

    @property
    def reason(self) -> str:
        """Why it is this one and not the better one; empty for the best."""
        ...

    def accept(self, samples: NDArray[np.int16]) -> list[VadEvent]:
        """What these samples make known, oldest first."""
        ...

    def finish(self) -> list[VadEvent]:
        """The stream ends here: speech that goes on ends with it. Only ``reset`` may follow."""
        ...

    def reset(self) -> None:
        """Begin a new stream at sample 0."""
        ...


def open_vad(model_folder: Path | None, endpoint_silence_ms: int = ENDPOINT_SILENCE_MS) -> Vad:
    """FSMN-VAD from ``model_folder``, or WebRTC's detector with the ``reason`` why not."""
    from speech.webrtc_vad import WebRtcVad  # these modules need the events above

    try:
        if model_folder is None:
            raise VadUnavailable("no model folder is given")
        from speech.fsmn_vad import FsmnVad  # its libraries may be missing or broken on this computer

        return FsmnVad(model_folder, endpoint_silence_ms)
    except (VadUnavailable, ImportError) as error:
        return WebRtcVad(endpoint_silence_ms, reason=str(error))
