"""The app among the desktop's programs: its entry in the menu, and its start with the user's session.

The start is an entry where each system looks for startup programs. An entry that already starts this app stays
unchanged, because the user may have edited it. Any other content is kept next to the new entry as ``….bak``.
The Windows and macOS parts have not been run yet.

The entry in the menu also offers actions that need no window. The app writes it when it starts, because a Python
package cannot install one. An entry that already starts the app, or that the user has hidden, stays as it is. If a
package of the system has installed the entry, the app writes none. Only Linux has such entries.
"""

import importlib
import os
import plistlib
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Protocol

from app.core.child_process import lasting_program
from app.core.errors import AppError, Note
from app.core.identity import APP_ID
from app.system.desktop_entries import application_folders
from runtime.whole_file import read_regular, write_whole

NAME: Final = "kikipounamu"
ARGUMENTS: Final = ("app", "--hidden")
HOME: Final = "KIKIPOUNAMU_HOME"
_RUN: Final = r"Software\Microsoft\Windows\CurrentVersion\Run"
_SPECIAL: Final = str.maketrans({character: f"\\{character}" for character in '"`$\\'})


class AutostartRefused(AppError):
    """The entry cannot be written or removed."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place} cannot be changed ({reason}): free space there, or allow this app to write")
        self.note = Note("autostart-refused", {"place": place})


class StartupEntry(Protocol):
    """A startup entry of the system.

    Each method raises ``AutostartRefused`` and may be called repeatedly. ``mend``: repair an entry that was
    added earlier, because the program may have moved. An entry that the user switched off with another tool
    stays off.
    """

    def add(self) -> None: ...
    def mend(self) -> None: ...
    def remove(self) -> None: ...


def entry_of(platform: str, environment: Mapping[str, str], program: str) -> StartupEntry:
    """Return the startup entry for a ``sys.platform``.

    ``program``: the path of ``kikipounamu``.
    """
    home = Path(environment.get("HOME") or Path.home())
    own = {HOME: environment[HOME]} if environment.get(HOME) else {}
    if platform == "win32":
        return RunKey(program)
    if platform == "darwin":
        place = home / "Library" / "LaunchAgents" / f"{APP_ID}.plist"
        return FileEntry(place, launch_agent(program, own), agent_command)
    chosen = environment.get("XDG_CONFIG_HOME", "")
    base = Path(chosen) if os.path.isabs(chosen) else home / ".config"  # relative paths are ignored
    place = base / "autostart" / f"{NAME}.desktop"
    return FileEntry(place, desktop_entry(program, own), desktop_command)


def keep_autostart(on: bool, *, changed: bool, entry: StartupEntry | None = None) -> None:
    """Apply the autostart setting.

    ``changed``: the user has just changed it. Raises ``AppError``. An existing entry is not removed merely
    because the setting is off by default.
    """
    if not (on or changed):
        return
    kept = entry or entry_of(sys.platform, os.environ, lasting_program(NAME))
    if not changed:
        kept.mend()
    elif on:
        kept.add()
    else:
        kept.remove()


# -- files: Linux and macOS --------------------------------------------------------------------------------


class FileEntry:
    """A startup entry in a file.

    ``command`` parses the command from its content; ``None`` means switched off.
    """

    def __init__(self, place: Path, content: str, command: Callable[[str], Sequence[str] | None]) -> None:
        self.place, self.content = place, content
        self._command = command

    def add(self) -> None:
        """Write the entry, unless an existing entry starts the app."""
        if not _is_ours(self._command(self._read_entry())):
            self._write()

    def mend(self) -> None:
        """Repair the entry, but leave it alone if it is switched off."""
        if self._command(self._read_entry()) is not None:
            self.add()

    def remove_broken(self) -> None:
        """Remove the entry if it starts a program that is gone."""
        command = self._command(self._read_entry())
        if command and not _is_ours(command):
            self.remove()

    def remove(self) -> None:
        """Remove the entry, whatever its content."""
        with _refusals(self.place):
            self._keep_copy()
            self.place.unlink(missing_ok=True)

    def delete(self) -> list[Path]:
        """Delete the entry and its backup, and return the deleted files."""
        with _refusals(self.place):
            there = [path for path in (self.place, self._copy) if path.exists()]
            for path in there:
                path.unlink()
        return there

    @property
    def _copy(self) -> Path:
        return self.place.with_name(f"{self.place.name}.bak")

    def _write(self) -> None:
        with _refusals(self.place):
            self.place.parent.mkdir(parents=True, exist_ok=True)
            self._keep_copy()
            write_whole(self.place, self.content)

    def _keep_copy(self) -> None:
        """Back up content that the user wrote; systems ignore files with the ending ``.bak``."""
        if self._read_entry() not in ("", self.content):
            shutil.copyfile(self.place, self._copy)

    def _read_entry(self) -> str:
        with _refusals(self.place):
            try:
                return read_regular(self.place).decode("utf-8", "replace")
            except (FileNotFoundError, NotADirectoryError):
                return ""


@contextmanager
def _refusals(place: Path | str) -> Iterator[None]:
    """Convert system errors to ``AutostartRefused``."""
    try:
        yield
    except OSError as error:
        raise AutostartRefused(str(place), error.strerror or str(error)) from error


def desktop_entry(program: str, environment: Mapping[str, str]) -> str:
    """Return a desktop entry, following the Desktop Application Autostart and Desktop Entry specifications."""
    own = [f"{name}={value}" for name, value in environment.items()]
    through = ["env", *own] if own or "%" in program else []  # GLib takes %% in a program name literally
    words = [*through, program, *ARGUMENTS]
    return "\n".join(
        (
            "[Desktop Entry]",
            "Type=Application",
            f"Name={NAME}",
            try_exec(program),
            f"Exec={' '.join(map(quoted, words))}",
            "Terminal=false",
            "X-GNOME-Autostart-enabled=true",
            "",
        )
    )


def desktop_command(content: str) -> Sequence[str] | None:
    """Return the command that a desktop entry starts, or ``None`` if the entry is switched off."""
    lines = (line.split("=", 1) for line in content.splitlines() if "=" in line and not line.startswith("#"))
    fields = {name.strip(): value.strip() for name, value in lines}
    if fields.get("Hidden") == "true" or fields.get("X-GNOME-Autostart-enabled") == "false":
        return None
    try:
        words = shlex.split(fields.get("Exec", "").replace("\\\\", "\\").replace("%%", "%"))
    except ValueError:
        return ()
    return [re.sub(r"\\([$`])", r"\1", word) for word in words]


def quoted(word: str) -> str:
    """Quote a word for an ``Exec`` line.

    The line is itself a string in which backslashes are doubled.
    """
    quoted = word if word.replace("-", "").isalnum() else f'"{word.translate(_SPECIAL)}"'
    return quoted.replace("\\", "\\\\").replace("%", "%%")


def try_exec(program: str) -> str:
    """Return the line by which desktops ignore an entry whose program has been removed."""
    return f"TryExec={program}".replace("\\", "\\\\")


def launch_agent(program: str, environment: Mapping[str, str]) -> str:
    """Return a launch agent as launchd.plist(5) describes."""
    wanted: dict[str, Any] = {"Label": APP_ID, "ProgramArguments": [program, *ARGUMENTS], "RunAtLoad": True}
    if environment:
        wanted["EnvironmentVariables"] = dict(environment)
    return plistlib.dumps(wanted).decode()


def agent_command(content: str) -> Sequence[str] | None:
    """Return the command that a launch agent starts, or ``None`` if the agent is switched off."""
    try:
        found = plistlib.loads(content.encode())
    except Exception:  # noqa: BLE001 - its parsers raise errors of several kinds: it is no list of properties
        return ()
    if not isinstance(found, dict):
        return ()
    return None if found.get("Disabled") else [str(word) for word in found.get("ProgramArguments", [])]


def _is_ours(command: Sequence[str] | None) -> bool:
    """Return whether the command starts an installed program of our name."""
    return any(Path(word).stem == NAME and shutil.which(word) for word in command or ())


# -- Windows -----------------------------------------------------------------------------------------------


class RunKey:
    """A value under this user's ``Run`` registry key.

    Not run on Windows yet.
    """

    def __init__(self, program: str, registry: Any = None) -> None:
        self.command = f'"{program}" {" ".join(ARGUMENTS)}'
        self._winreg = registry

    def add(self) -> None:
        """Write the value, which holds only a command, so that no user edits can be lost."""
        registry = self._registry()
        with _refusals(_RUN), registry.CreateKey(registry.HKEY_CURRENT_USER, _RUN) as key:
            registry.SetValueEx(key, NAME, 0, registry.REG_SZ, self.command)

    def mend(self) -> None:
        """Rewrite the value; the Task Manager stores its own switch in a different place."""
        self.add()

    def remove(self) -> None:
        """Remove the value, if it exists."""
        registry = self._registry()
        with (
            _refusals(_RUN),
            suppress(FileNotFoundError),
            registry.OpenKey(registry.HKEY_CURRENT_USER, _RUN, 0, registry.KEY_SET_VALUE) as key,
        ):
            registry.DeleteValue(key, NAME)

    def _registry(self) -> Any:
        if self._winreg is None:
            try:
                self._winreg = importlib.import_module("winreg")
            except ModuleNotFoundError as error:
                raise AutostartRefused(_RUN, "this is not Windows") from error
        return self._winreg


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
        lines.append(f"{try_exec(program)}\nIcon={icon}" if line.startswith("Icon=") else line)
    return "\n".join([*lines, ""])


def launcher(environment: Mapping[str, str], program: str) -> FileEntry:
    """Return the entry in the folder of the user's own programs."""
    folder, *_ = application_folders("linux", environment)
    icon = str(files("app.ui.theme").joinpath("icons", "app.svg"))
    return FileEntry(folder / _ENTRY, launcher_entry(program, icon), desktop_command)


