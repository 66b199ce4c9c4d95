"""Require Debian packages that a test needs."""

import os
import shutil
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
    """Skip the test if packages are missing and cannot be installed; only root can install them."""
    if not (lacking := missing(names)):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        pytest.fail(f"not there although set-up could install it: {' '.join(lacking)}")
    pytest.skip(f"needs root to install: sudo apt-get {' '.join(INSTALL)} {' '.join(lacking)}")
