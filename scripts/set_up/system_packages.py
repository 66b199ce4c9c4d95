"""Debian packages that a command needs, and their installation where that is permitted."""

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.set_up.commands import say

INSTALL: Final = ("install", "-y", "--no-install-recommends", "--no-remove")


@dataclass(frozen=True)
class SystemPackage:
    """A Debian package, needed if ``provides`` is missing: a command, or KIND:THING."""

    name: str
    provides: str
    reason: str

    @property
    def missing(self) -> bool:
        """Return whether this machine lacks ``provides``."""
        kind, _, thing = self.provides.partition(":")
        if kind == "module":
            return importlib.util.find_spec(thing) is None
        if kind == "library":
            return ctypes.util.find_library(thing) is None
        if kind == "font":
            return not has_font(thing.replace("-", " "))
        if kind == "file":
            return not any(Path("/").glob(thing.lstrip("/")))
        if kind == "alsa":
            folders = ("lib*/alsa-lib", "lib*/*/alsa-lib")
            return not any(path for folder in folders for path in Path("/usr").glob(f"{folder}/{thing}"))
        return shutil.which(thing) is None


def has_font(family: str) -> bool:
    """Return whether this font family is installed, by fontconfig or by file name."""
    if not shutil.which("fc-list"):
        return any(Path("/usr/share/fonts").rglob(f"{family.replace(' ', '').removesuffix('SC')}*"))
    listed = subprocess.run(["fc-list", family], capture_output=True, stdin=subprocess.DEVNULL)
    return bool(listed.stdout.strip())


def system_packages(text: str, sections: Sequence[str]) -> list[SystemPackage]:
    """Read the packages of these sections from ``packaging/apt-packages.txt``."""
    found, section = [], ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
        elif line.strip() and not line.startswith("#") and section in sections:
            name, provides, reason = line.split(maxsplit=2)
            found.append(SystemPackage(name, provides, reason))
    return found


def privilege() -> list[str] | None:
    """Return the command prefix for ``apt-get``; ``None``: packages cannot be installed."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return []
    sudo = [shutil.which("sudo") or "false", "-n"]
    permitted = subprocess.run([*sudo, "true"], capture_output=True, stdin=subprocess.DEVNULL).returncode == 0
    return sudo if permitted else None


def install_system_packages(packages: Sequence[SystemPackage]) -> None:
    """Install missing packages if permitted; otherwise print the command to run, and continue.

    Nothing is removed: pulseaudio would replace PipeWire's packages, and the desktop with them.
    Packages are installed one by one, so that a failure affects no other.
    """
    missing = [package for package in packages if package.missing]
    if not missing:
        return
    names = [package.name for package in missing]
    before = privilege()
    if before is not None:
        say(f"installing Debian packages: {' '.join(names)}")
        apt = [*before, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
        for command in (["update"], *([*INSTALL, name] for name in names)):
            say(f"    {command[-1]}")
            subprocess.run([*apt, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
        importlib.invalidate_caches()
    if absent := [package for package in missing if package.missing]:
        for package in absent:
            say(f"not there: {package.name} ({package.reason})")
        say("going on without; to have what is not there, run:")
        say(f"    sudo apt-get {' '.join(INSTALL)} {' '.join(package.name for package in absent)}")
