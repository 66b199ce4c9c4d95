"""Messages about picking a program by a click on its window. Pure."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class PickProgram:
    """Request to let the user click on a window (``on``), or to stop waiting for the click."""

    on: bool


class PickState(StrEnum):
    """States of a pick; all but ``waiting`` are its end."""

    WAITING = "waiting"
    PICKED = "picked"
    CANCELLED = "cancelled"
    NO_PROGRAM = "no-program"  # nothing there tells its program
    OWN = "own"  # a window of this app
    BUSY = "busy"  # another program holds the pointer or the keyboard
    LATE = "late"
    UNAVAILABLE = "unavailable"  # no X server


@dataclass(frozen=True)
class ProgramPick:
    """State of the pick. ``program``: the class of the window that was clicked on."""

    state: PickState
    program: str = ""
