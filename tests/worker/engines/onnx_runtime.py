"""Fake ONNX Runtime: graphs that answer by rule, on processors and GPUs that are not there."""

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
SENSEVOICE_INPUTS = ("speech", "speech_lengths", "language", "textnorm")

Arrays = Mapping[str, NDArray[Any]]
Answer = Callable[[Arrays], Sequence[NDArray[Any]]]


class FakeSession:
    """Session that records its inputs. It lacks memory above ``most`` frames in a call."""

    def __init__(self, answer: Answer, providers: Sequence[str] = (CPU,), most: int = 1 << 30) -> None:
        self.asked: list[Arrays] = []
        self.inputs: Sequence[str] = SENSEVOICE_INPUTS
        self._answer = answer
        self._providers = providers
        self._most = most

    def run(self, output_names: None, input_feed: Arrays) -> Sequence[NDArray[Any]]:
        self.asked.append(input_feed)
        rows, frames, _ = input_feed["speech"].shape
        if rows * frames > self._most:
            raise RuntimeError("BFCArena: Failed to allocate memory for requested buffer of size 123")
        return self._answer(input_feed)

    def get_inputs(self) -> Sequence[Any]:
        return [SimpleNamespace(name=name) for name in self.inputs]

    def get_providers(self) -> Sequence[str]:
        return self._providers


class FakeRuntime:
    """Module ``onnxruntime`` of a computer with these providers. ``used``: what a session really gets."""

    def __init__(self, session: FakeSession, available: Sequence[str] = (CPU,)) -> None:
        self.opened: list[tuple[str, Any]] = []
        self._session = session
        self._available = list(available)

    def get_available_providers(self) -> list[str]:
        return self._available

    def SessionOptions(self) -> SimpleNamespace:
        return SimpleNamespace()

    def InferenceSession(self, path: str, options: Any, providers: Any) -> FakeSession:
        if path.endswith("damaged/model.onnx"):
            raise RuntimeError("[ONNXRuntimeError] : 7 : INVALID_PROTOBUF : Load model failed\nmore")
        self.opened.append((path, providers))
        return self._session


def lengths_as_ids(inputs: Arrays) -> Sequence[NDArray[Any]]:
    """Answer with one token per recording, its number of frames, between blanks and after a repetition."""
    lengths = inputs["speech_lengths"]
    scores = np.zeros((len(lengths), 6, 2_000), np.float32)
    scores[:, :, 0] = 0.5
    for row, length in zip(scores, lengths, strict=True):
        row[1:3, length] = 1
        row[5, 1_999] = 9  # beyond the end
    return scores, np.full(len(lengths), 5, np.int32)
