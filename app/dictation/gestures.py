"""Interpret the dictation key: press, release, tap, hold, and releases that got lost. Pure.

Hold: a take lasts while the key is down. Toggle: one press begins a take, the next ends it. Hybrid: a tap toggles,
a longer press works like hold. Hands-free: like toggle, and the VAD decides in between what is sent.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TAP_S: Final = 0.3
POLL_S: Final = 0.25
_UPS: Final = 2


class TalkMode(StrEnum):
    """Modes in which the key begins and ends a take."""

    HOLD = "hold"
    TOGGLE = "toggle"
    HYBRID = "hybrid"
    HANDS_FREE = "hands-free"


class KeyIntent(StrEnum):
    """The user's intention behind a key event."""

    BEGIN = "begin"
    END = "end"
    TAP = "tap"  # the key itself was meant: discard the take that its press began
    CHORD = "chord"  # like a tap, but another program already received the key combination
    PASS = "pass"  # like a tap, but the take no longer exists


@dataclass(frozen=True)
class _Press:
    """A press of the dictation key.

    ``began``: it began the take. ``take``: the take that its release may end.
    """

    at: float
    mode: TalkMode
    began: bool
    take: int | None


class Gestures:
    """Interpreter of the dictation key.

    Takes are numbers; ``recording`` is the take being recorded, if any.
    """

    def __init__(self, mode: TalkMode = TalkMode.HYBRID) -> None:
        self.mode = mode  # applies from the next press
        self._press: _Press | None = None

    def pressed(self, now: float, recording: int | None, following: int) -> KeyIntent | None:
        """Handle a key-down; a take that it begins will have the number ``following``."""
        take = following if recording is None else recording
        self._press = _Press(now, self.mode, recording is None, take)
        if recording is None:
            return KeyIntent.BEGIN
        return None if self.mode is TalkMode.HOLD else KeyIntent.END

    def release_ends(self, recording: int | None) -> bool:
        """Return whether the key is down and its release may end the recording."""
        press = self._press
        if press is None or recording is None or recording != press.take:
            return False
        return press.mode is TalkMode.HOLD or (press.mode is TalkMode.HYBRID and press.began)

    def released(self, now: float, recording: int | None, *, chord: bool = False) -> KeyIntent | None:
        """Handle a key-up; ``chord``: it ended a key combination meant for another program."""
        press, self._press = self._press, None
        if press is None:
            return None
        its_own = recording is not None and recording == press.take
        short = now - press.at < TAP_S
        if chord:
            return KeyIntent.CHORD if its_own and press.began else None
        if press.mode is TalkMode.HOLD and press.began and short:
            return KeyIntent.TAP if its_own else KeyIntent.PASS
        held = press.mode is TalkMode.HOLD or (press.mode is TalkMode.HYBRID and press.began and not short)
        return KeyIntent.END if held and its_own else None


@dataclass
class _Down:
    poll_at: float
    ups: int = 0
    up_at: float = 0.0


class KeyWatch:
    """Tracker of which keys are down, tolerant of lost key-ups.

    A key-up may get lost when another program grabs the keyboard or the screen is locked. Therefore the physical
    state of each pressed key is polled every 250 ms. Two consecutive "up" answers count as a key-up, at the time
    of the first. Repeated key-downs (auto-repeat) and key-ups without a key-down are ignored.
    """

    def __init__(self) -> None:
        self._down: dict[str, _Down] = {}

    def __bool__(self) -> bool:
        """Return whether any key is down."""
        return bool(self._down)

    def pressed(self, action: str, now: float) -> bool:
        """Record a key-down, and return whether the key was up before."""
        if action in self._down:
            return False
        self._down[action] = _Down(now + POLL_S)
        return True

    def released(self, action: str) -> bool:
        """Record a key-up, and return whether the key was down before."""
        return self._down.pop(action, None) is not None

    @property
    def poll_at(self) -> float | None:
        """When ``polls`` is next due, or ``None``."""
        return min((down.poll_at for down in self._down.values()), default=None)

    def polls(self, now: float) -> list[str]:
        """Return the keys to poll now; each answer goes to ``record_poll``."""
        due = [action for action, down in self._down.items() if down.poll_at <= now]
        for action in due:
            self._down[action].poll_at = now + POLL_S
        return due

    def record_poll(self, action: str, is_down: bool, now: float) -> float | None:
        """Record the polled state of a key.

        Return when it was released, if its key-up was lost.
        """
        down = self._down.get(action)
        if down is None:
            return None
        if is_down:
            down.ups = 0
            return None
        down.ups += 1
        if down.ups == 1:
            down.up_at = now
        if down.ups < _UPS:
            return None
        del self._down[action]
        return down.up_at
