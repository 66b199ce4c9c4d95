"""Check of voice activity detection: its model, and its result for a sample and for silence. Blocks."""

from collections.abc import Callable, Iterable
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.diagnostics.checks.finding import Area, Finding, advice, ok, wrong
from app.models.needed_models import VAD_MODEL
from protocol.audio import SAMPLE_RATE, samples_to_seconds
from runtime.installing import again_command
from speech.audio_file import read_audio
from speech.models.errors import ModelError
from speech.models.store import ModelStore
from speech.vad import SpeechEnded, SpeechStarted, Vad, VadEvent, open_vad

_LIBRARIES: Final = ("kaldi-native-fbank", "onnxruntime")
_SAMPLE: Final = "english.flac"
_SILENCE_S: Final = 3
_ENOUGH: Final = 0.5  # share of the sample; speech fills more of it

Samples = NDArray[np.int16]
Open = Callable[[Path | None], Vad]


def vad(store: ModelStore, open_vad: Open = open_vad) -> list[Finding]:
    """Check the detector after reading every byte of its model."""
    try:
        folder = store.verify(VAD_MODEL)
    except ModelError:
        folder = None
    detector = open_vad(folder)
    findings = [tried(detector)]
    if folder is None:
        findings.insert(0, advice(Area.VAD, "vad-fallback", model=VAD_MODEL))
    elif detector.reason:
        install = again_command(*_LIBRARIES)
        findings.insert(0, wrong(Area.VAD, "vad-broken", model=VAD_MODEL, error=detector.reason, install=install))
    return findings


def tried(detector: Vad) -> Finding:
    """Check that the detector finds speech in the sample and none in silence."""
    with as_file(files("app") / "samples" / _SAMPLE) as path:
        sample = np.concatenate(list(read_audio(path)))
    heard = _speech_s(detector, sample)
    detector.reset()
    imagined = _speech_s(detector, np.zeros(_SILENCE_S * SAMPLE_RATE, np.int16))
    if heard < _ENOUGH * samples_to_seconds(len(sample)):
        return wrong(Area.VAD, "vad-deaf", detector=detector.name)
    if imagined:
        return wrong(Area.VAD, "vad-imagines", detector=detector.name)
    return ok(Area.VAD, "vad-hears", detector=detector.name, seconds=f"{heard:.1f}")


def _speech_s(detector: Vad, samples: Samples) -> float:
    return samples_to_seconds(_speech([*detector.accept(samples), *detector.finish()]))


def _speech(events: Iterable[VadEvent]) -> int:
    """Count the samples between the starts and the ends of speech."""
    total = begun = 0
    for event in events:
        if isinstance(event, SpeechStarted):
            begun = event.at
        elif isinstance(event, SpeechEnded):
            total += event.at - begun
    return total
