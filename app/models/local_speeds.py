"""Speeds of models, measured on this computer, in a file; and what a recommendation needs to know of it."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import psutil

from runtime.folders import folders, private_folder
from runtime.whole_file import replacing
from speech.models.recommendation import Computer

_FILE: Final = "model-speeds.json"
_MOST_BYTES: Final = 1 << 16
_DRIVER: Final = "nvidia-smi"


def read_speeds(place: Path | None = None) -> dict[str, float]:
    """Return the measured speeds by model, in seconds of audio per second; none if the file is damaged. Blocks."""
    try:
        with (place or _place()).open("rb") as file:
            speeds = msgspec.json.decode(file.read(_MOST_BYTES), type=dict[str, float])
    except (OSError, msgspec.DecodeError):
        return {}
    return {name: speed for name, speed in speeds.items() if speed > 0}


def keep_speed(model: str, speed: float, place: Path | None = None) -> None:
    """Keep a measured speed; it is lost if the file cannot be written. Blocks."""
    place = place or _place()
    speeds = read_speeds(place) | {model: round(speed, 2)}
    with suppress(OSError):
        private_folder(place.parent)
        with replacing(place) as file:
            file.write(msgspec.json.encode(speeds))


def this_computer() -> Computer:
    """Return what is known of this computer. Blocks briefly."""
    return Computer(psutil.virtual_memory().total, shutil.which(_DRIVER) is not None, read_speeds())


def _place() -> Path:
    return folders().data / _FILE
