"""Programs that take the keyboard without having a window: launchers and screen lockers.

They run only while they have it. Programs that stay, such as panels, are not among them.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_LAUNCHERS: Final = frozenset({"bemenu", "dmenu", "fuzzel", "rofi", "tofi", "wmenu", "wofi", "yofi"})
_LOCKERS: Final = frozenset({"gtklock", "swaylock", "waylock"})
_SESSION: Final = ("XDG_RUNTIME_DIR", "WAYLAND_DISPLAY")


def keyboard_taker_runs(environment: Mapping[str, str]) -> bool:
    """Return whether such a program runs in the session of this environment."""
    places = (_PROC / name for name in os.listdir(_PROC) if name.isdigit())
    return any(takes_keyboard(_name(place)) and _is_in(environment, place) for place in places)


def takes_keyboard(program: str) -> bool:
    """Return whether a program with this name takes the keyboard; ``wmenu-run`` is ``wmenu``. Pure."""
    return program.partition("-")[0] in _LAUNCHERS | _LOCKERS


def _name(process: Path) -> str:
    with suppress(OSError):  # it has ended meanwhile
        return process.joinpath("comm").read_text(errors="replace").strip()
    return ""


def _is_in(environment: Mapping[str, str], process: Path) -> bool:
    """Return whether a process belongs to the session; those of other users cannot be asked."""
    with suppress(OSError):
        told = process.joinpath("environ").read_bytes().split(b"\0")
        return all(f"{name}={environment.get(name, '')}".encode() in told for name in _SESSION)
    return False
