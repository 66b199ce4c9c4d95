"""Checks of the microphones and of voice activity detection: a second of sound, a sample, and silence."""

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.capture.devices import chosen, offered_devices
from app.capture.errors import (
    AudioLibraryMissing,
    AudioPackageMissing,
    MicrophoneError,
    MicrophoneNotFound,
    MicrophoneRefused,
    NoMicrophone,
)
from app.capture.microphone import open_microphone
from app.capture.portaudio import SoundSystem
from app.core.problem_notes import note_of
from app.diagnostics.checks.finding import Finding, Severity, Topic, advice, ok, wrong
from app.diagnostics.checks.own_process import HEAR_S
from app.models.engines import VAD_MODEL
from protocol.audio import SAMPLE_RATE, samples_to_seconds
from runtime.installing import extra_command, reinstall_command
from speech.audio_file import read_audio
from speech.level import QUIET_DBFS, level_of
from speech.models.errors import ModelError
from speech.models.store import ModelStore
from speech.vad import SpeechEnded, SpeechStarted, Vad, VadEvent, open_vad

_MOST_NAMES: Final = 6
_WINDOW: Final = SAMPLE_RATE // 20
_FULL: Final = 32_700
_CLIPPED: Final = 0.001

Samples = NDArray[np.int16]


async def microphone(
    choice: str,
    system: SoundSystem,
    platform: str,
    hear_s: float = HEAR_S,
    forbidden: Callable[[], bool] = lambda: forbidden_devices(),
) -> list[Finding]:
    """Check the microphone.

    ``choice``: as in the settings. ``hear_s``: seconds to listen; 0 leaves it closed, and none is needed.
    """
    try:
        inputs = await system.inputs(anew=True)
        device = chosen(inputs, choice)
    except MicrophoneError as error:
        found = refusal_finding(error, forbidden)
        return [found if hear_s else replace(found, severity=Severity.ADVICE)]
    names = [one.name for one in offered_devices(inputs, choice)]
    there = ok(Topic.MICROPHONE, "microphones", names=_names_text(names), device=device.name, count=len(names))
    if not hear_s:
        return [there]
    try:
        return [there, sound_finding(device.name, await _record(choice, system, hear_s), platform)]
    except MicrophoneError as error:
        return [there, refusal_finding(error, forbidden)]


def refusal_finding(error: MicrophoneError, forbidden: Callable[[], bool]) -> Finding:
    """Return the finding that explains why recording is impossible."""
    match error:
        case AudioPackageMissing():
            return advice(Topic.MICROPHONE, "audio-package", install=extra_command("microphone"))
        case AudioLibraryMissing():
            return wrong(Topic.MICROPHONE, "audio-library")
        case NoMicrophone(names=names) if names:
            return wrong(Topic.MICROPHONE, "microphone-no-default", names=", ".join(names))
        case NoMicrophone():
            return wrong(Topic.MICROPHONE, "microphone-forbidden" if forbidden() else "microphone-none")
        case MicrophoneNotFound():
            return wrong(Topic.MICROPHONE, "microphone-not-there", device=error.choice)
        case MicrophoneRefused():
            return wrong(Topic.MICROPHONE, "microphone-refused", device=error.device)
        case _:
            return wrong(Topic.MICROPHONE, "sound-hangs").because(note_of(error))


async def _record(choice: str, system: SoundSystem, seconds: float) -> Samples:
    async with open_microphone(choice, system=system) as device:
        asyncio.get_running_loop().call_later(seconds, device.stop)
        blocks = [block async for block in device.buffer.blocks()]
    return np.concatenate([*blocks, np.empty(0, np.int16)])


def sound_finding(device: str, samples: Samples, platform: str) -> Finding:
    """Judge a microphone by a second of its sound. Pure."""
    if not samples.any():
        if platform == "darwin":  # macOS feeds silence to programs without permission
            return wrong(Topic.MICROPHONE, "microphone-silenced", device=device)
        return wrong(Topic.MICROPHONE, "microphone-muted", device=device)
    level = max(level_of(samples[start : start + _WINDOW]) for start in range(0, len(samples), _WINDOW))
    if np.count_nonzero(np.abs(samples.astype(np.int32)) >= _FULL) >= _CLIPPED * len(samples):
        return advice(Topic.MICROPHONE, "microphone-clipped", device=device)
    if level < QUIET_DBFS:
        return advice(Topic.MICROPHONE, "microphone-silent", device=device, level=round(level))
    return ok(Topic.MICROPHONE, "microphone-heard", device=device, level=round(level))


def forbidden_devices(folder: Path = Path("/dev/snd")) -> bool:
    """Return whether all capture devices of ALSA (``pcmC0D0c``) are unreadable for this user."""
    captures = [path for path in folder.glob("pcmC*c")] if folder.is_dir() else []
    return bool(captures) and not any(os.access(path, os.R_OK) for path in captures)


def _names_text(found: Sequence[str]) -> str:
    names = list(dict.fromkeys(found))
    rest = [f"+ {len(names) - _MOST_NAMES}"] if len(names) > _MOST_NAMES else []
    return ", ".join([*names[:_MOST_NAMES], *rest])


_LIBRARIES: Final = ("kaldi-native-fbank", "onnxruntime")
_SAMPLE: Final = "english.flac"
_SILENCE_S: Final = 3
_ENOUGH: Final = 0.5  # share of the sample; speech fills more of it

Open = Callable[[Path | None], Vad]


def vad(store: ModelStore, open_vad: Open = open_vad) -> list[Finding]:
    """Check the detector after reading every byte of its model."""
    try:
        folder = store.verify(VAD_MODEL)
    except ModelError:
        folder = None
    detector = open_vad(folder)
    findings = [examine_detector(detector)]
    if folder is None:
        findings.insert(0, advice(Topic.VAD, "vad-fallback", model=VAD_MODEL))
    elif detector.reason:
        install = reinstall_command(*_LIBRARIES)
        findings.insert(0, wrong(Topic.VAD, "vad-broken", model=VAD_MODEL, error=detector.reason, install=install))
    return findings


def examine_detector(detector: Vad) -> Finding:
    """Check that the detector finds speech in the sample and none in silence."""
    with as_file(files("app") / "samples" / _SAMPLE) as path:
        sample = np.concatenate(list(read_audio(path)))
    heard = _speech_s(detector, sample)
    detector.reset()
    imagined = _speech_s(detector, np.zeros(_SILENCE_S * SAMPLE_RATE, np.int16))
    if heard < _ENOUGH * samples_to_seconds(len(sample)):
        return wrong(Topic.VAD, "vad-deaf", detector=detector.name)
    if imagined:
        return wrong(Topic.VAD, "vad-imagines", detector=detector.name)
    return ok(Topic.VAD, "vad-hears", detector=detector.name, seconds=f"{heard:.1f}")


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
