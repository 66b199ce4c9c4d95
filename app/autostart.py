"""Starting with the session: an entry where each system looks for programs to start.

An entry that starts this app already is left as it is: somebody may have added to it. One that says something else
is kept beside the new one as ``….bak``. Windows and macOS are not run here.
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
from pathlib import Path
from typing import Any, Final, Protocol

from app.child import find_program
from app.errors import AppError

NAME: Final = "kikipounamu"
ARGUMENTS: Final = ("app", "--hidden")
HOME: Final = "KIKIPOUNAMU_HOME"
_AGENT: Final = "org.kikipounamu.app"
_RUN: Final = r"Software\Microsoft\Windows\CurrentVersion\Run"
_SPECIAL: Final = str.maketrans({character: f"\\{character}" for character in '"`$\\'})


class AutostartRefused(AppError):
    """The entry cannot be written, or not removed."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place} cannot be changed ({reason}): allow this app to write there")
        self.place = place


class Entry(Protocol):
    """Where the system looks. Each raises ``AutostartRefused``, and may be called again.

    ``mend``: it is wanted since some time, and the program may have moved meanwhile; who switched the entry off
    elsewhere means it.
    """

    def add(self) -> None: ...
    def mend(self) -> None: ...
    def remove(self) -> None: ...


def entry_of(platform: str, environment: Mapping[str, str], program: str) -> Entry:
    """For this ``sys.platform``. ``program``: the path of ``kikipounamu``."""
    home = Path(environment.get("HOME") or Path.home())
    own = {HOME: environment[HOME]} if environment.get(HOME) else {}
    if platform == "win32":
        return RunKey(program)
    if platform == "darwin":
        place = home / "Library" / "LaunchAgents" / f"{_AGENT}.plist"
        return FileEntry(place, launch_agent(program, own), agent_command)
    chosen = environment.get("XDG_CONFIG_HOME", "")
    base = Path(chosen) if os.path.isabs(chosen) else home / ".config"  # a relative one is to be ignored
    place = base / "autostart" / f"{NAME}.desktop"
    return FileEntry(place, desktop_entry(program, own), desktop_command)


def keep_autostart(on: bool, *, changed: bool, entry: Entry | None = None) -> None:
    """As the settings say; ``changed``: they have just said otherwise. Raises ``AppError``.

    Nobody's own entry is taken away because a setting has its default.
    """
    if not (on or changed):
        return
    kept = entry or entry_of(sys.platform, os.environ, find_program(NAME))
    if not changed:
        kept.mend()
    elif on:
        kept.add()
    else:
        kept.remove()


# -- files: Linux and macOS --------------------------------------------------------------------------------


class FileEntry:
    """A file of its own. ``command``: what a content starts, ``None`` where it is switched off."""

    def __init__(self, place: Path, content: str, command: Callable[[str], Sequence[str] | None]) -> None:
        self.place, self.content = place, content
        self._command = command

    def add(self) -> None:
        """Write it, unless one is there that starts the app."""
        if not _is_ours(self._command(self._read())):
            self._write()

    def mend(self) -> None:
        """The same, but one that is switched off stays so."""
        if self._command(self._read()) is not None:
            self.add()

    def remove(self) -> None:
        """Whatever is in it: it is to start no more."""
        with _refusals(self.place):
            self._keep_beside()
            self.place.unlink(missing_ok=True)

    def _write(self) -> None:
        with _refusals(self.place):
            self.place.parent.mkdir(parents=True, exist_ok=True)
            self._keep_beside()
            new = self.place.with_name(f"{self.place.name}.new")
            new.write_text(self.content, encoding="utf-8")
            new.replace(self.place)

    def _keep_beside(self) -> None:
        """What somebody wrote into it; no system starts a file with that ending."""
        if self._read() not in ("", self.content):
            shutil.copyfile(self.place, self.place.with_name(f"{self.place.name}.bak"))

    def _read(self) -> str:
        with _refusals(self.place):
            try:
                return self.place.read_text(encoding="utf-8", errors="replace")
            except (FileNotFoundError, NotADirectoryError):
                return ""


@contextmanager
def _refusals(place: Path | str) -> Iterator[None]:
    """Errors of the system as ours."""
    try:
        yield
    except OSError as error:
        raise AutostartRefused(str(place), error.strerror or str(error)) from error


def desktop_entry(program: str, environment: Mapping[str, str]) -> str:
    """As in the Desktop Application Autostart and the Desktop Entry specifications of freedesktop.org."""
    own = [f"{name}={value}" for name, value in environment.items()]
    through = ["env", *own] if own or "%" in program else []  # GLib looks for a program as it is written: with %%
    words = [*through, program, *ARGUMENTS]
    return "\n".join(
        (
            "[Desktop Entry]",
            "Type=Application",
            f"Name={NAME}",
            f"Exec={' '.join(map(_quoted, words))}",
            "Terminal=false",
            "X-GNOME-Autostart-enabled=true",
            "",
        )
    )


def desktop_command(content: str) -> Sequence[str] | None:
    """What it starts; ``None``: it is switched off."""
    lines = (line.split("=", 1) for line in content.splitlines() if "=" in line and not line.startswith("#"))
    fields = {name.strip(): value.strip() for name, value in lines}
    if fields.get("Hidden") == "true" or fields.get("X-GNOME-Autostart-enabled") == "false":
        return None
    try:
        words = shlex.split(fields.get("Exec", "").replace("\\\\", "\\").replace("%%", "%"))
    except ValueError:
        return ()
    return [re.sub(r"\\([$`])", r"\1", word) for word in words]


def _quoted(word: str) -> str:
    """In an ``Exec`` line; that is itself a string, in which a backslash is doubled."""
    quoted = word if word.replace("-", "").isalnum() else f'"{word.translate(_SPECIAL)}"'
    return quoted.replace("\\", "\\\\").replace("%", "%%")


def launch_agent(program: str, environment: Mapping[str, str]) -> str:
    """As launchd.plist(5) describes it."""
    wanted: dict[str, Any] = {"Label": _AGENT, "ProgramArguments": [program, *ARGUMENTS], "RunAtLoad": True}
    if environment:
        wanted["EnvironmentVariables"] = dict(environment)
    return plistlib.dumps(wanted).decode()


def agent_command(content: str) -> Sequence[str] | None:
    """What it starts; ``None``: it is switched off."""
    try:
        found = plistlib.loads(content.encode())
    except Exception:  # noqa: BLE001 - its parsers raise errors of several kinds: it is no list of properties
        return ()
    if not isinstance(found, dict):
        return ()
    return None if found.get("Disabled") else [str(word) for word in found.get("ProgramArguments", [])]


def _is_ours(command: Sequence[str] | None) -> bool:
    """Whether it starts a program of our name that is there."""
    return any(Path(word).stem == NAME and shutil.which(word) for word in command or ())


# -- Windows -----------------------------------------------------------------------------------------------


class RunKey:
    """A value below the key ``Run`` of this user. Not run here."""

    def __init__(self, program: str, registry: Any = None) -> None:
        self.command = f'"{program}" {" ".join(ARGUMENTS)}'
        self._winreg = registry

    def add(self) -> None:
        """Write it: it holds a command, and nothing that a person could have added."""
        registry = self._registry()
        with _refusals(_RUN), registry.CreateKey(registry.HKEY_CURRENT_USER, _RUN) as key:
            registry.SetValueEx(key, NAME, 0, registry.REG_SZ, self.command)

    def mend(self) -> None:
        """The same: whoever switches it off in the Task Manager does so at another place."""
        self.add()

    def remove(self) -> None:
        """Without it there is nothing to remove."""
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
