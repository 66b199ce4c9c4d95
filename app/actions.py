"""What a person may ask of the running app: from a key, the tray, a window or the command line."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.onboarding.actions import Trial


class Verb(StrEnum):
    """What has no further value. ``start`` while a take is recorded and ``stop`` while none is change nothing.

    ``paste-held``, ``copy-held`` and ``dismiss-held`` are about the newest recording with text to paste; dismissed
    text is wanted in the history alone. ``insert-ready``: do not wait any
    longer for what comes before a text that is there. ``show``: the main window. ``quit`` finishes what was said
    first; the second time it leaves at once.
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


class HeldDeed(StrEnum):
    """What can be done with the text to paste of one recording."""

    PASTE = "paste"
    COPY = "copy"
    DISMISS = "dismiss"


HELD_DEEDS: Final = {
    Verb.PASTE_HELD: HeldDeed.PASTE,
    Verb.COPY_HELD: HeldDeed.COPY,
    Verb.DISMISS_HELD: HeldDeed.DISMISS,
}


@dataclass(frozen=True)
class SettleHeld:
    """Paste, copy or dismiss the text to paste of one recording, by its session."""

    session: str
    deed: HeldDeed


@dataclass(frozen=True)
class ChooseMicrophone:
    """(A part of) its name; empty: the system's default."""

    name: str


@dataclass(frozen=True)
class RecoverTake:
    """Have recognised what an earlier take lacks. Its text is for the history, and typed nowhere."""

    session: str


@dataclass(frozen=True)
class SwitchWorker:
    """Start or stop the worker of this computer."""

    on: bool


@dataclass(frozen=True)
class PauseHotkeys:
    """Give the keys back while somebody chooses one, so that the one that is bound now can be pressed.

    They are bound again when it is over, and after half a minute at the latest.
    """

    on: bool


@dataclass(frozen=True)
class TestHotkeys:
    """Show what arrives of the keys, instead of dictating; it ends by itself after ten seconds."""

    __test__ = False  # for pytest

    on: bool


Table = Mapping[str, str | bool]
"""A row of a setting that is a list of tables."""


@dataclass(frozen=True)
class ChangeSetting:
    """A setting by its dotted name, as in the settings file, and its new value as TOML would write it."""

    name: str
    value: str | bool | int | float | tuple[Table, ...]


DictationAction = Verb | SettleHeld | RecoverTake | PauseHotkeys | TestHotkeys
Action = DictationAction | ChooseMicrophone | SwitchWorker | ChangeSetting | Trial
