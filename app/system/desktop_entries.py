"""Names and icons of programs, from the desktop files of this computer.

Desktop Entry Specification 1.5, XDG Base Directory Specification 0.8. Other systems have no such files: there, a
program goes by the name of its window.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from app.insertion.plan import plain_name
from runtime.whole_file import open_regular

_GROUP: Final = "[Desktop Entry]"
_ENDING: Final = ".desktop"
_DATA_DIRS: Final = "/usr/local/share:/usr/share"
_MOST_FILES: Final = 5_000
_MOST_BYTES: Final = 1 << 18
_LONGEST_NAME: Final = 60
_CHECK_AGAIN_S: Final = 5.0
_TERRITORIES: Final = {"zh": "zh_CN"}
"""The variant that the windows use of a language that is written in more than one way."""
# They run other programs, so their names identify no program.
_LAUNCHERS: Final = frozenset(
    {"bash", "dbus-launch", "flatpak", "gtk-launch", "java", "perl", "python", "python3", "sh", "snap", "sudo"}
    | {"systemd-run", "wine", "xdg-open"}
)

Signature = tuple[tuple[str, int, int], ...]
"""Path, time of change in ns and size of each file."""


@dataclass(frozen=True)
class DesktopEntry:
    """Program of a desktop file.

    ``names``: by language as the file writes it, empty for any. ``window_class``: that of its windows, if stated.
    ``executable``: name of the started file; empty if a launcher starts it. ``shown``: menus list it.
    """

    identifier: str
    names: Mapping[str, str] = field(default_factory=dict)
    icon: str = ""
    window_class: str = ""
    executable: str = ""
    shown: bool = True

    def name(self, language: str) -> str:
        """Return the name in a language such as ``zh``; empty if the file has none."""
        wanted = (language, _TERRITORIES.get(language, language), language.partition("_")[0], "")
        return next(filter(None, map(self.names.get, wanted)), "") or ""


# -- reading and finding, pure -----------------------------------------------------------------------------


def parse_entry(identifier: str, text: str) -> DesktopEntry | None:
    """Return the program of a desktop file; ``None`` if the file starts none or is hidden."""
    values = dict(_values(text))
    if values.get("Type") != "Application" or values.get("Hidden") == "true":
        return None
    names = {
        key[len("Name") :].strip("[]"): name
        for key, value in values.items()
        if (key == "Name" or key.startswith("Name[")) and (name := _clean(value))
    }
    return DesktopEntry(
        identifier,
        names,
        values.get("Icon", ""),
        values.get("StartupWMClass", ""),
        _executable(values.get("Exec", "")),
        values.get("NoDisplay") != "true",
    )


def index_entries(entries: Iterable[DesktopEntry]) -> dict[str, DesktopEntry]:
    """Return the programs by each name under which a window may name its program, in lower case.

    A stated window class counts more than a file name, and that more than an executable. An executable that
    starts several programs, such as an office suite, names none of them.
    """
    known = sorted(entries, key=lambda entry: not entry.shown)
    found: dict[str, DesktopEntry] = {}
    for name in (
        lambda entry: entry.window_class.lower(),
        lambda entry: entry.identifier.lower(),
        lambda entry: plain_name(entry.identifier),
    ):
        for entry in known:
            found.setdefault(name(entry), entry)
    found.pop("", None)  # most state no window class
    started: dict[str, list[DesktopEntry]] = {}
    for entry in known:
        if entry.executable and entry.shown:
            started.setdefault(entry.executable.lower(), []).append(entry)
    for executable, several in started.items():
        if len(several) == 1:
            found.setdefault(executable, several[0])
    return found


def find_entry(found: Mapping[str, DesktopEntry], window_class: str) -> DesktopEntry | None:
    """Return the program of a window class, or of the name of an executable."""
    return found.get(window_class.strip().lower()) or found.get(plain_name(window_class.strip()))


def _values(text: str) -> Iterator[tuple[str, str]]:
    """Yield keys and values of the main group."""
    inside = False
    for line in text.splitlines():
        if line.startswith("["):
            inside = line.strip() == _GROUP
        elif inside and not line.startswith("#"):
            key, equals, value = line.partition("=")
            if equals:
                yield key.strip(), value.strip()


def _clean(value: str) -> str:
    """Return a name in one line; empty if characters in it cannot be shown."""
    name = " ".join(value.replace("\\s", " ").split())
    return name if name.isprintable() and len(name) <= _LONGEST_NAME else ""


def _executable(command: str) -> str:
    """Return the file name of the first program of a command, without ``env`` and its variables."""
    for word in command.replace('"', "").split():
        name = word.rpartition("/")[2]
        if name == "env" or "=" in word or word.startswith("-"):
            continue
        return "" if name in _LAUNCHERS else name
    return ""


# -- the files ---------------------------------------------------------------------------------------------


class DesktopEntries:
    """Programs of these folders, read again when a file has changed. Only the first reading takes all files."""

    def __init__(self, places: Sequence[Path], clock: Callable[[], float] = time.monotonic) -> None:
        self._places, self._clock = places, clock
        self._signature: Signature | None = None
        self._checked_s = -_CHECK_AGAIN_S
        self._found: dict[str, DesktopEntry] = {}

    def find(self, window_class: str) -> DesktopEntry | None:
        """Return the program of a window class. Blocks briefly."""
        now = self._clock()
        if now - self._checked_s >= _CHECK_AGAIN_S:
            self._checked_s = now
            self._refresh()
        return find_entry(self._found, window_class)

    def name(self, window_class: str, language: str) -> str:
        """Return the name of a program in a language; an unknown program keeps its class."""
        entry = self.find(window_class)
        return (entry.name(language) if entry else "") or window_class

    def icon(self, window_class: str) -> str:
        """Return the name or the path of a program's icon; empty if it has none."""
        entry = self.find(window_class)
        return entry.icon if entry else ""

    def _refresh(self) -> None:
        files = list(_files(self._places))
        signature = tuple((str(path), status.st_mtime_ns, status.st_size) for _, path, status in files)
        if signature == self._signature:
            return
        self._signature = signature
        entries: dict[str, DesktopEntry | None] = {}
        for identifier, path, _ in files:
            if identifier not in entries:  # a file of the user replaces the system's of this name
                entries[identifier] = _read_entry(identifier, path)
        self._found = index_entries(filter(None, entries.values()))


