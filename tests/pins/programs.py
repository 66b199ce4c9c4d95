"""Pins of the installed files, and of the modules and variables that programs use."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Final

from tests.test_layout import project_files

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("app", "backend", "client", "loadtest", "protocol", "runtime", "speech", "worker")
_VARIABLE: Final = re.compile(r"[\"'](KIKIPOUNAMU_[A-Z0-9_]+)[\"']")
_BUILD: Final = "import setuptools.build_meta as build; build.build_wheel('dist')"

_TOGGLE: Final = """
import sys
sys.path.insert(0, sys.argv.pop(1))
sys.argv = ["kikipounamu", "toggle"]
from app.cli.entry import main
try:
    main()
except SystemExit as left:
    print("status", left.code)
for name, module in sys.modules.items():
    print(name, hasattr(module, "__path__"))
"""


def toggle() -> str:
    """Return which modules ``kikipounamu toggle`` imports: how many of ours, and all public ones of Python.

    It runs without ``site``, so it can find no other library.
    """
    with TemporaryDirectory() as home:
        command = [sys.executable, "-S", "-I", "-c", _TOGGLE, str(ROOT)]
        surroundings = os.environ | {"KIKIPOUNAMU_HOME": home}
        run = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=60, check=True)
    (_, status), *modules = (line.split(" ") for line in run.stdout.splitlines())
    ours = [name for name, package in modules if package == "False" and name.partition(".")[0] in PACKAGES]
    others = {name.partition(".")[0] for name, _ in modules} - {*PACKAGES, "__main__"}
    public = sorted(name for name in others if not name.startswith("_"))
    return f"status without an app: {status}\nmodules of ours: {len(ours)}\nof Python: {' '.join(public)}\n"


def variables() -> str:
    """Return the environment variables of ours that any program names."""
    sources = ((ROOT / path).read_text() for path in shipped_files() if path.suffix == ".py")
    found = {name for source in sources for name in _VARIABLE.findall(source)}
    return "".join(f"{name}\n" for name in sorted(found))


def wheel() -> str:
    """Return the names of all files of a wheel that are no modules, and of its entry points."""
    counted = Counter(name.name for name in wheel_files() if name.suffix != ".py")
    found = [f"{name} {count}" if count > 1 else name for name, count in sorted(counted.items())]
    return "".join(f"{line}\n" for line in [*found, *sorted(f"{group}: {name}" for group, name in entry_points())])


def entry_points() -> Mapping[tuple[str, str], str]:
    """Return the entry points of ``pyproject.toml``: group and name, with the object that each names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {"console_scripts": project["scripts"], **project["entry-points"]}
    return {(group, name): target for group, points in groups.items() for name, target in points.items()}


@cache
def wheel_files() -> frozenset[PurePosixPath]:
    """Return the files of the project's wheel, built from a copy whose modules are empty."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        _copy(root)
        subprocess.run([sys.executable, "-c", _BUILD], cwd=root, capture_output=True, timeout=60, check=True)
        (built,) = (root / "dist").glob("*.whl")
        with zipfile.ZipFile(built) as wheel:
            return frozenset(map(PurePosixPath, wheel.namelist()))


def _copy(to: Path) -> None:
    for name in (*shipped_files(), *map(PurePosixPath, ("pyproject.toml", "README.md", "LICENSE"))):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        if name.suffix == ".py":
            (to / name).touch()
        else:
            copyfile(ROOT / name, to / name)


@cache
def shipped_files() -> Sequence[PurePosixPath]:
    """Return every file of the project below its packages."""
    return [path for path in project_files() if path.parts[0] in PACKAGES]
