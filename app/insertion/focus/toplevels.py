"""The focused window of compositors that list their windows (labwc, Hyprland, river, niri …).

They report a window's program and whether it is active, but neither its process nor its place. While a panel or a
lock screen has the keyboard, most of them call no window active. labwc still does: there the focus counts as
unknown while a launcher or a locker runs, but a permanent panel may get the text.
Source: wlr-protocols, "wlr foreign toplevel management unstable v1".
"""

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final, Self

from app.insertion.errors import FocusUnknown
from app.insertion.outcome import Target, first_number
from app.insertion.plan import is_terminal
from app.wayland.connection import WaylandConnection, WaylandObject
from app.wayland.errors import CompositorGone, WaylandError
from app.wayland.interfaces import TOPLEVEL_MANAGER
from app.wayland.wire import words
from runtime.tasks import close_on_error

_REPLY_S: Final = 1.0
_ACTIVATED: Final = 2
_PROC: Final = Path("/proc")
_LAUNCHERS: Final = frozenset({"bemenu", "dmenu", "fuzzel", "rofi", "tofi", "wmenu", "wofi", "yofi"})
_LOCKERS: Final = frozenset({"gtklock", "swaylock", "waylock"})
_SESSION: Final = ("XDG_RUNTIME_DIR", "WAYLAND_DISPLAY")


@dataclass
class Toplevel:
    """A window. ``number``: our own, given to no other window, not even by another process."""

    number: int
    program: str = ""
    active: bool = False


class ToplevelFocus:
    """A ``Focus`` for compositors that list their windows. Windows of the program ``app_id`` are our own.

    ``taken``: returns whether a program may have the keyboard although the compositor calls a window active.
    """

    def __init__(self, wayland: WaylandConnection, app_id: str, taken: Callable[[], bool]) -> None:
        self._wayland, self._app_id, self._taken = wayland, app_id, taken
        self._numbers = count(first_number())
        self._toplevels: dict[int, Toplevel] = {}
        wayland.bind(TOPLEVEL_MANAGER).on("toplevel", self._follow_window)

    @classmethod
    async def open(cls, environment: Mapping[str, str], app_id: str = "") -> Self:
        """Return the focus of the running compositor. Raises ``FocusUnknown``."""
        try:
            wayland = await WaylandConnection.open(environment)
        except WaylandError as error:
            raise FocusUnknown(str(error)) from error
        taken = partial(keyboard_taker_runs, environment) if "LABWC_PID" in environment else lambda: False
        try:
            async with close_on_error(wayland.close):
                focus = cls(wayland, app_id, taken)
                await wayland.roundtrip(_REPLY_S)
        except WaylandError as error:
            raise FocusUnknown(f"{error}: this compositor does not list its windows") from error
        return focus

    async def target(self) -> Target | None:
        """Return the active window, or ``None`` if none or several are active, or a launcher runs."""
        try:
            await self._wayland.roundtrip(_REPLY_S)
        except CompositorGone:
            return None
        return None if self._taken() else target_of(self._toplevels.values(), self._app_id)

    async def close(self) -> None:
        """End the connection. Safe to call twice."""
        await self._wayland.close()

    def _follow_window(self, handle: WaylandObject) -> None:
        """Follow a new window. Its changes take effect together, at the event ``done``."""
        number = next(self._numbers)
        described = Toplevel(number)

        def activated(states: bytes) -> None:
            described.active = _ACTIVATED in words(states)

        def named(program: str) -> None:
            described.program = program

        def done() -> None:
            self._toplevels[number] = Toplevel(number, described.program, described.active)

        def closed() -> None:
            self._toplevels.pop(number, None)
            handle.destroy()

        handle.on("app_id", named)
        handle.on("state", activated)
        handle.on("done", done)
        handle.on("closed", closed)


def target_of(toplevels: Iterable[Toplevel], app_id: str) -> Target | None:
    """Return the only active window; those of the program ``app_id`` are our own. Pure."""
    active = [one for one in toplevels if one.active]
    if len(active) != 1:
        return None
    program = active[0].program
    return Target(active[0].number, program, is_terminal(program), bool(app_id) and program == app_id)


def keyboard_taker_runs(environment: Mapping[str, str]) -> bool:
    """Return whether a launcher or a screen locker runs in the session of this ``environment``.

    Both run only while they have the keyboard.
    """
    places = (_PROC / name for name in os.listdir(_PROC) if name.isdigit())
    return any(takes_keyboard(_name(place)) and _is_in(environment, place) for place in places)


def takes_keyboard(program: str) -> bool:
    """Return whether a program with this name takes the keyboard; ``wmenu-run`` is ``wmenu``. Pure."""
    return program.partition("-")[0] in _LAUNCHERS | _LOCKERS


def _name(process: Path) -> str:
    with suppress(OSError):  # the process has ended
        return process.joinpath("comm").read_text(errors="replace").strip()
    return ""


def _is_in(environment: Mapping[str, str], process: Path) -> bool:
    """Return whether a process belongs to the session; False for other users' processes, which are unreadable."""
    with suppress(OSError):
        variables = process.joinpath("environ").read_bytes().split(b"\0")
        return all(f"{name}={environment.get(name, '')}".encode() in variables for name in _SESSION)
    return False