def application_folders(platform: str = sys.platform, environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Return the folders of desktop files, the user's own first; none on systems without them.

    Relative paths in the environment are ignored.
    """
    if platform in {"darwin", "win32"}:
        return ()
    usual = Path(environ.get("HOME") or Path.home(), ".local", "share")
    chosen, shared = environ.get("XDG_DATA_HOME", ""), environ.get("XDG_DATA_DIRS") or _DATA_DIRS
    places = (chosen if os.path.isabs(chosen) else str(usual), *shared.split(os.pathsep))
    return tuple(Path(place, "applications") for place in dict.fromkeys(filter(os.path.isabs, places)))


def program_name(window_class: str, language: str) -> str:
    """Return the name of a program of this computer in a language; an unknown one keeps its class.

    Cheap enough for each row of a list: it looks for changed files every few seconds at most.
    """
    return _here().name(window_class, language)


def program_icon(window_class: str) -> str:
    """Return the name or the path of the icon of a program of this computer; empty if it has none."""
    return _here().icon(window_class)


@cache
def _here() -> DesktopEntries:
    return DesktopEntries(application_folders())


def _files(places: Sequence[Path]) -> Iterator[tuple[str, Path, os.stat_result]]:
    """Yield identifier, path and status of each desktop file; a folder in the path becomes part of the former."""
    left = _MOST_FILES
    for place in places:
        for folder, inner, names in os.walk(place):
            inner.sort()
            for name in sorted(names):
                path = Path(folder, name)
                if not name.endswith(_ENDING) or left <= 0:
                    continue
                with suppress(OSError):
                    left -= 1
                    status = path.stat()
                    yield "-".join(path.relative_to(place).parts).removesuffix(_ENDING), path, status


def _read_entry(identifier: str, path: Path) -> DesktopEntry | None:
    try:
        with open_regular(path) as file:
            return parse_entry(identifier, file.read(_MOST_BYTES).decode(errors="replace"))
    except OSError:
        return None
