"""Entry of the app among the desktop's programs, with actions for what is wanted without its window.

The entry is written for the user when the app starts, because a Python package cannot install one. An entry that
already starts the app, or that the user has hidden, stays as it is. Where a package of the system has installed
the entry, the user gets none. Only Linux has such entries.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Final

from app.core.child_process import lasting_program
from app.core.errors import AppError
from app.core.identity import APP_ID
from app.system.autostart import HOME, NAME, FileEntry, desktop_command, entry_of, quoted
from app.system.desktop_entries import application_folders

_ENTRY: Final = f"{APP_ID}.desktop"
_STARTS: Final = f"Exec={NAME} "


class NoMenuEntry(AppError):
    """Refusal of a menu entry on this system or for this home; the text says why."""


def shipped_entry() -> str:
    """Return the desktop entry as packages install it, with the bare name of the program and of the icon."""
    return files("app.system").joinpath("menu", _ENTRY).read_text(encoding="utf-8")


def launcher_entry(program: str, icon: str) -> str:
    """Return the desktop entry for a program and an icon at these paths.

    It follows the Desktop Entry specification.
    """
    through = "env " if "%" in program else ""  # GLib takes %% in a program name literally
    lines = []
    for line in shipped_entry().splitlines():
        if line.startswith(_STARTS):
            line = f"Exec={through}{quoted(program)} {line.removeprefix(_STARTS)}"
        lines.append(f"Icon={icon}" if line.startswith("Icon=") else line)
    return "\n".join([*lines, ""])


def launcher(environment: Mapping[str, str], program: str) -> FileEntry:
    """Return the entry in the folder of the user's own programs."""
    chosen = environment.get("XDG_DATA_HOME", "")
    home = Path(environment.get("HOME") or Path.home())
    base = Path(chosen) if os.path.isabs(chosen) else home / ".local" / "share"  # relative paths are ignored
    icon = str(files("app.ui.theme").joinpath("icons", "app.svg"))
    return FileEntry(base / "applications" / _ENTRY, launcher_entry(program, icon), desktop_command)


def keep_launcher(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> None:
    """Write the entry if it is missing or starts another program. Raises ``AutostartRefused``.

    An app with a home of its own gets none: it is not the user's usual one.
    """
    if not platform.startswith("linux") or environment.get(HOME):
        return
    program = lasting_program(NAME)
    if not in_system_menu(platform, environment, program):
        launcher(environment, program).mend()


def install_menu_entry(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Write the entry anew, over a changed or hidden one, and return its path.

    Return ``None`` where a package of the system provides the entry.
    Raises ``NoMenuEntry`` or ``AutostartRefused``.
    """
    _check_menu(platform, environment)
    program = lasting_program(NAME)
    if in_system_menu(platform, environment, program):
        return None
    entry = launcher(environment, program)
    entry.remove()
    entry.add()
    return entry.place


def remove_menu_entry(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Delete what the desktop has of the app for this user: the entry and the start with the session.

    Returns the deleted files. Earlier contents that were kept beside them go too, because the user wants nothing
    to stay. Elsewhere than on Linux only the start with the session is ours: installers own the menu.
    Raises ``NoMenuEntry`` or ``AutostartRefused``.
    """
    _check_home(environment)
    entries = [launcher(environment, NAME)] if platform.startswith("linux") else []
    autostart = entry_of(platform, environment, NAME)
    if isinstance(autostart, FileEntry):
        entries.append(autostart)
    else:
        autostart.remove()
    return [path for entry in entries for path in entry.delete()]


def _check_menu(platform: str, environment: Mapping[str, str]) -> None:
    if not platform.startswith("linux"):
        raise NoMenuEntry("this system has no such entries: its installer adds the app to the menu")
    _check_home(environment)


def _check_home(environment: Mapping[str, str]) -> None:
    if environment.get(HOME):
        raise NoMenuEntry(f"an app with a home of its own has none: unset {HOME}")


def in_system_menu(platform: str, environment: Mapping[str, str], program: str) -> bool:
    """Return whether the entry of a package of the system starts this very program."""
    _, *shared = application_folders(platform, environment)
    for folder in shared:
        with suppress(OSError):
            command = desktop_command((folder / _ENTRY).read_text(encoding="utf-8")) or ()
            return any(_same(word, program) for word in command)
    return False


def _same(word: str, program: str) -> bool:
    found = shutil.which(word)
    return found is not None and os.path.samefile(found, program)
