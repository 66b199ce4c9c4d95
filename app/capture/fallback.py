"""Which microphone to use when one goes away or comes back. Pure: time comes in as a value.

The chosen one is used whenever it is there. When it is lost, it is tried again, then the system's default, then
both every second, for as long as it takes. While another one is in use, another process looks for it every ten
seconds, because PortAudio sees a new device only when it is started anew, which ends every stream. The chosen one
is taken again in the first pause of the speaker: the change takes a moment, and must not cut a word. Whoever makes
no pause stays with the other one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from app.capture.devices import Input, matching


class Step(StrEnum):
    """What to do now."""

    KEEP = "keep"
    LOST = "lost"  # the device in use is gone: close it, and say so
    SEARCH = "search"  # nothing is in use: try the candidates
    LOOK = "look"  # another one is in use: see whether the chosen one is back
    RETURN = "return"  # it is: close the one in use


@dataclass(frozen=True)
class Timing:
    """Seconds."""

    silent: float = 1.5  # without a block: the device is gone
    first_block: float = 5.0  # the same for its first block; Bluetooth takes its time
    search: float = 1.0
    look: float = 10.0
    pause: float = 1.0  # of quiet, in which a device may be changed


@dataclass(frozen=True)
class Signs:
    """How it stands with the device in use: when it gave the last block, whether its stream has ended."""

    now_s: float
    heard_s: float | None = None
    ended: bool = False
    quiet_s: float = 0.0


class Fallback:
    """``choice`` is what the person asked for; empty is the system's default."""

    def __init__(self, choice: str, timing: Timing) -> None:
        self.device: Input | None = None
        self.on_other = False  # not the chosen one
        self._choice = choice
        self._timing = timing
        self._opened_s = 0.0
        self._search_s = 0.0
        self._look_s = 0.0
        self._back = False
        self._mute = ""

    def candidates(self, inputs: Sequence[Input]) -> list[Input]:
        """What to try, in this order. One that gave nothing the last time comes last."""
        found = [matching(inputs, self._choice), matching(inputs, "")]
        devices = list(dict.fromkeys(device for device in found if device is not None))
        return sorted(devices, key=lambda device: device.choice == self._mute)

    def opened(self, device: Input, inputs: Sequence[Input], now_s: float) -> None:
        """It is in use now."""
        self.device = device
        self.on_other = device != matching(inputs, self._choice)
        self._opened_s = now_s
        self._search_s = now_s + self._timing.search
        self._look_s = now_s + self._timing.look
        self._back = False

    def failed(self, now_s: float) -> None:
        """None could be opened."""
        self._search_s = now_s + self._timing.search

    def looked(self, inputs: Sequence[Input], now_s: float) -> None:
        """What the other process found."""
        self._back = bool(self._choice) and matching(inputs, self._choice) is not None
        self._look_s = now_s + self._timing.look

    def step(self, signs: Signs) -> Step:
        """What to do; after ``LOST`` and ``RETURN`` nothing is in use."""
        if self.device is None:
            return Step.SEARCH if signs.now_s >= self._search_s else Step.KEEP
        if self._is_lost(signs):
            self._mute = self.device.choice if signs.heard_s is None else ""
            self.device = None
            return Step.LOST
        if not self.on_other:
            return Step.KEEP
        if self._back and signs.quiet_s >= self._timing.pause:
            self.device = None
            self._mute = ""
            self._search_s = signs.now_s
            return Step.RETURN
        return self._look(signs.now_s)

    def _look(self, now_s: float) -> Step:
        if now_s < self._look_s or self._back:
            return Step.KEEP
        self._look_s = inf  # one process at a time: the next look is due some time after this one
        return Step.LOOK

    def _is_lost(self, signs: Signs) -> bool:
        if signs.heard_s is None:
            return signs.ended or signs.now_s - self._opened_s > self._timing.first_block
        return signs.ended or signs.now_s - signs.heard_s > self._timing.silent
