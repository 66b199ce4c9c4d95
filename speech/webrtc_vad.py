"""WebRTC's voice activity detector with the same endpoint rules.

It needs no model, but mistakes noise for speech more often than FSMN-VAD.
"""

from collections.abc import Sequence
from typing import Final, Self

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from speech.endpointing import EndpointDetector, FrameClock, rules_for
from speech.vad import ENDPOINT_SILENCE_MS, VadEvent

_FRAME: Final = SAMPLE_RATE // 100
_CLOCK: Final = FrameClock(shift=_FRAME, latency=_FRAME)
_AGGRESSIVENESS: Final = 2  # of 0 to 3: how readily a frame counts as silence


class WebRtcVad:
    """Fallback detector that always loads. ``reason`` says why it is used."""

    name = "webrtc-vad"

    def __init__(self, endpoint_silence_ms: int = ENDPOINT_SILENCE_MS, reason: str = "") -> None:
        self.reason = reason
        self._rules = rules_for(endpoint_silence_ms)
        self.reset()

    def reset(self) -> None:
        """Begin a new stream at sample 0."""
        self._detector = webrtcvad.Vad(_AGGRESSIVENESS)
        self._endpoints = EndpointDetector(self._rules, _CLOCK)
        self._pending = b""
        self._samples = 0

    def accept(self, samples: NDArray[np.int16]) -> list[VadEvent]:
        """Process samples; return the resulting events, oldest first."""
        self._samples += len(samples)
        pcm = self._pending + samples.tobytes()
        step = _FRAME * BYTES_PER_SAMPLE
        whole = len(pcm) // step * step
        self._pending = pcm[whole:]
        frames = (pcm[at : at + step] for at in range(0, whole, step))
        speech = [self._detector.is_speech(frame, SAMPLE_RATE) for frame in frames]
        return self._endpoints.accept(np.array(speech, np.bool_))

    @classmethod
    def accept_all(cls, vads: Sequence[Self], samples: Sequence[NDArray[np.int16]]) -> list[list[VadEvent]]:
        """Let each detector process its samples."""
        return [vad.accept(some) for vad, some in zip(vads, samples, strict=True)]

    def finish(self) -> list[VadEvent]:
        """End the stream: unfinished speech ends here."""
        return self._endpoints.finish(self._samples)
