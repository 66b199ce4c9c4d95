"""Why no window can be opened: a missing library of the system, or a screen that does not answer.

Qt ends the process in both cases. Its message then names a library even where that is installed.
"""

import asyncio
import ctypes
import re
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from app.core.errors import AppError, Note
from app.core.sentences import LANGUAGES, Sentences, text_of_note
from app.system.languages import system_language
from app.system.notification import notify

PACKAGES: Final = (
    "libegl1",
    "libgl1",
    "libglib2.0-0",
    "libfontconfig1",
    "libdbus-1-3",
    "libxkbcommon-x11-0",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-keysyms1",
    "libxcb-shape0",
    "libxcb-xkb1",
)
"""Debian's packages of the libraries, as ``packaging/apt-packages.txt`` and ``docs/download.md`` list them."""
INSTALL: Final = f"sudo apt install {' '.join(PACKAGES)}"
_ABSENT: Final = re.compile(r"^(lib\S+\.so\S*): cannot open shared object file")

Load = Callable[[str], object]


class LibraryMissing(AppError):
    """A library of the system that windows need is not installed."""

    def __init__(self, library: str) -> None:
        super().__init__(f"windows need the missing library {library}: on Debian and Ubuntu, run `{INSTALL}`")
        self.note = Note("window-library-missing", {"library": library, "install": INSTALL})


class ScreenUnreachable(AppError):
    """The screen that the environment names does not answer, or refuses this user."""

    def __init__(self, screen: str) -> None:
        super().__init__(
            f"the screen {screen} cannot be reached: start the app in a desktop session, as the user of it"
        )
        self.note = Note("screen-unreachable", {"display": screen})


def refusal_of(environment: Mapping[str, str], load: Load = ctypes.CDLL) -> AppError:
    """Return why Qt could open no window in this environment."""
    library = missing_library(environment, load)
    return LibraryMissing(library) if library else ScreenUnreachable(", ".join(_screens(environment).values()))


def missing_library(environment: Mapping[str, str], load: Load = ctypes.CDLL) -> str:
    """Return a library that Qt lacks here; empty if it can use one of the screens that the environment names."""
    absent = [_absent_library(load, plugin) for plugin in _plugins(environment)]
    return absent[0] if absent and all(absent) else ""


def library_in(error: ImportError | OSError) -> str:
    """Return the library that the system's linker did not find; empty for any other error."""
    found = _ABSENT.match(str(error.__cause__ or error))  # in a folder PyInstaller has put its own words before
    return found[1] if found else ""


def tell(error: AppError) -> None:
    """Tell the user why the app ends, also by a notification if there is no terminal to read."""
    sys.stderr.write(f"{error}\n")
    if error.note is not None and not sys.stderr.isatty():
        language = system_language()
        texts = Sentences(language if language in LANGUAGES else LANGUAGES[0])
        asyncio.run(notify("kikipounamu", text_of_note(texts, error.note)))


def _screens(environment: Mapping[str, str]) -> dict[str, str]:
    """Return Qt's names of the platforms that it tries, with their screens."""
    if chosen := environment.get("QT_QPA_PLATFORM"):
        names = [name.partition(":")[0] for name in chosen.split(";")]
        return {name: environment.get("DISPLAY", "") if name == "xcb" else name for name in names}
    named = {"wayland": environment.get("WAYLAND_DISPLAY"), "xcb": environment.get("DISPLAY")}
    return {platform: screen for platform, screen in named.items() if screen}


def _plugins(environment: Mapping[str, str]) -> list[str]:
    spec = find_spec("PySide6")
    places = (spec.submodule_search_locations if spec else None) or ()
    folders = [Path(place, "Qt", "plugins", "platforms") for place in places]
    files = [folder / f"libq{platform}.so" for platform in _screens(environment) for folder in folders]
    return [str(file) for file in files if file.exists()]


def _absent_library(load: Load, plugin: str) -> str:
    try:
        load(plugin)
    except OSError as error:
        return library_in(error)
    return ""
