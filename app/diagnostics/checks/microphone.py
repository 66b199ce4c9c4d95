"""Check of the microphones: which exist, which is in use, and the level of a second of sound."""

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.capture.devices import chosen, offered
from app.capture.errors import (
    AudioLibraryMissing,
    MicrophoneError,
    MicrophoneNotFound,
    MicrophoneRefused,
    NoMicrophone,
)
from app.capture.microphone import open_microphone
from app.capture.portaudio import SoundSystem
from app.diagnostics.checks.finding import Area, Finding, advice, ok, wrong
from app.onboarding.level_check import QUIET_DBFS
from protocol.audio import SAMPLE_RATE
from runtime.installing import extra_command
from speech.level import level_of

HEAR_S: Final = 1.0
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

    ``choice``: as in the settings. ``hear_s``: seconds to listen; 0 leaves it closed.
    """
    try:
        inputs = await system.inputs(anew=True)
        device = chosen(inputs, choice)
    except MicrophoneError as error:
        return [refused(error, forbidden)]
    names = [found.name for found in offered(inputs, choice)]
    there = ok(Area.MICROPHONE, "microphones", names=_listed(names), device=device.name, count=len(names))
    if not hear_s:
        return [there]
    try:
        return [there, heard(device.name, await _hear(choice, system, hear_s), platform)]
    except MicrophoneError as error:
        return [there, refused(error, forbidden)]


def refused(error: MicrophoneError, forbidden: Callable[[], bool]) -> Finding:
    """Return the finding that explains why recording is impossible."""
    match error:
        case AudioLibraryMissing():
            return wrong(Area.MICROPHONE, "audio-library", install=extra_command("microphone"))
        case NoMicrophone(names=names) if names:
            return wrong(Area.MICROPHONE, "microphone-no-default", names=", ".join(names))
        case NoMicrophone():
            return wrong(Area.MICROPHONE, "microphone-forbidden" if forbidden() else "microphone-none")
        case MicrophoneNotFound():
            return wrong(Area.MICROPHONE, "microphone-not-there", device=error.choice)
        case MicrophoneRefused():
            return wrong(Area.MICROPHONE, "microphone-refused", device=error.device)
        case _:
            return wrong(Area.MICROPHONE, "sound-hangs", error=str(error))


async def _hear(choice: str, system: SoundSystem, seconds: float) -> Samples:
    async with open_microphone(choice, system=system) as device:
        asyncio.get_running_loop().call_later(seconds, device.stop)
        blocks = [block async for block in device.buffer.blocks()]
    return np.concatenate([*blocks, np.empty(0, np.int16)])


def heard(device: str, samples: Samples, platform: str) -> Finding:
    """Judge a microphone by a second of its sound. Pure."""
    if not samples.any():
        if platform == "darwin":  # macOS feeds silence to programs without permission
            return wrong(Area.MICROPHONE, "microphone-silenced", device=device)
        return wrong(Area.MICROPHONE, "microphone-muted", device=device)
    level = max(level_of(samples[start : start + _WINDOW]) for start in range(0, len(samples), _WINDOW))
    if np.count_nonzero(np.abs(samples.astype(np.int32)) >= _FULL) >= _CLIPPED * len(samples):
        return advice(Area.MICROPHONE, "microphone-clipped", device=device)
    if level < QUIET_DBFS:
        return advice(Area.MICROPHONE, "microphone-silent", device=device, level=round(level))
    return ok(Area.MICROPHONE, "microphone-heard", device=device, level=round(level))


def forbidden_devices(folder: Path = Path("/dev/snd")) -> bool:
    """Return whether all capture devices of ALSA (``pcmC0D0c``) are unreadable for this user."""
    captures = [path for path in folder.glob("pcmC*c")] if folder.is_dir() else []
    return bool(captures) and not any(os.access(path, os.R_OK) for path in captures)


def _listed(found: Sequence[str]) -> str:
    names = list(dict.fromkeys(found))
    rest = [f"+ {len(names) - _MOST_NAMES}"] if len(names) > _MOST_NAMES else []
    return ", ".join([*names[:_MOST_NAMES], *rest])
