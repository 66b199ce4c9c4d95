"""Choose the microphone to use when one disappears or returns. Pure: time is passed in.

The chosen microphone is used whenever it is present. When it is lost, it is tried again, then the system's
default, and both again every second without limit. While another one is in use, a separate process looks for the
chosen one every ten seconds: PortAudio sees new devices only after a restart, which ends every stream. While the
other one delivers only digital silence, speech is lost, so the process looks every two seconds. The switch back
waits for a pause of the speaker, because it takes a moment and must not cut a word. A chosen one that is present
but gives no sound costs the speech of each try, so it is tried ever more rarely until it has been unplugged.

If the user chose the system's default, the first device used counts as the chosen one: when it is lost, another
device becomes the default. The switch back goes to the device that is the default when the process looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.capture.devices import Input, matching

_MOST_DOUBLED: Final = 6


class FallbackStep(StrEnum):
    """The next step of the microphone's owner."""

    KEEP = "keep"
    LOST = "lost"  # the device in use is gone: close it and report it
    SEARCH = "search"  # no device is in use: try the candidates
    CHECK = "check"  # another device is in use: check whether the chosen one is back
    RETURN = "return"  # the chosen device is back: close the one in use


@dataclass(frozen=True)
class FallbackTimes:
    """Time limits of the fallback, in seconds."""

    silent: float = 1.5  # without a block for this long, the device is lost
    first_block: float = 5.0  # the same until the first block; Bluetooth starts slowly
    search: float = 1.0
    check: float = 10.0
    check_silent: float = 2.0
    pause: float = 1.0  # silence after which the device may be switched


@dataclass(frozen=True)
class Signs:
    """The state of the device in use: time of its last block, and whether its stream has ended.

    ``running_since_s``: when this process last resumed; while it was suspended, no block could be read.
    ``silent``: the device has delivered only digital silence for long.
    """

    now_s: float
    last_block_s: float | None = None
    ended: bool = False
    quiet_s: float = 0.0
    running_since_s: float = 0.0
    silent: bool = False


class Fallback:
    """The state machine that selects a microphone. ``choice``: the user's setting; empty: the default."""

    def __init__(self, choice: str, timing: FallbackTimes) -> None:
        self.device: Input | None = None
        self.on_other = False  # another device than the chosen one is in use
        self._choice = choice
        self._first = ""
        self._timing = timing
        self._opened_s = 0.0
        self._search_s = 0.0
        self._checked_s = 0.0  # when the chosen one was last looked for, or another one came into use
        self._checking = False
        self._back = False
        self._mute = ""
        self._hung = 0  # how often in a row the chosen one gave no sound
        self._again_s = 0.0  # when it may be tried again while another one works

    def candidates(self, inputs: Sequence[Input]) -> list[Input]:
        """Return the devices to try, in order. A device that gave no sound last time comes last."""
        found = [matching(inputs, self._choice), matching(inputs, "")]
        devices = list(dict.fromkeys(device for device in found if device is not None))
        return sorted(devices, key=lambda device: device.choice == self._mute)

    def opened(self, device: Input, inputs: Sequence[Input], now_s: float) -> None:
        """Note that ``device`` is in use from now on."""
        self.device = device
        self._first = self._first or device.choice
        self.on_other = device != matching(inputs, self._choice) or device.choice != self._first
        self._opened_s = now_s
        self._search_s = now_s + self._timing.search
        self._checked_s, self._checking = now_s, False
        self._back = False

    def failed(self, now_s: float) -> None:
        """Note that no device could be opened."""
        self._search_s = now_s + self._timing.search

    def checked(self, inputs: Sequence[Input], now_s: float) -> None:
        """Note the devices that the other process found."""
        chosen = matching(inputs, self._choice)
        if chosen is None and inputs:
            self._hung, self._again_s = 0, now_s
        other = chosen is not None and (self.device is None or chosen.choice != self.device.choice)
        self._back = other and now_s >= self._again_s
        self._checked_s, self._checking = now_s, False

    def step(self, signs: Signs) -> FallbackStep:
        """Return the next step; after ``LOST`` and ``RETURN`` no device is in use."""
        if self.device is None:
            return FallbackStep.SEARCH if signs.now_s >= self._search_s else FallbackStep.KEEP
        if self._is_lost(signs):
            self._note_sound(self.device, heard=signs.last_block_s is not None, now_s=signs.now_s)
            self.device = None
            return FallbackStep.LOST
        if not self.on_other:
            return FallbackStep.KEEP
        if self._back and signs.quiet_s >= self._timing.pause:
            self.device = None
            self._mute = ""
            self._search_s = signs.now_s
            return FallbackStep.RETURN
        return self._check(signs)

    def _note_sound(self, lost: Input, *, heard: bool, now_s: float) -> None:
        """Note whether a lost device gave any sound since it was opened."""
        self._mute = "" if heard else lost.choice
        if not self.on_other:
            self._hung = 0 if heard else min(self._hung + 1, _MOST_DOUBLED)
            self._again_s = now_s + (self._timing.check * 2.0**self._hung if self._hung else 0.0)

    def _check(self, signs: Signs) -> FallbackStep:
        pause_s = self._timing.check_silent if signs.silent else self._timing.check
        if self._checking or self._back or signs.now_s < self._checked_s + pause_s:
            return FallbackStep.KEEP
        self._checking = True  # one process at a time: the next pause begins when this one ends
        return FallbackStep.CHECK

    def _is_lost(self, signs: Signs) -> bool:
        if signs.last_block_s is None:
            since_s, most_s = self._opened_s, self._timing.first_block
        else:
            since_s, most_s = signs.last_block_s, self._timing.silent
        return signs.ended or signs.now_s - max(since_s, signs.running_since_s) > most_s
