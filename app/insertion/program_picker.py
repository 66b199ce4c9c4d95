"""Let the user pick a program by a click on one of its windows, without blocking the windows of this app."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Any

from app.wayland.session import is_wayland
from runtime.tasks import Closing, Tasks


@dataclass(frozen=True)
class PickProgram:
    """Request to let the user click on a window (``on``), or to stop waiting for the click."""

    on: bool


class PickState(StrEnum):
    """States of a pick; all but ``waiting`` end it."""

    WAITING = "waiting"
    PICKED = "picked"
    CANCELLED = "cancelled"
    NO_PROGRAM = "no-program"  # the program of that window is unknown
    OWN = "own"  # a window of this app
    BUSY = "busy"  # another program holds the pointer or the keyboard
    LATE = "late"
    UNAVAILABLE = "unavailable"  # no X server


@dataclass(frozen=True)
class ProgramPick:
    """State of the pick. ``program``: the class of the window that was clicked on."""

    state: PickState
    program: str = ""


Pick = Callable[[], Coroutine[Any, Any, ProgramPick]]
"""Waits for a click."""


def can_pick(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether this desktop lets a program find out on which window the user clicks."""
    on_x11 = platform not in {"darwin", "win32"} and not is_wayland(environment)
    return on_x11 and bool(environment.get("DISPLAY")) and find_spec("Xlib") is not None


async def pick_on_x11() -> ProgramPick:
    """Wait for a click on this session's screen."""
    from app.insertion.x11.window_picker import pick_program  # its library is missing on other systems

    return await pick_program()


class ProgramPicker(Closing):
    """Waits for one click at a time; an async context manager. ``post`` receives each state."""

    def __init__(self, post: Callable[[ProgramPick], None], pick: Pick = pick_on_x11) -> None:
        self._post, self._pick = post, pick
        self._tasks = Tasks("program picker")
        self._picking: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Stop waiting for a click."""
        await self._tasks.close()

    def ask(self, action: PickProgram) -> None:
        """Start waiting for a click, or stop; a second start is ignored."""
        waits = self._picking is not None and not self._picking.done()
        if action.on and not waits:
            self._picking = self._tasks.start(self._run(), "pick")
        elif self._picking is not None and not action.on:
            self._picking.cancel()

    async def _run(self) -> None:
        self._post(ProgramPick(PickState.WAITING))
        found = ProgramPick(PickState.UNAVAILABLE)
        try:
            found = await self._pick()
        except asyncio.CancelledError:
            found = ProgramPick(PickState.CANCELLED)
            raise
        finally:
            self._post(found)
