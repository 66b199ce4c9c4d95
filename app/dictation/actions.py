"""Define the actions on dictation that a user can request by key, tray, window or command line."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Verb(StrEnum):
    """Actions that have no parameters.

    ``start`` has no effect during a recording, ``stop`` none outside of one. ``paste-held``, ``copy-held`` and
    ``dismiss-held`` act on the newest recording with held text; dismissed text stays in the history only.
    ``insert-ready``: stop waiting for earlier speech and insert the texts that have arrived. ``show``: show the
    main window. ``quit``: finish pending takes first; a second ``quit`` leaves at once.
    """

    TOGGLE = "toggle"
    START = "start"
    STOP = "stop"
    CANCEL = "cancel"
    PASTE_HELD = "paste-held"
    COPY_HELD = "copy-held"
    DISMISS_HELD = "dismiss-held"
    INSERT_READY = "insert-ready"
    SHOW = "show"
    QUIT = "quit"


class HeldAction(StrEnum):
    """Actions on the held text of one recording."""

    PASTE = "paste"
    COPY = "copy"
    DISMISS = "dismiss"


HELD_ACTIONS: Final = {
    Verb.PASTE_HELD: HeldAction.PASTE,
    Verb.COPY_HELD: HeldAction.COPY,
    Verb.DISMISS_HELD: HeldAction.DISMISS,
}


@dataclass(frozen=True)
class SettleHeld:
    """Paste, copy or dismiss the held text of one recording, identified by its session."""

    session: str
    how: HeldAction


@dataclass(frozen=True)
class CopyText:
    """Copy a text for the user, also while no window of the app has the focus."""

    text: str


@dataclass(frozen=True)
class RecoverTake:
    """Recognise the missing segments of an earlier take.

    Its text goes to the history and is not inserted.
    """

    session: str


@dataclass(frozen=True)
class PauseHotkeys:
    """Release the hotkeys while the user chooses a key, so that the bound key can be pressed.

    They are bound again when the pause ends, after 30 s at the latest.
    """

    on: bool


@dataclass(frozen=True)
class SuspendHotkeys:
    """Ignore the hotkeys until the user resumes them; a recording can still be cancelled."""

    on: bool


@dataclass(frozen=True)
class TestHotkeys:
    """Show key events instead of dictating.

    The test ends by itself after ten seconds.
    """

    __test__ = False  # pytest must not collect it

    on: bool


class KeyMove(StrEnum):
    """The change of a key; ``tap``: pressed and released, or the desktop does not distinguish the two."""

    PRESS = "press"
    RELEASE = "release"
    TAP = "tap"


@dataclass(frozen=True)
class KeyCommand:
    """Report of the desktop that the key of ``action`` was pressed or released, by a command bound to the key.

    ``at_s``: when the command began, in seconds since the system started; 0: unknown. Commands may overtake each
    other. ``late``: the command has stopped waiting for the app, so it may end a recording, but begin none.
    """

    action: str
    move: KeyMove
    at_s: float = 0.0
    late: bool = False


KeyAction = PauseHotkeys | SuspendHotkeys | TestHotkeys | KeyCommand
DictationAction = Verb | SettleHeld | CopyText | RecoverTake | KeyAction
