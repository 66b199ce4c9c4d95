"""The microphones that the sound system lists, and the choice among them.

Another process lists them, so that no stream of this process is disturbed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from app.capture.errors import MicrophoneNotFound, NoMicrophone
from app.core.child_process import find_program, output_of
from app.core.errors import AppError

# Windows lists each device once per interface; the best interfaces come first. Not tested on Windows.
_INTERFACES: Final = ("Windows WASAPI", "Windows DirectSound", "MME", "Windows WDM-KS")


_SYSTEMS: Final = frozenset({"default", "pulse", "pipewire", "sysdefault"})
"""Names of the system's default microphone under ALSA; earlier versions kept them in the settings."""


@dataclass(frozen=True)
class Input:
    """A microphone with its native ``rate`` (Hz) and ``channels``. ``index`` is valid until the next list.

    ``key``: the name of a sound server's source, which stays the same when devices are renumbered; otherwise
    empty. ``monitor``: records an output of this computer.
    """

    index: int
    name: str
    interface: str
    channels: int
    rate: int
    default: bool = False
    key: str = ""
    monitor: bool = False

    @property
    def choice(self) -> str:
        """The setting that selects this device."""
        return self.key or self.name


def matching(inputs: Sequence[Input], choice: str) -> Input | None:
    """Return the device that ``choice`` names by key, full name or part of the name, ignoring case.

    An empty choice selects the system's default. Among several matches, the best interface wins, then the first
    device. Monitors of outputs match only by key or full name.
    """
    wanted = choice.casefold()
    if not choice or (wanted in _SYSTEMS and any(device.key for device in inputs)):
        return next((device for device in inputs if device.default), None)
    key = [device for device in inputs if device.key == choice]
    whole = [device for device in inputs if device.name.casefold() == wanted]
    part = [
        device
        for device in inputs
        if not device.monitor and wanted in f"{device.name}, {device.interface}".casefold()
    ]
    return min(key or whole or part, key=_preference, default=None)


def chosen(inputs: Sequence[Input], choice: str) -> Input:
    """Return the device that ``matching`` finds.

    Raises ``NoMicrophone`` or ``MicrophoneNotFound``, with the names of the present devices.
    """
    found = matching(inputs, choice)
    if found is not None:
        return found
    names = list(dict.fromkeys(device.name for device in inputs if not device.monitor))
    if choice and names:
        raise MicrophoneNotFound(choice, names)
    raise NoMicrophone(names)


def ranked_devices(inputs: Sequence[Input], choice: str = "") -> list[Input]:
    """Return the ``offered_devices``, the best first. Raises ``NoMicrophone`` if there is none."""
    found = offered_devices(inputs, choice)
    if not found:
        raise NoMicrophone
    return sorted(found, key=lambda device: (not device.default, _preference(device)))


def offered_devices(inputs: Sequence[Input], choice: str = "") -> list[Input]:
    """Return the devices to offer to the user: no monitors of outputs, except the chosen one."""
    kept = matching(inputs, choice) if choice else None
    return [device for device in inputs if not device.monitor or device == kept]


def with_distinct_names(inputs: Sequence[Input]) -> list[Input]:
    """Give devices distinct names: equal names get numbers, in the order of their keys."""
    numbers: dict[str, int] = {}
    names: dict[str, str] = {}
    for device in sorted(inputs, key=lambda device: device.key):
        number = numbers[device.name] = numbers.get(device.name, 0) + 1
        names[device.key] = device.name if number == 1 else f"{device.name} ({number})"
    return [replace(device, name=names[device.key]) for device in inputs]


def _preference(device: Input) -> int:
    known = device.interface in _INTERFACES
    return _INTERFACES.index(device.interface) if known else len(_INTERFACES)


COMMAND: Final = ("microphones", "--json")

_DEADLINE_S: Final = 30.0  # programs start slowly on a busy machine


async def list_microphones(command: Sequence[str] | None = None) -> list[Input]:
    """List the microphones like ``SoundSystem.inputs``; return an empty list on any failure."""
    try:
        async with output_of(command or (find_program("kikipounamu"), *COMMAND)) as process:
            async with asyncio.timeout(_DEADLINE_S):
                output, _ = await process.communicate()
    except (AppError, OSError):  # or not in time
        return []
    return decode(output)


def encode(inputs: Sequence[Input]) -> bytes:
    """Encode the list of microphones that the command prints."""
    return msgspec.json.encode(inputs)


def decode(output: bytes) -> list[Input]:
    """Decode the command's output; return an empty list if it is unreadable."""
    try:
        return msgspec.json.decode(output, type=list[Input])
    except msgspec.DecodeError:
        return []
