"""Microphones as the sound system lists them, and which of them is meant. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.capture.errors import MicrophoneNotFound, NoMicrophone

# Windows lists each device once per interface; these are the ones that work best. Not run here.
_INTERFACES: Final = ("Windows WASAPI", "Windows DirectSound", "MME", "Windows WDM-KS")


@dataclass(frozen=True)
class Input:
    """A microphone. ``rate`` (Hz) and ``channels`` are its own; ``index`` holds until the next list."""

    index: int
    name: str
    interface: str
    channels: int
    rate: int
    default: bool = False


def matching(inputs: Sequence[Input], choice: str) -> Input | None:
    """The device that ``choice`` names: by its whole name, else by a part of it, in any case of letters.

    Empty: the system's default. Of several the one with the best interface, then the first.
    """
    if not choice:
        return next((device for device in inputs if device.default), None)
    wanted = choice.casefold()
    whole = [device for device in inputs if device.name.casefold() == wanted]
    part = [device for device in inputs if wanted in f"{device.name}, {device.interface}".casefold()]
    return min(whole or part, key=_preference, default=None)


def chosen(inputs: Sequence[Input], choice: str) -> Input:
    """As ``matching``. Raises ``NoMicrophone`` or ``MicrophoneNotFound``, which tell what there is."""
    found = matching(inputs, choice)
    if found is not None:
        return found
    names = list(dict.fromkeys(device.name for device in inputs))
    if choice and names:
        raise MicrophoneNotFound(choice, names)
    raise NoMicrophone(names)


def listed(inputs: Sequence[Input]) -> list[Input]:
    """For a person to choose from, the best first. Raises ``NoMicrophone`` when there is none."""
    if not inputs:
        raise NoMicrophone
    return sorted(inputs, key=lambda device: (not device.default, _preference(device)))


def _preference(device: Input) -> int:
    known = device.interface in _INTERFACES
    return _INTERFACES.index(device.interface) if known else len(_INTERFACES)
