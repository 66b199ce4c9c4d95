"""Track key events during the key test, while dictation is suspended. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from app.core.errors import Note
from app.hotkeys.events import KeyEvent

RECORDING: Final = Note("keys-recording")
"""Why a key test is refused during a recording."""


@dataclass(frozen=True)
class KeySeen:
    """The latest press of the key of ``action``.

    ``held_s``: ``None`` while the key is down. ``chord``: it was part of a combination that another program
    received. ``times``: the number of presses.
    """

    action: str
    held_s: float | None = None
    chord: bool = False
    times: int = 1


@dataclass(frozen=True)
class KeysSeen:
    """The state of the key test, the keys seen so far, and a problem that prevents testing or binding.

    ``paused``: the user suspended the hotkeys. ``commanded``: actions whose keys have arrived as commands of the
    desktop since the app started. ``assigned``: keys that the desktop chose, by action. ``instead``: keys that
    work in place of refused ones, by action; empty if none does.
    """

    testing: bool = False
    keys: tuple[KeySeen, ...] = ()
    problem: Note | None = None
    paused: bool = False
    commanded: tuple[str, ...] = ()
    assigned: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)


class KeyTest:
    """Filter that keeps key events of the test away from dictation."""

    def __init__(self) -> None:
        self.on = False
        self._seen: dict[str, KeySeen] = {}
        self._since: dict[str, float] = {}

    @property
    def keys(self) -> tuple[KeySeen, ...]:
        """The keys seen since the test began, in order of arrival."""
        return tuple(self._seen.values())

    def begin(self) -> None:
        """Begin a test with no keys seen."""
        self.on = True
        self._seen.clear()

    def end(self) -> None:
        """End the test, except for releases of keys that are still down."""
        self.on = False

    def processes(self, event: KeyEvent) -> bool:
        """Process an event and return whether it belongs to the test.

        Releases of earlier presses do not.
        """
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
