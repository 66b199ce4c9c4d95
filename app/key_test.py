"""The press test: what arrives of a person's keys while they are tried, and nothing is dictated. Pure."""

from dataclasses import dataclass, replace
from typing import Final

from app.hotkeys.events import KeyEvent
from app.view import Note

RECORDING: Final = Note("keys-recording")
"""Why they cannot be tried now."""


@dataclass(frozen=True)
class KeySeen:
    """The last press of the key of ``action``. ``held_s``: none while it is down.

    ``chord``: it was part of a combination that another program got. ``times``: how often it went down.
    """

    action: str
    held_s: float | None = None
    chord: bool = False
    times: int = 1


@dataclass(frozen=True)
class KeysSeen:
    """Whether the keys are being tried, what arrived, and why they cannot be tried or bound, if so."""

    testing: bool = False
    keys: tuple[KeySeen, ...] = ()
    problem: Note | None = None


class KeyTest:
    """Told of each key event; those that it hears are not dictation's."""

    def __init__(self) -> None:
        self.on = False
        self._seen: dict[str, KeySeen] = {}
        self._since: dict[str, float] = {}

    @property
    def keys(self) -> tuple[KeySeen, ...]:
        """What arrived since it was begun last, in the order in which it came."""
        return tuple(self._seen.values())

    def begin(self) -> None:
        """From now on."""
        self.on = True
        self._seen.clear()

    def end(self) -> None:
        """Keys that are down stay its own until they are up."""
        self.on = False

    def hears(self, event: KeyEvent) -> bool:
        """Whether it is meant for the test. The release of what was pressed before is not."""
        action = event.action
        if event.pressed:
            if self.on:
                before = self._seen.get(action)
                self._since[action] = event.at_s
                self._seen[action] = KeySeen(action, times=before.times + 1 if before else 1)
            return self.on
        since = self._since.pop(action, None)
        if since is None:
            return False
        if seen := self._seen.get(action):
            self._seen[action] = replace(seen, held_s=event.at_s - since, chord=event.chord)
        return True
