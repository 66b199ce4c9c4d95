"""What a person may ask of the running app: from a key, the tray, a window or the command line."""

from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    """What has no further value. ``start`` while a take is recorded and ``stop`` while none is change nothing."""

    TOGGLE = "toggle"
    START = "start"
    STOP = "stop"
    CANCEL = "cancel"
    PASTE_HELD = "paste-held"
    QUIT = "quit"


@dataclass(frozen=True)
class ChooseMicrophone:
    """(A part of) its name; empty: the system's default."""

    name: str


@dataclass(frozen=True)
class SwitchWorker:
    """Start or stop the worker of this computer."""

    on: bool


@dataclass(frozen=True)
class ChangeSetting:
    """A setting by its dotted name, as in the settings file, and its new value as TOML would write it."""

    name: str
    value: str | bool | int | float


Action = Verb | ChooseMicrophone | SwitchWorker | ChangeSetting
