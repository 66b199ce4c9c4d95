"""Find the bus of IBus, which is not the session's bus."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from runtime.whole_file import read_regular

_ADDRESS: Final = "IBUS_ADDRESS"


def ibus_address(environment: Mapping[str, str]) -> str:
    """Return the address of the bus of this session's IBus daemon; empty if it has published none.

    The daemon writes a file for each display: MACHINE-HOST-DISPLAY. Source: ``ibus_get_socket_path`` of IBus.
    """
    if chosen := environment.get(_ADDRESS):
        return chosen
    files = [file for name in _displays(environment) for file in _folder(environment).glob(f"*-{name}")]
    for file in sorted(files, key=_change_time, reverse=True):
        if found := address_in(_lines(file)):
            return found
    return ""


def address_in(lines: Iterable[str]) -> str:
    """Return the address in such a file. Pure."""
    pairs = (line.strip().split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return dict(pairs).get(_ADDRESS, "")


def _displays(environment: Mapping[str, str]) -> list[str]:
    """Return the ends of the file names for the session's displays: of Wayland first."""
    names = [f"unix-{name}" for name in [environment.get("WAYLAND_DISPLAY", "")] if name]
    host, colon, number = environment.get("DISPLAY", "").rpartition(":")
    return [*names, f"{host or 'unix'}-{number.split('.')[0]}"] if colon else names


def _folder(environment: Mapping[str, str]) -> Path:
    home = environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME") or "/nonexistent", ".config")
    return Path(home, "ibus", "bus")


def _lines(file: Path) -> list[str]:
    try:
        return read_regular(file).decode(errors="replace").splitlines()
    except OSError:
        return []


def _change_time(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
