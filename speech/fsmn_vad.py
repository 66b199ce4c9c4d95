"""FSMN-VAD (Zhang et al. 2018, arXiv 1803.05030; FunASR's 0.4 M parameter model) run by ONNX Runtime.

The model folder holds ``model.onnx`` and ``am.mvn``. The network gives 248 class probabilities per 10 ms frame;
class 0 is silence, all other classes are speech. Four caches carry its memory from chunk to chunk. Chunks of
several streams can be processed in one call, with the same results.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as onnx_errors

from speech.endpointing import EndpointDetector, FrameClock, rules_for
from speech.errors import VadUnavailable
from speech.features import FRAME_SHIFT, LATENCY, Features, FeatureStream, Samples, load_cmvn
from speech.onnx_batch import free_batch_dimension
from speech.vad import ENDPOINT_SILENCE_MS, VadEvent

SPEECH_NOISE_THRESHOLD: Final = 0.6
"""A frame is speech when its speech probability exceeds that of silence by this much (``speech_noise_thres``)."""

_CLOCK: Final = FrameClock(FRAME_SHIFT, LATENCY)
_SPEECH_FROM: Final = (1 + SPEECH_NOISE_THRESHOLD) / 2
_CACHE_SHAPE: Final = (1, 128, 19, 1)
_CACHES: Final = 4
_INPUTS: Final = ["speech", *(f"in_cache{number}" for number in range(_CACHES))]
_LOAD_ERRORS: Final = (
    onnx_errors.Fail,
    onnx_errors.InvalidArgument,
    onnx_errors.InvalidGraph,
    onnx_errors.InvalidProtobuf,
    onnx_errors.NoSuchFile,
    onnx_errors.NotImplemented,
    onnx_errors.RuntimeException,
)


class FsmnNetwork:
    """Neural network with its memory of one stream. Streams of the same file share its weights."""

    def __init__(self, path: Path) -> None:
        try:
            changed_ns = path.stat().st_mtime_ns
        except OSError as error:
            raise _unusable(path, error) from error
        self._session = _open_session(path, changed_ns)
        self.reset()

    def reset(self) -> None:
        """Clear the memory of the stream."""
        self._caches = [np.zeros(_CACHE_SHAPE, np.float32)] * _CACHES

    def speech(self, features: Features) -> NDArray[np.float32]:
        """Return the probability of speech in each frame of [frames, 400]."""
        return self.speech_of_all([self], [features])[0]

    @classmethod
    def speech_of_all(cls, networks: Sequence[Self], features: Sequence[Features]) -> list[NDArray[np.float32]]:
        """Return the probabilities of several streams of one file; streams of equal length share one run."""
        found = [np.empty(0, np.float32)] * len(networks)
        by_length: dict[int, list[int]] = {}
        for place, frames in enumerate(features):
            by_length.setdefault(len(frames), []).append(place)
        by_length.pop(0, None)
        for places in by_length.values():
            speech = cls._run(
                [networks[place] for place in places], np.stack([features[place] for place in places])
            )
            for place, probabilities in zip(places, speech, strict=True):
                found[place] = probabilities
        return found

    @classmethod
    def _run(cls, networks: Sequence[Self], features: Features) -> NDArray[np.float32]:
        """Return [streams, frames] for [streams, frames, 400]."""
        caches = networks[0]._caches
        if len(networks) > 1:
            caches = [np.concatenate(some) for some in zip(*(one._caches for one in networks), strict=True)]
        inputs = dict(zip(_INPUTS, (features, *caches), strict=True))
        scores, *caches = networks[0]._session.run(None, inputs)
        for row, one in enumerate(networks):  # copies: a view would keep the caches of all others
            one._caches = [some[row : row + 1].copy() for some in caches] if len(networks) > 1 else caches
        speech: NDArray[np.float32] = 1 - scores[:, :, 0]
        return speech


@lru_cache(maxsize=2)  # saves some 4 MB and 20 ms for each stream of a gateway
def _open_session(path: Path, changed_ns: int) -> Any:
    """Return the session of this version of a file; sessions may be used by several threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        model = free_batch_dimension(path.read_bytes())
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except (*_LOAD_ERRORS, OSError, ValueError) as error:
        raise _unusable(path, error) from error
    if [value.name for value in session.get_inputs()] != _INPUTS:
        raise VadUnavailable(f"{path} is not a streaming FSMN-VAD; get the model again")
    return session


def _unusable(path: Path, error: Exception) -> VadUnavailable:
    return VadUnavailable(f"{path} is missing or damaged; get the model again: {error}")


class FsmnVad:
    """FSMN-VAD with FunASR's endpoint rules. Raises ``VadUnavailable`` if the model cannot be loaded."""

    name = "fsmn-vad"
    reason = ""

    def __init__(self, model_folder: Path, endpoint_silence_ms: int = ENDPOINT_SILENCE_MS) -> None:
        self._rules = rules_for(endpoint_silence_ms)
        self._cmvn = load_cmvn(model_folder / "am.mvn")
        self._network = FsmnNetwork(model_folder / "model.onnx")
        self.reset()

    def reset(self) -> None:
        """Begin a new stream at sample 0."""
        self._features = FeatureStream(self._cmvn)
        self._network.reset()
        self._endpoints = EndpointDetector(self._rules, _CLOCK)
        self._samples = 0

    def accept(self, samples: Samples) -> list[VadEvent]:
        """Process samples; return the resulting events, oldest first."""
        return self._endpoints.accept(self.probabilities(samples) >= _SPEECH_FROM)

    @classmethod
    def accept_all(cls, vads: Sequence[Self], samples: Sequence[Samples]) -> list[list[VadEvent]]:
        """Let each detector process its samples; detectors with the same model work together."""
        for vad, some in zip(vads, samples, strict=True):
            vad._samples += len(some)
        features = [vad._features.accept(some) for vad, some in zip(vads, samples, strict=True)]
        speech = FsmnNetwork.speech_of_all([vad._network for vad in vads], features)
        return [vad._endpoints.accept(some >= _SPEECH_FROM) for vad, some in zip(vads, speech, strict=True)]

    def finish(self) -> list[VadEvent]:
        """End the stream: unfinished speech ends here."""
        events = self._endpoints.accept(self.last_probabilities() >= _SPEECH_FROM)
        events = [replace(event, known=min(event.known, self._samples)) for event in events]
        return events + self._endpoints.finish(self._samples)

    def probabilities(self, samples: Samples) -> NDArray[np.float32]:
        """Return the speech probability of each frame that ``samples`` complete. Do not mix with ``accept``."""
        self._samples += len(samples)
        return self._network.speech(self._features.accept(samples))

    def last_probabilities(self) -> NDArray[np.float32]:
        """Return the probabilities of the frames that only the end of the stream completes."""
        return self._network.speech(self._features.finish())
