"""Require Debian packages that a test needs."""

import os
import shutil
import subprocess
from functools import cache

import pytest

from scripts.set_up.checkout import PACKAGES
from scripts.set_up.system_packages import INSTALL, system_packages


@cache
def missing(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return which of these packages are missing on this machine."""
    packages = system_packages(PACKAGES.read_text(), ("run", "desktop", "test", "proofs"))
    return tuple(package.name for package in packages if package.name in names and package.missing)


def require(names: tuple[str, ...]) -> None:
    """Skip the test if packages are missing and cannot be installed: without root, or on an older Debian."""
    if not (lacking := missing(names)):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        if unknown := [name for name in lacking if not offered(name)]:
            pytest.skip(f"this version of the operating system has no {' '.join(unknown)}")
        pytest.fail(f"not there although set-up could install it: {' '.join(lacking)}")
    pytest.skip(f"needs root to install: sudo apt-get {' '.join(INSTALL)} {' '.join(lacking)}")


def require_version(name: str, oldest: str) -> None:
    """Require a package, and skip the test if this Debian has it in an older version than ``oldest``."""
    require((name,))
    if shutil.which("dpkg") and (found := older_version(name, oldest)):
        pytest.skip(f"this version of the operating system has {name} {found}, older than {oldest}")


@cache
def older_version(name: str, oldest: str) -> str:
    """Return the installed version of a Debian package if it is older than ``oldest``, else nothing."""
    query = ["dpkg-query", "--show", "--showformat=${Version}", name]
    version = subprocess.run(query, capture_output=True, stdin=subprocess.DEVNULL, text=True, timeout=60).stdout
    older = ["dpkg", "--compare-versions", version, "lt-nl", oldest]
    return version if subprocess.run(older, stdin=subprocess.DEVNULL, timeout=60).returncode == 0 else ""


def offered(name: str) -> bool:
    """Return whether the package lists of this machine have the package; true if there are no lists."""
    return not is_listed("apt") or is_listed(name)


def is_listed(name: str) -> bool:
    """Return whether a package list of apt has the package."""
    command = ["apt-cache", "madison", name]
    listed = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, text=True, timeout=60)
    return " Packages" in listed.stdout
