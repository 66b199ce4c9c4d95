"""What keys mean: pressed, released, tapped, held, or let go without anybody noticing. Pure.

Hold: a take lasts as long as the key is down. Toggle: one press begins it, the next ends it. Hybrid: a tap
toggles, a longer press talks. Hands-free: as toggle, and in between the VAD begins and ends what is sent.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TAP_S: Final = 0.3
POLL_S: Final = 0.25
_UPS: Final = 2


class TalkMode(StrEnum):
    """How the key begins and ends a take."""

    HOLD = "hold"
    TOGGLE = "toggle"
    HYBRID = "hybrid"
    HANDS_FREE = "hands-free"


class Wish(StrEnum):
    """What the person wants."""

    BEGIN = "begin"
    END = "end"
    TAP = "tap"  # the key itself, not dictation: the take that its press began never was
    CHORD = "chord"  # as a tap, but another program has it already: as part of a combination
    PASS = "pass"  # as a tap, but there is no such take any more


@dataclass(frozen=True)
class _Press:
    """``began``: it began the take. ``take``: the one that its release may end."""

    at: float
    mode: TalkMode
    began: bool
    take: int | None


class Gestures:
    """The dictation key. Takes are numbers; ``recording`` is the one that goes on, if any."""

    def __init__(self, mode: TalkMode = TalkMode.HYBRID) -> None:
        self.mode = mode  # from the next press on
        self._press: _Press | None = None

    def pressed(self, now: float, recording: int | None, following: int) -> Wish | None:
        """Key-down. A take that begins because of it will have the number ``following``."""
        took = following if recording is None else recording
        self._press = _Press(now, self.mode, recording is None, took)
        if recording is None:
            return Wish.BEGIN
        return None if self.mode is TalkMode.HOLD else Wish.END

    def released(self, now: float, recording: int | None, *, chord: bool = False) -> Wish | None:
        """Key-up; as part of a ``chord`` it was not meant for us."""
        press, self._press = self._press, None
        if press is None:
            return None
        its_own = recording is not None and recording == press.take
        short = now - press.at < TAP_S
        if chord:
            return Wish.CHORD if its_own and press.began else None
        if press.mode is TalkMode.HOLD and press.began and short:
            return Wish.TAP if its_own else Wish.PASS
        talks = press.mode is TalkMode.HOLD or (press.mode is TalkMode.HYBRID and press.began and not short)
        return Wish.END if talks and its_own else None


@dataclass
class _Down:
    poll_at: float
    ups: int = 0
    up_at: float = 0.0


class KeyWatch:
    """Which keys are down, as far as one can know.

    A key-up may get lost (another program grabs the keyboard, the screen is locked). So while a key counts as
    down, its real state is asked for every 250 ms; two answers in a row that it is up count as a key-up, at the
    time of the first. A key-down while it is down (auto-repeat) and a key-up while it is up mean nothing.
    """

    def __init__(self) -> None:
        self._down: dict[str, _Down] = {}

    def __bool__(self) -> bool:
        """Whether any is down."""
        return bool(self._down)

    def pressed(self, action: str, now: float) -> bool:
        """Whether this key-down is one."""
        if action in self._down:
            return False
        self._down[action] = _Down(now + POLL_S)
        return True

    def released(self, action: str) -> bool:
        """Whether this key-up is one."""
        return self._down.pop(action, None) is not None

    @property
    def poll_at(self) -> float | None:
        """When ``polls`` has something."""
        return min((down.poll_at for down in self._down.values()), default=None)

    def polls(self, now: float) -> list[str]:
        """Keys to ask for now; each answer goes to ``answered``."""
        due = [action for action, down in self._down.items() if down.poll_at <= now]
        for action in due:
            self._down[action].poll_at = now + POLL_S
        return due

    def answered(self, action: str, is_down: bool, now: float) -> float | None:
        """When the key was released, if it was and nobody noticed."""
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
