"""Entry point of a self-contained folder: its only executable runs all our programs and their modules.

kikipounamu [ARGUMENT ...]            the program of that name; links to it have the names of the others
kikipounamu -m MODULE [ARGUMENT ...]  a module of ours, as ``runtime.programs.module_command`` calls it
"""

import os
import runpy
import signal
import sys
from collections.abc import MutableMapping, Sequence
from importlib import import_module
from pathlib import PurePath
from typing import Final

from runtime.leash import MODULE as LEASH
from runtime.leash import leash_self

PROGRAMS: Final = {
    "kikipounamu": "app.cli.entry:main",
    "kikipounamu-gateway": "backend.cli.entry:main",
    "kikipounamu-loadtest": "loadtest.entry:main",
    "kikipounamu-worker": "worker.entry:main",
}
_LIBRARIES: Final = "LD_LIBRARY_PATH"
_ICON_OPENED: Final = ("__CFBundleIdentifier", "org.kikipounamu.app")
"""Variable and value that macOS sets when the app's icon is opened, which passes no argument."""


def start() -> None:
    """Run the module or program that the command line names."""
    restore_environment(os.environ)
    _run(sys.argv)


def restore_environment(environment: MutableMapping[str, str]) -> None:
    """Undo PyInstaller's changes of the environment: other programs must find their own libraries."""
    for name in [name for name in environment if name.startswith("_PYI_")]:
        del environment[name]
    original = environment.pop(f"{_LIBRARIES}_ORIG", "")
    if original:
        environment[_LIBRARIES] = original
    elif environment.get(_LIBRARIES) == getattr(sys, "_MEIPASS", None):
        environment.pop(_LIBRARIES, None)


def leash_in_place(arguments: Sequence[str]) -> list[str]:
    """Leash this process itself if the leash would only start this same executable: that saves one process.

    Return the command line to run here; empty if the leash starts another program, or none is asked for.
    """
    if list(arguments[1:3]) != ["-m", LEASH] or len(arguments) < 6 or not _is_own(arguments[5]):
        return []
    leash_self(int(arguments[4]), signal.Signals(int(arguments[3])))
    return list(arguments[5:])


def _is_own(program: str) -> bool:
    try:
        return os.path.samefile(program, sys.executable)
    except OSError:
        return False


def _run(arguments: Sequence[str]) -> None:
    arguments = leash_in_place(arguments) or arguments
    program, *rest = arguments
    if not rest and os.environ.get(_ICON_OPENED[0]) == _ICON_OPENED[1]:
        rest = ["app"]
    if len(rest) > 1 and rest[0] == "-m":
        sys.argv = [program, *rest[2:]]
        runpy.run_module(rest[1], run_name="__main__", alter_sys=True)
        return
    sys.argv = [program, *rest]
    module, _, function = PROGRAMS[_name(program)].partition(":")
    getattr(import_module(module), function)()


def _name(program: str) -> str:
    name = PurePath(program).name.removesuffix(".exe")
    return name if name in PROGRAMS else "kikipounamu"
