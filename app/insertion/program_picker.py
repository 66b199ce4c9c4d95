"""Let the user pick a program by a click on one of its windows, without blocking the windows of this app."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Final

from app.core.daemon_thread import in_daemon_thread
from app.wayland.session import is_wayland
from runtime.tasks import Closing, Tasks, is_set_within


@dataclass(frozen=True)
class PickProgram:
    """Request to let the user click on a window (``on``), or to stop waiting for the click."""

    on: bool


class PickState(StrEnum):
    """States of a pick; all but ``waiting`` are its end."""

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


_CLOSE_S: Final = 3.0

Pick = Callable[[socket.socket], ProgramPick]
"""Waits for a click until a byte arrives. Blocks."""


def can_pick(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether this desktop lets a program find out on which window the user clicks."""
    on_x11 = platform not in {"darwin", "win32"} and not is_wayland(environment)
    return on_x11 and bool(environment.get("DISPLAY")) and find_spec("Xlib") is not None


def pick_on_x11(wakes: socket.socket) -> ProgramPick:
    """Wait for a click on this session's screen. Blocks."""
    from app.insertion.x11.window_picker import pick_program  # its library is missing on other systems

    return pick_program(None, wakes)


class ProgramPicker(Closing):
    """Waits for one click at a time, in a thread; an async context manager. ``post`` receives each state."""

    def __init__(self, post: Callable[[ProgramPick], None], pick: Pick = pick_on_x11) -> None:
        self._post, self._pick = post, pick
        self._tasks = Tasks("program picker")
        self._waiting: socket.socket | None = None
        self._over = asyncio.Event()
        self._over.set()

    async def close(self) -> None:
        """Stop waiting for a click."""
        self._stop()
        await is_set_within(self._over, _CLOSE_S)
        await self._tasks.close()

    def ask(self, action: PickProgram) -> None:
        """Start waiting for a click, or stop; a second start is ignored."""
        if not action.on:
            self._stop()
        elif self._waiting is None:
            ours, theirs = socket.socketpair()
            self._waiting = ours
            self._over.clear()
            self._tasks.start(self._run(ours, theirs), "pick")

    def _stop(self) -> None:
        if self._waiting is not None:
            with suppress(OSError):  # it has just ended
                self._waiting.send(b"\0")

    async def _run(self, ours: socket.socket, theirs: socket.socket) -> None:
        self._post(ProgramPick(PickState.WAITING))
        found = ProgramPick(PickState.UNAVAILABLE)
        try:
            found = await in_daemon_thread(lambda: self._pick(theirs), "pick a window")
        finally:
            self._waiting = None
            ours.close()
            theirs.close()
            self._over.set()
            self._post(found)
