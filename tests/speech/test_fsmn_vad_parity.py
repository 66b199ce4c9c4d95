"""FSMN-VAD compared with FunASR's torch model: equal frame probabilities and boundaries, for any chunks.

``KIKIPOUNAMU_EXTRA_AUDIO`` names a folder with more recordings to compare on.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from protocol.audio import samples_to_ms
from speech.endpointing import EndpointDetector, FrameClock, rules_for
from speech.fsmn_vad import FsmnVad
from speech.vad import SpeechEnded, SpeechStarted, VadEvent
from tests.helpers.digits import MODEL
from tests.helpers.recordings import chunks, every_path, samples_of, synthetic
from worker.engines.funasr import without_side_effects
from worker.engines.funasr_library import import_auto_model

pytestmark = [pytest.mark.funasr, pytest.mark.serial("engines")]

MOST_PROBABILITY_DIFFERENCE = 1e-4
MOST_BOUNDARY_DIFFERENCE_MS = 10
ENDPOINT_SILENCE_MS = 800
CHUNKS = [samples * 16 for samples in (10, 60, 100, 333)]
SETTINGS = {"max_end_silence_time": ENDPOINT_SILENCE_MS, "speech_noise_thres": 0.6}


class Reference:
    """FunASR's model, and its state machine with given scores."""

    def __init__(self, folder: Path) -> None:
        import torch

        with without_side_effects():
            auto_model = import_auto_model(MODEL)
            import funasr.models.fsmn_vad_streaming.encoder
            import funasr.models.fsmn_vad_streaming.model  # noqa: F401 - both register their class

        self._torch = torch
        options = {"device": "cpu", "ncpu": 1, "disable_update": True, "disable_pbar": True}
        self._model = auto_model(model=str(folder), **options)

    def run(self, samples: NDArray[np.int16]) -> tuple[NDArray[np.float32], list[list[int]]]:
        """Return the speech probability of each frame, and the boundaries of speech in ms."""
        scores: list[Any] = []
        hook = self._model.model.encoder.register_forward_hook(lambda *call: scores.append(call[2]))
        try:
            result = self._model.generate(input=samples.astype(np.float32) / 32768, **SETTINGS)
        finally:
            hook.remove()
        return 1 - np.concatenate([score[0, :, 0].detach().numpy() for score in scores]), result[0]["value"]

    def decide(self, speech: NDArray[np.bool_]) -> list[list[int]]:
        """Return the boundaries in ms that its rules give for these frames of speech."""
        machine, encoder = self._model.model, self._model.model.encoder
        scores = np.zeros((1, len(speech), 248), np.float32)
        scores[0, :, 0] = np.where(speech, 0.1, 0.9)
        given = self._torch.from_numpy(scores)

        class Given(self._torch.nn.Module):  # type: ignore[misc,name-defined]  # torch ships no types
            def forward(self, features: Any, cache: Any) -> Any:
                return given

        machine.encoder = Given()
        try:
            found = machine.forward(
                feats=self._torch.zeros(1, len(speech), 400),
                waveform=self._torch.zeros(1, (len(speech) - 1) * 160 + 400),
                cache=machine.init_cache({}, **SETTINGS),
                is_final=True,
                is_streaming_input=False,
            )
        finally:
            machine.encoder = encoder
        return found[0] if found else []


@pytest.fixture(scope="session")
def reference(models: Path) -> Reference:
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    try:
        return Reference(models / "fsmn-vad")
    finally:  # importing funasr changes both
        root.level, root.handlers = level, handlers


def boundaries(events: list[VadEvent]) -> list[list[int]]:
    starts = [samples_to_ms(event.at) for event in events if isinstance(event, SpeechStarted)]
    ends = [samples_to_ms(event.at) for event in events if isinstance(event, SpeechEnded)]
    return [list(speech) for speech in zip(starts, ends, strict=True)]


def compare(reference: Reference, samples: NDArray[np.int16], vad: FsmnVad, sizes: Sequence[int] = CHUNKS) -> None:
    wanted_probabilities, wanted = reference.run(samples)
    for size in sizes:
        vad.reset()
        found = [vad.probabilities(chunk) for chunk in chunks(samples, size)] + [vad.last_probabilities()]
        probabilities = np.concatenate(found)
        assert probabilities.shape == wanted_probabilities.shape
        assert np.abs(probabilities - wanted_probabilities).max() <= MOST_PROBABILITY_DIFFERENCE

        vad.reset()
        events = [event for chunk in chunks(samples, size) for event in vad.accept(chunk)] + vad.finish()
        ours = boundaries(events)
        assert np.shape(ours) == np.shape(wanted), f"{ours} for {wanted}"
        assert np.abs(np.subtract(ours, wanted)).max() <= MOST_BOUNDARY_DIFFERENCE_MS


@pytest.mark.parametrize("path", every_path(), ids=lambda path: path.stem)
def test_probabilities_and_boundaries_equal_funasr_on_a_recording(
    reference: Reference, models: Path, path: Path
) -> None:
    compare(reference, samples_of(path), FsmnVad(models / "fsmn-vad", ENDPOINT_SILENCE_MS))


def test_probabilities_and_boundaries_equal_funasr_over_ninety_seconds(reference: Reference, models: Path) -> None:
    samples = np.concatenate([samples_of(recording.path) for recording in synthetic()])
    few = CHUNKS[1::2]  # the same recordings are compared in all sizes, one by one
    compare(reference, samples, FsmnVad(models / "fsmn-vad", ENDPOINT_SILENCE_MS), few)


@pytest.mark.parametrize("seed", range(12))
def test_endpoint_rules_equal_funasr_on_random_frames(reference: Reference, seed: int) -> None:
    """Runs of all lengths: hundreds of pauses and endpoints; every third seed also has the cut after 60 s."""
    random = np.random.default_rng(seed)
    longest_silence, longest_speech = (120, 200) if seed % 3 else (25, 3000)
    lengths = random.integers(1, [longest_silence, longest_speech], (60, 2))
    speech = np.repeat(np.tile([False, True], 60), lengths.ravel())
    speech ^= random.random(len(speech)) < 0.05 * (seed % 4)
    detector = EndpointDetector(rules_for(ENDPOINT_SILENCE_MS), FrameClock(shift=160, latency=0))
    events = [event for run in np.array_split(speech, 7) for event in detector.accept(run)]
    assert boundaries(events + detector.finish(0)) == reference.decide(speech)