def keep_launcher(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> None:
    """Write the entry if it is missing or starts another program. Raises ``AutostartRefused``.

    If a package provides the entry, the user's is removed if its program is gone, because it hides the package's.
    An app with a home of its own gets none: it is not the user's usual one.
    """
    if not platform.startswith("linux") or environment.get(HOME):
        return
    program = lasting_program(NAME)
    entry = launcher(environment, program)
    if in_system_menu(platform, environment, program):
        entry.remove_broken()
    else:
        entry.mend()


def install_menu_entry(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Rewrite the entry, even a changed or hidden one, and return its path.

    If a package of the system provides the entry, only remove the user's, which would hide it; return ``None``.
    Raises ``NoMenuEntry`` or ``AutostartRefused``.
    """
    _check_menu(platform, environment)
    program = lasting_program(NAME)
    entry = launcher(environment, program)
    entry.remove()
    if in_system_menu(platform, environment, program):
        return None
    entry.add()
    return entry.place


def remove_menu_entry(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Delete this user's menu entry and startup entry of the app, with their backups; return the deleted files.

    On systems other than Linux, only the startup entry is ours: installers own the menu.
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
            command = desktop_command(read_regular(folder / _ENTRY).decode()) or ()
            return any(_is_program(word, program) for word in command)
    return False


def _is_program(word: str, program: str) -> bool:
    found = shutil.which(word)
    return found is not None and os.path.samefile(found, program)
